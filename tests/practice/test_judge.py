"""Whatever an answer does, the learner gets a sentence about it, and it does no harm."""
from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pkvm_model.model.revisions import V1
from pkvm_model.practice import sandbox
from pkvm_model.practice.answer import SubmittedAnswer
from pkvm_model.practice.exercises import find_exercise
from pkvm_model.practice.judge import ENDED, FAULT, ROOT, TOO_LONG, Watch, judge, parse_verdict
from pkvm_model.practice.patterns import WAITING
from pkvm_model.practice.sandbox import PRINTED
from pkvm_model.practice.verdict import Verdict

PATIENT = 60.0
"""Seconds for answers that end by themselves, even on a busy machine."""
SOON = 2.0
ENDLESS = {
    "a loop in Python": "while True: pass",
    "a loop in C": "import itertools\nany(itertools.repeat(0))",
    "a loop that catches everything": "while True:\n    try:\n        1 / 0\n    except BaseException: pass",
    "a wait": "import time\ntime.sleep(3600)",
    "a function that never returns": "def wrong(state):\n    while True: pass"}
ENDS = {
    "it raises": ("x = 1 / 0", "Your code went wrong: ZeroDivisionError: division by zero."),
    "it cannot be read": ("x = 1\nanswer = = 1",
                          "Python cannot read your answer: invalid syntax, line 3: `answer = = 1`."),
    "it has no quotes": ("answer = no answer", "Python cannot read your answer: invalid syntax, line 2: `answer = no "
                                               "answer`. Write an option as it stands there, with its quotes."),
    "it is a word without quotes": ("answer = EBUSY", "Your code went wrong: NameError: name 'EBUSY' is not defined. "
                                                      "Write an option as it stands there, with its quotes."),
    "it raises without a word": ("assert False", "Your code went wrong: AssertionError."),
    "it exits": ("raise SystemExit(0)", "Your code went wrong: SystemExit: 0."),
    "it exits at once": ("import os\nos._exit(0)", ENDED),
    "it ends by a signal": ("import signal\nsignal.raise_signal(signal.SIGKILL)", ENDED),
    "it asks for input": ("input()", "Your code went wrong: EOFError: EOF when reading a line."),
    "it eats memory": ("x = [0] * 10 ** 10", "Your code went wrong: MemoryError."),
    "it recurses": ("def f(): return f()\nf()",
                    "Your code went wrong: RecursionError: maximum recursion depth exceeded."),
    "it starts a process": ("import subprocess\nsubprocess.run(['true'])",
                            "Your code went wrong: PermissionError: an answer may not do this: subprocess.Popen true."),
    "it forks": ("import os\nos.fork()", "Your code went wrong: PermissionError: an answer may not do this: os.fork."),
    "it asks the network": ("import socket\nsocket.create_connection(('localhost', 9))",
                            "Your code went wrong: PermissionError: an answer may not do this: socket."),
    "it changes a kernel": ("import pkvm_model.model.revisions as r\nr.V1 = r.UPSTREAM",
                            "Your code changes the model itself (pkvm_model.model.revisions.V1)."),
    "it changes a call": ("from pkvm_model.model.run import CALLS\nCALLS['__pkvm_vcpu_put'] = print",
                          "Your code changes the model itself (pkvm_model.model.run.CALLS)."),
    "it changes a class": ("from pkvm_model.model.view import View\nView.warn_on = lambda *_: None",
                           "Your code changes the model itself (pkvm_model.model.view.View.warn_on)."),
    "it changes the check": ("import pkvm_model.practice.patterns as k\nk.check_prediction = None",
                             "Your code changes the model itself (pkvm_model.practice.patterns.check_prediction).")}
"""What an answer does, its code, and how the verdict begins."""

HARM = """
import os, shutil
for harm in (lambda: open({there!r}, "w"), lambda: open({new!r}, "x"), lambda: os.remove({there!r}),
             lambda: shutil.rmtree({folder!r}), lambda: os.mkdir({new!r})):
    try:
        harm()
    except PermissionError:
        print("refused")
"""
"""An answer that tries to change files in five ways."""


@pytest.mark.parametrize("code", ENDLESS.values(), ids=ENDLESS)
def test_an_endless_answer_is_stopped(code: str) -> None:
    assert judge("points-back", code, SOON) == Verdict(False, TOO_LONG.format(seconds=SOON))


@pytest.mark.parametrize(("code", "sentence"), ENDS.values(), ids=ENDS)
def test_the_verdict_says_what_went_wrong_in_an_answer(code: str, sentence: str) -> None:
    verdict = judge("lived-to-see", code, PATIENT)
    assert not verdict.passed
    assert verdict.sentence.startswith(sentence)


def test_an_answer_cannot_write_files(tmp_path: Path) -> None:
    there, new = tmp_path / "mine", tmp_path / "new"
    there.write_text("kept")
    verdict = judge("lived-to-see", HARM.format(there=str(there), new=str(new), folder=str(tmp_path)), PATIENT)
    assert verdict.printed == "refused\n" * 5
    assert (there.read_text(), [*tmp_path.iterdir()]) == ("kept", [there])


def test_long_output_is_cut_and_does_no_harm() -> None:
    answer = "print('x' * 10 ** 7)\nimport os\nos.write(1, b'{}' * 10 ** 6)\n" + find_exercise("lived-to-see").solution
    verdict = judge("lived-to-see", answer, PATIENT)
    assert (verdict.passed, verdict.printed) == (True, "x" * PRINTED)


def test_an_error_in_a_state_is_reported_with_the_state() -> None:
    verdict = judge("points-back", "def wrong(state):\n    return state.nothing", PATIENT)
    assert verdict.sentence.startswith("Your code went wrong: wrong raises AttributeError")
    assert "in the state {" in verdict.details


def test_a_function_that_returns_no_text_is_reported() -> None:
    verdict = judge("points-back", "def wrong(state):\n    return True", PATIENT)
    assert verdict.sentence == ("Your code went wrong: wrong returns True; it should return what is wrong in "
                                "words, or ''.")


def test_a_trace_without_quotes_gets_a_reminder_of_the_quotes() -> None:
    verdict = judge("make-it-notice", "run = pkvm-trace 1 v1\n0 kvm_create_vm(kvm0) = 0", PATIENT)
    assert verdict.sentence.endswith('A trace stands between three quotes: run = """...""".')


def test_an_exception_without_a_message_is_reported_without_one() -> None:
    code = find_exercise("close-the-hole").stub.replace("    remove_vm", "    assert not vm\n    remove_vm")
    sentence = "Your code went wrong: __pkvm_finalize_teardown_vm: AssertionError."
    assert judge("close-the-hole", code, PATIENT).sentence == sentence


def test_no_states_are_claimed_if_a_call_waits_for_ever() -> None:
    waits = "    while True: hyp_page_count(view, vm)\n    remove_vm"
    code = find_exercise("close-the-hole").stub.replace("    remove_vm", waits)
    assert judge("close-the-hole", code, PATIENT).looked_at == WAITING


def test_a_lost_race_is_described_in_whole_sentences() -> None:
    waits = '    while hyp_page_count(view, vm):\n        yield "L", "wait"\n    remove_vm'
    code = find_exercise("close-the-hole").stub.replace("    remove_vm", waits)
    assert judge("close-the-hole", code, PATIENT).sentence.endswith("touches page vm0, which EL2 no longer maps.")


def test_an_answer_does_not_affect_the_next_one() -> None:
    judge("lived-to-see", ENDS["it changes a kernel"][0], PATIENT)
    assert V1.name == "v1"
    assert judge("lived-to-see", find_exercise("lived-to-see").solution, PATIENT).passed


def fail_to_check(answer: SubmittedAnswer) -> Verdict:
    """Raise an error of the check's own."""
    raise LookupError(f"no state for {answer.exercise.id}")


def test_the_answer_is_not_blamed_for_a_fault_of_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "find_check", lambda _: fail_to_check)
    with pytest.raises(LookupError, match="no state for lived-to-see"):
        sandbox.judge_here("lived-to-see", 'answer = "0"')


def test_the_answer_is_blamed_whenever_memory_runs_out() -> None:
    assert sandbox.is_learners_fault(MemoryError())
    assert not sandbox.is_learners_fault(LookupError())


def test_a_fault_of_a_check_is_reported_as_the_courses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_faulty_course(tmp_path)
    monkeypatch.setattr("pkvm_model.practice.judge.ROOT", tmp_path)
    verdict = judge("lived-to-see", 'answer = "0"', PATIENT)
    assert (verdict.passed, verdict.sentence) == (False, FAULT)
    assert "LookupError: a fault of the course" in verdict.details


def make_faulty_course(folder: Path) -> None:
    """Make a copy of the course, out of links, in which the checks of one chapter have a fault."""
    package, practice = folder / "pkvm_model", folder / "pkvm_model" / "practice"
    checks = practice / "checks"
    checks.mkdir(parents=True)
    for source, copy in ((ROOT / "pkvm_model", package), (ROOT / "pkvm_model" / "practice", practice),
                         (ROOT / "pkvm_model" / "practice" / "checks", checks)):
        for path in source.iterdir():
            if path.name not in ("practice", "checks", "one_shot.py", "__pycache__"):
                (copy / path.name).symlink_to(path)
    (folder / "exercises").symlink_to(ROOT / "exercises")
    (checks / "one_shot.py").write_text("def lived_to_see(answer):\n    raise LookupError('a fault of the course')\n")


@pytest.mark.parametrize("output", [b"", b"{", b"[1]", b'"passed"', b'{"passed": true}', b"\xff"])
def test_a_process_without_a_valid_verdict_was_ended_by_the_answer(output: bytes) -> None:
    assert parse_verdict(output).sentence == ENDED


def test_a_busy_machine_does_not_stop_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    worked = iter(range(1000))
    monkeypatch.setattr(Watch, "measure_work", lambda _: next(worked) / 1000)
    monkeypatch.setattr(time, "monotonic", lambda: 1.0 * next(worked))
    watch = Watch(os.getpid(), SOON)
    assert not any(watch.is_over() for _ in range(100))
