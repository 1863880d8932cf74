"""Right answers are judged right beside neighbours that take all they can; what could not be checked says so."""
from __future__ import annotations

import errno
import io
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import psutil
import pytest

from pkvm_model.practice import apart
from pkvm_model.practice import judge as judging
from pkvm_model.practice.candidate import KILLED
from pkvm_model.practice.exercises import find_exercise
from pkvm_model.practice.fence import CHECK_GOES, CODE_GOES
from pkvm_model.practice.judge import NO_CHECK, WORKED, Watch, judge
from pkvm_model.practice.verdict import Verdict

SOON, MEGABYTE = 1.0, 1 << 20
RIGHT = ("close-the-hole", "points-back", "lived-to-see", "find-the-hole", "make-it-notice") * 2
GREEDY = "kept = []\nwhile True: kept.append(bytearray(b'x') * (1 << 24))"
ENDLESS = "kept = bytearray(b'x') * (200 << 20)\nwhile True: pass"
OUT_OF_MEMORY = "Your code failed: MemoryError."
TAKE = "taken = bytearray(b'x') * ({} << 20)\ndef wrong(state): return ''"


def test_ten_of_ten_are_judged_right_beside_ten_that_take_all_they_can(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    look = Watch.measure

    def measure(watch: Watch) -> None:
        look(watch)
        sizes.append(measure_code(watch))

    monkeypatch.setattr(Watch, "measure", measure)
    jobs = [*((name, find_exercise(name).solution, judging.SECONDS) for name in RIGHT),
            *(("points-back", code, SOON) for code in (GREEDY, ENDLESS) * 5)]
    with ThreadPoolExecutor(len(jobs)) as pool:
        verdicts = list(pool.map(lambda job: judge(*job), jobs))
    assert [verdict.sentence for verdict in verdicts[:10] if not verdict.passed] == []
    assert {verdict.sentence for verdict in verdicts[10:]} == {OUT_OF_MEMORY, WORKED.format(seconds=SOON)}
    assert all(verdict.tried for verdict in verdicts)
    assert max(sizes) < 320 * MEGABYTE


def measure_code(watch: Watch) -> int:
    """Return the bytes of memory that the process with an answer's code has."""
    try:
        return int(watch.code.memory_info().rss) if watch.code else 0
    except psutil.Error:
        return 0


@pytest.mark.parametrize(("megabytes", "sentence"), [(150, "It does not notice M15"), (300, OUT_OF_MEMORY)])
def test_the_memory_that_an_answer_may_have_is_its_own(megabytes: int, sentence: str) -> None:
    assert judge("points-back", TAKE.format(megabytes)).sentence.startswith(sentence)


Choose = Callable[[Watch], psutil.Process | None]


def end_processes(choose: Choose, times: int, monkeypatch: pytest.MonkeyPatch) -> list[Watch]:
    """End a process of so many checks, as Linux does where memory runs out; return the list of those checks.

    What these checks are given never ends by itself, so that there is a process to end.
    """
    ended: list[Watch] = []
    look, pass_on = Watch.measure, judging.send

    def measure(watch: Watch) -> None:
        look(watch)
        if len(ended) < times and watch not in ended and (process := choose(watch)):
            process.kill()
            ended.append(watch)

    def send(pipe: BinaryIO, text: bytes) -> None:
        pass_on(pipe, b"while True: pass" if len(ended) < times else text)

    monkeypatch.setattr(Watch, "measure", measure)
    monkeypatch.setattr(judging, "send", send)
    monkeypatch.setattr(judging, "PAUSES", (0.0, 0.0))
    monkeypatch.setattr(judging, "LOOK", 0.001)
    return ended


VICTIMS: dict[str, Choose] = {"the code": lambda watch: watch.code, "the check": lambda watch: watch.check}


@pytest.mark.parametrize("choose", VICTIMS.values(), ids=VICTIMS)
def test_an_answer_whose_process_the_system_has_ended_is_checked_again(
        choose: Choose, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = end_processes(choose, 2, monkeypatch)
    assert judge("close-the-hole", find_exercise("close-the-hole").solution).passed
    assert len(ended) == 2


@pytest.mark.parametrize(("choose", "sentence"), [(VICTIMS["the code"], KILLED), (VICTIMS["the check"], NO_CHECK)],
                         ids=VICTIMS)
def test_an_answer_that_could_not_be_checked_says_so_and_counts_no_try(
        choose: Choose, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = end_processes(choose, 3, monkeypatch)
    verdict = judge("close-the-hole", find_exercise("close-the-hole").solution)
    assert (verdict.passed, verdict.tried, verdict.sentence, len(ended)) == (False, False, sentence, 3)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux chooses so")
def test_where_memory_runs_out_the_answer_goes_first_and_the_notebook_last(monkeypatch: pytest.MonkeyPatch) -> None:
    places: set[tuple[str, ...]] = set()

    def note(watch: Watch) -> None:
        look(watch)
        if watch.check and watch.code:
            places.add(tuple(Path(f"/proc/{each.pid}/oom_score_adj").read_text() for each in (watch.check, watch.code)))

    look = Watch.measure
    monkeypatch.setattr(Watch, "measure", note)
    judge("points-back", "while True: pass", SOON)
    assert (f"{CHECK_GOES}\n", f"{CODE_GOES}\n") in places
    assert int(Path("/proc/self/oom_score_adj").read_text()) < CHECK_GOES


@pytest.mark.parametrize("error", [BlockingIOError(errno.EAGAIN, "no process"), OSError(errno.ENOMEM, "no memory"),
                                   MemoryError()], ids=repr)
def test_a_machine_with_nothing_left_is_no_fault_of_the_course(error: Exception,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: str) -> Verdict:
        raise error

    monkeypatch.setattr(apart, "judge_with_limits", fail)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"answer = 1")))
    with pytest.raises(type(error)):
        apart.main("lived-to-see")
