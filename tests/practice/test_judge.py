"""Whatever an answer does, the learner gets a sentence about it, and it does no harm."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pkvm_model.model.revisions import V1
from pkvm_model.practice import sandbox
from pkvm_model.practice.answer import SubmittedAnswer
from pkvm_model.practice.candidate import ENDED, KILLED, PRINTED
from pkvm_model.practice.channel import DISTURBED
from pkvm_model.practice.exercises import find_exercise
from pkvm_model.practice.fence import find_landlock
from pkvm_model.practice.judge import CLOCK, FAULT, NO_CHECK, ROOT, WAITED, WORKED, Watch, judge, parse_verdict
from pkvm_model.practice.patterns import WAITING
from pkvm_model.practice.verdict import Verdict
from tests.practice import apart, hostile_answers

PATIENT = 60.0
"""Seconds for answers that end by themselves, even on a busy machine."""
SOON = 1.0
IN_TURNS = """
import time
while True:
    until = time.process_time() + 0.01
    while time.process_time() < until: pass
    time.sleep(0.05)
"""
"""An answer that works and sleeps in turns."""
ENDLESS = {
    "a loop in C": ("import itertools\nany(itertools.repeat(0))", WORKED),
    "a loop that catches everything": ("while True:\n    try:\n        1 / 0\n    except BaseException: pass", WORKED),
    "a wait": ("import time\ntime.sleep(1e9)", WAITED),
    "work and sleep in turns": (IN_TURNS, WAITED),
    "a process that stops itself": ("import signal\nsignal.raise_signal(signal.SIGSTOP)", WAITED),
    "a process that leaves its group": ("import os\nos.setsid()\nwhile True: pass", WORKED),
    "a function that never returns": ("def wrong(state):\n    while True: pass", WORKED)}
ENDS = {
    "it raises": ("x = 1 / 0", "Your code failed: ZeroDivisionError: division by zero."),
    "it cannot be read": ("x = 1\nanswer = = 1",
                          "Python cannot read your answer: invalid syntax, line 3: `answer = = 1`."),
    "it has no quotes": ("answer = no answer", "Python cannot read your answer: invalid syntax, line 2: `answer = no "
                                               "answer`. Write an option as it stands there, with its quotes."),
    "it is a word without quotes": ("answer = EBUSY", "Your code failed: NameError: name 'EBUSY' is not defined. "
                                                      "Write an option as it stands there, with its quotes."),
    "it raises without a word": ("assert False", "Your code failed: AssertionError."),
    "it exits": ("raise SystemExit(0)", "Your code failed: SystemExit: 0."),
    "it exits at once": ("import os\nos._exit(0)", ENDED),
    "it is killed": ("import signal\nsignal.raise_signal(signal.SIGKILL)", KILLED),
    "it asks for input": ("input()", "Your code failed: EOFError: EOF when reading a line."),
    "it eats memory": ("x = [0] * 10 ** 10", "Your code failed: MemoryError."),
    "it recurses": ("def f(): return f()\nf()",
                    "Your code failed: RecursionError: maximum recursion depth exceeded."),
    "it starts a process": ("import subprocess\nsubprocess.run(['true'])",
                            "Your code failed: PermissionError: an answer may not do this: "),
    "it forks": ("import os\nos.fork()", "Your code failed: PermissionError: an answer may not do this: os.fork."),
    "it asks the network": ("import socket\nsocket.create_connection(('localhost', 9))",
                            "Your code failed: PermissionError: an answer may not do this: socket."),
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


@pytest.mark.parametrize(("code", "sentence"), ENDLESS.values(), ids=ENDLESS)
def test_an_endless_answer_is_stopped(code: str, sentence: str) -> None:
    verdict = judge("points-back", code, SOON)
    assert (verdict.passed, verdict.sentence) == (False, sentence.format(seconds=SOON))


def test_a_long_answer_is_judged() -> None:
    answer = f"{find_exercise('lived-to-see').solution}\n# {'x' * 400_000}\n"
    assert judge("lived-to-see", answer, PATIENT).passed


@pytest.fixture(scope="module")
def checker() -> Iterator[apart.Judge]:
    """Start a process that checks many answers, each in a process of its own."""
    checker = apart.start()
    yield checker
    checker.process.kill()
    checker.process.communicate()


@pytest.mark.parametrize(("code", "sentence"), hostile_answers.ANSWERS.values(), ids=hostile_answers.ANSWERS)
def test_whatever_an_answer_does_ends_in_a_sentence(checker: apart.Judge, code: str, sentence: str) -> None:
    check_sentence(checker, "lived-to-see", code, sentence)


@pytest.mark.parametrize(("code", "sentence"), hostile_answers.FUNCTIONS.values(), ids=hostile_answers.FUNCTIONS)
def test_whatever_a_function_of_a_state_does_ends_in_a_sentence(checker: apart.Judge, code: str,
                                                                sentence: str) -> None:
    check_sentence(checker, "points-back", code, sentence)


@pytest.mark.parametrize(("line", "sentence"), hostile_answers.CALLS.values(), ids=hostile_answers.CALLS)
def test_whatever_a_rewritten_call_does_ends_in_a_sentence(checker: apart.Judge, line: str, sentence: str) -> None:
    check_sentence(checker, "close-the-hole", hostile_answers.CALL.format(line), sentence)


def check_sentence(checker: apart.Judge, name: str, code: str, sentence: str) -> None:
    """Check that an answer is refused with a sentence that begins so, and that all of the verdict is short."""
    verdict = checker.judge(name, code)
    assert not verdict.passed
    assert verdict.sentence.startswith(sentence)
    assert verdict.sentence.isprintable()
    assert len(verdict.sentence) < 700
    assert len(verdict.printed) <= PRINTED * 10
    assert len(verdict.details) < 20_000
    json.dumps(verdict.to_json(), ensure_ascii=False).encode()


@pytest.mark.parametrize(("code", "sentence"), ENDS.values(), ids=ENDS)
def test_the_verdict_says_what_went_wrong_in_an_answer(checker: apart.Judge, code: str, sentence: str) -> None:
    verdict = checker.judge("lived-to-see", code)
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
    assert verdict.sentence.startswith("Your code failed: wrong raises AttributeError")
    assert "in the state {" in verdict.details


def test_a_function_that_returns_no_text_is_reported() -> None:
    verdict = judge("points-back", "def wrong(state):\n    return True", PATIENT)
    assert verdict.sentence == ("Your code failed: wrong returns True; it should return what is wrong in "
                                "words, or ''.")


def test_a_trace_without_quotes_gets_a_reminder_of_the_quotes() -> None:
    verdict = judge("make-it-notice", "run = pkvm-trace 1 v1\n0 kvm_create_vm(kvm0) = 0", PATIENT)
    assert verdict.sentence.endswith('A trace stands between three quotes: run = """...""".')


def test_an_exception_without_a_message_is_reported_without_one() -> None:
    code = find_exercise("close-the-hole").stub.replace("    remove_vm", "    assert not vm\n    remove_vm")
    sentence = "Your code failed: __pkvm_finalize_teardown_vm: AssertionError."
    assert judge("close-the-hole", code, PATIENT).sentence == sentence


def test_no_states_are_claimed_if_a_call_waits_for_ever() -> None:
    waits = "    while True: hyp_page_count(view, vm)\n    remove_vm"
    code = find_exercise("close-the-hole").stub.replace("    remove_vm", waits)
    assert judge("close-the-hole", code, PATIENT).looked_at == WAITING


def test_a_lost_race_is_described_in_whole_sentences() -> None:
    waits = '    while hyp_page_count(view, vm):\n        yield "L", "wait"\n    remove_vm'
    code = find_exercise("close-the-hole").stub.replace("    remove_vm", waits)
    assert judge("close-the-hole", code, PATIENT).sentence.endswith("touches page vm0, which EL2 no longer maps.")


FORGERIES = {
    "a verdict in every file": (
        "import json, os\nfor file in range(3, 64):\n    try: os.write(file, json.dumps({'passed': True, 'sentence': "
        "'ok'}).encode())\n    except OSError: pass\nos._exit(0)", DISTURBED),
    "another verdict": ("import pkvm_model.practice.verdict as v\nv.Verdict.passed = True\nanswer = 'nonsense'",
                        "`answer` is 'nonsense'."),
    "another check": ("from pkvm_model.practice import patterns, verdict\n"
                      "from pkvm_model.practice.checks import one_shot\n"
                      "one_shot.lived_to_see = patterns.check_prediction = lambda *_: verdict.Verdict(True, 'ok')\n"
                      "answer = 'nonsense'", "`answer` is 'nonsense'."),
    "the judge's own functions": ("import json\njson.dumps = lambda *_: '{\"passed\": true, \"sentence\": \"ok\"}'\n"
                                  "answer = 'nonsense'", "There is no `answer` in your answer."),
    "every object in memory": ("import gc\nfor each in gc.get_objects():\n"
                               "    if isinstance(each, dict) and 'passed' in each: each['passed'] = True\n"
                               "answer = 'nonsense'", "`answer` is 'nonsense'.")}
"""Ways to say that an answer is right which once worked, and the beginning of what is said now."""


@pytest.mark.parametrize(("code", "sentence"), FORGERIES.values(), ids=FORGERIES)
def test_an_answer_cannot_say_that_it_is_right(checker: apart.Judge, code: str, sentence: str) -> None:
    verdict = checker.judge("lived-to-see", code)
    assert not verdict.passed
    assert verdict.sentence.startswith((sentence, "Your code changes the model itself"))


AROUND = """
import os
import pkvm_model.practice.fence as fence
fence.refuse_side_effects.__code__ = (lambda event, arguments: None).__code__
def write_history():
    import readline
    readline.write_history_file({new!r})
def make_table():
    import sqlite3
    sqlite3.connect({new!r}).execute("create table mine (x)")
def close(file):
    os.close(file)
for harm in (write_history, make_table, lambda: os.mknod({new!r}), lambda: os.mkfifo({new!r}),
             lambda: open({new!r}, "w").write("x"), lambda: open({there!r}, "a").write("x"),
             lambda: os.remove({there!r}), lambda: os.truncate({there!r}, 0), lambda: os.rename({there!r}, {new!r}),
             lambda: os.symlink("x", {new!r}), lambda: os.link({there!r}, {new!r}), lambda: os.mkdir({new!r}),
             lambda: print(open({there!r}).read())):
    try:
        harm()
        print("done")
    except Exception:
        print("refused")
"""
"""An answer that takes the fence in Python down, and then tries what it would have refused, and what it never saw."""


@pytest.mark.skipif(not find_landlock(), reason="this system has no Landlock")
def test_the_kernel_keeps_files_even_from_an_answer_that_takes_the_fence_down(checker: apart.Judge,
                                                                                  tmp_path: Path) -> None:
    there, new = tmp_path / "mine", tmp_path / "new"
    there.write_text("kept")
    verdict = checker.judge("lived-to-see", AROUND.format(there=str(there), new=str(new)))
    assert set(verdict.printed.split()) == {"refused"}
    assert (there.read_text(), [*tmp_path.iterdir()]) == ("kept", [there])


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
def test_a_check_without_a_verdict_counts_no_try(output: bytes) -> None:
    verdict = parse_verdict(output, b"MemoryError")
    assert (verdict.sentence, verdict.tried, verdict.details) == (NO_CHECK, False, "MemoryError")


def test_a_machine_without_room_for_a_process_counts_no_try(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    verdict = judge("lived-to-see", 'answer = "0"')
    assert (verdict.sentence, verdict.tried) == (NO_CHECK, False)


def watch_clock(monkeypatch: pytest.MonkeyPatch, *, is_asleep: bool) -> Watch:
    """Return a watch on this process, each of whose looks comes a second after the last one, and sees no work."""
    clock = iter(range(1000))
    monkeypatch.setattr(time, "monotonic", lambda: 1.0 * next(clock))
    monkeypatch.setattr(Watch, "measure", lambda _: None)
    monkeypatch.setattr(Watch, "is_asleep", lambda *_: is_asleep)
    watch = Watch(os.getpid(), SOON)
    watch.code = psutil.Process()  # the learner's code has begun
    return watch


def test_a_busy_machine_stops_no_answer_and_a_stalled_one_counts_no_try(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = watch_clock(monkeypatch, is_asleep=False)
    assert not any(watch.is_over() for _ in range(int(CLOCK) - 1))
    assert watch.is_over()
    assert (watch.is_tried, watch.sentence[:12]) == (False, "This machine")


def test_a_process_that_sleeps_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = watch_clock(monkeypatch, is_asleep=True)
    assert next(looks for looks in range(100) if watch.is_over()) < 100
    assert (watch.is_tried, watch.sentence) == (True, WAITED.format(seconds=SOON))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how a process waits")
def test_a_process_that_wants_to_work_is_not_asleep() -> None:
    watch = Watch(os.getpid(), SOON)
    watch.measure()
    assert not watch.is_asleep(has_worked=True)  # this process works while it looks
    with subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"]) as child:
        try:
            other = Watch(child.pid, SOON)
            other.measure()
            while not other.is_asleep(has_worked=False):
                pass
        finally:
            child.send_signal(signal.SIGKILL)
