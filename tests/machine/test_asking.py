"""A run is answered by a machine, by what is stored of exactly this run, or by nobody; and the reply says which."""
from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Never

import pytest

from pkvm_model.lesson import bench, machine, play
from pkvm_model.machine import asking, live
from pkvm_model.machine.answer import AGREES, DIFFERS, NOT_TRIED, RealAnswer
from pkvm_model.machine.asking import IN_A_PAGE, STORED, VARIABLE, ask_machine
from pkvm_model.machine.failure import MachineError
from pkvm_model.machine.holdings import read_holding
from pkvm_model.machine.limits import find_impossible
from pkvm_model.machine.observations import Observation, Observations, Origin
from pkvm_model.machine.recheck import write
from pkvm_model.machine.stored import find_stored
from pkvm_model.model.trace import Trace, TraceError, parse
from pkvm_model.scenes.ask_a_real_kernel import ON_BOTH, OVERLAPPING
from pkvm_model.show.story import Story
from pkvm_model.widgets.real_run import ENDED, UNREAD, UNTRIED

ROOT = Path(__file__).parents[2]
RUN_STORY = play(ON_BOTH, 1, 0, 1)
RUN = RUN_STORY.trace
ORIGIN = Origin("7.3.4", "linux-binary", "7.3.4-1", "QEMU 7.2", "virt, 2 CPUs", "nVHE", "2026-11-30")


def store(folder: Path, *outcomes: str, verdict: str = "agrees", kernel: str = "7.3.4", **pages: str) -> Path:
    """Store an observation of RUN in which the last steps have these outcomes; a later step was not made.

    Of these pages the machine's records were read at its end.
    """
    setup = len(ON_BOTH.setup)
    lines = [line.__class__(line.cpu, line.call, outcome)
             for line, outcome in zip(RUN.lines[setup:], outcomes, strict=False)]
    seen = Observation("made", "R7", RUN.revision, RUN.config, (*RUN.lines[:setup], *lines), verdict,
                       {setup + 2: "it stands before here"} if len(outcomes) > 1 else {},
                       {page: read_holding(text) for page, text in pages.items()})
    origin = Origin(**{**vars(ORIGIN), "kernel": kernel})
    write(folder / f"{kernel}.jsonl", Observations(origin, (seen,)))
    return folder


def test_a_run_is_answered_by_what_is_stored_of_it_with_the_places_where_it_stood(tmp_path: Path) -> None:
    found = find_stored(RUN, store(tmp_path, "= 0", "...", "= -EINVAL"))
    assert found
    rows = found.answer.rows[len(ON_BOTH.setup):]
    assert [(row.machine, row.verdict, row.note) for row in rows] == [
        ("= 0", "agrees", ""), ("...", "agrees", "it stands before here"), ("= -EINVAL", "agrees", "")]


def test_a_shorter_run_is_answered_by_the_beginning_of_a_longer_one_and_a_longer_one_by_nobody(tmp_path: Path) -> None:
    assert find_stored(play(ON_BOTH, 1, 0).trace, store(tmp_path, "= 0", "...", "= -EINVAL"))
    assert not find_stored(play(ON_BOTH, 1, 0, 1, 0).trace, tmp_path)


def test_a_run_of_which_a_step_is_another_one_is_answered_by_nobody(tmp_path: Path) -> None:
    store(tmp_path, "= 0", "...", "= -EINVAL")
    assert not find_stored(play(ON_BOTH, 0, 1, 1).trace, tmp_path)
    assert not find_stored(Trace(RUN.revision.without("finalize_unreferenced"), RUN.config, RUN.lines), tmp_path)


def test_where_model_and_machine_differ_the_stored_answer_ends(tmp_path: Path) -> None:
    found = find_stored(RUN, store(tmp_path, "= 0", "= 0", verdict=DIFFERS))
    assert found
    assert (found.answer.rows[-1].model, found.answer.rows[-1].machine) == ("...", "= 0")
    assert found.answer.difference == found.answer.rows[-1]


def test_the_newest_kernel_answers(tmp_path: Path) -> None:
    store(tmp_path, "= 0", "...", "= -EINVAL", kernel="7.2.13")
    found = find_stored(RUN, store(tmp_path, "= 0", "...", "= -EINVAL", kernel="7.3.4"))
    assert found
    assert found.answer.kernel == "7.3.4"


def list_runs(story: Story) -> Iterator[Story]:
    """Yield every run of a bench to its end."""
    longer = [each for cpu in range(len(story.scene.scripts)) if (each := story.then(cpu))]
    yield from (run for each in longer for run in list_runs(each))
    if not longer:
        yield story


def test_every_run_of_the_chapters_bench_is_stored_and_the_kernel_agrees() -> None:
    runs = [run.trace for run in list_runs(play(ON_BOTH))]
    found = [find_stored(trace) for trace in runs]
    assert [each.answer.count(AGREES) for each in found if each] == [len(trace.lines) for trace in runs]
    assert len(runs) == 28


def test_a_bench_that_was_stepped_is_asked() -> None:
    widget = bench(ON_BOTH)
    widget.goto(str(RUN))
    assert machine(widget).sentence == (
        "Linux 7.3.4 and the model agree in all 3 steps, as in the 5 calls before the bench.")


def offer(monkeypatch: pytest.MonkeyPatch, answer: RealAnswer | BaseException) -> list[Trace]:
    """Have a machine that gives an answer or fails; return the list of what it is asked."""
    asked: list[Trace] = []

    def ask(trace: Trace) -> tuple[RealAnswer, str]:
        asked.append(trace)
        if isinstance(answer, BaseException):
            raise answer
        return answer, "QEMU 1"

    monkeypatch.setattr(live, "ask", ask)
    monkeypatch.setattr(live, "explain_missing", lambda: "")
    monkeypatch.delenv(VARIABLE, raising=False)
    return asked


def test_a_machine_that_can_be_had_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = offer(monkeypatch, RealAnswer("7.9.1", str(RUN), ()))
    assert ask_machine(RUN).origin == "Asked now: Linux 7.9.1 in a machine that QEMU 1 emulates here."
    assert asked == [RUN]


def test_if_only_stored_answers_are_wanted_no_machine_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = offer(monkeypatch, RealAnswer("7.9.1", str(RUN), ()))
    monkeypatch.setenv(VARIABLE, STORED)
    assert ask_machine(RUN).origin.startswith("Stored, not asked now: Linux 7.3.4 (Debian")
    assert not asked


def test_a_machine_that_fails_leaves_the_stored_answer_or_says_why_there_is_none(
        monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, MachineError("the emulator ends at once"))
    assert ask_machine(RUN).origin.startswith("Stored, not asked now")
    assert ask_machine(play(OVERLAPPING, 1).trace).origin == (
        "Nothing is stored of this run. No released kernel is v1. "
        "The machine here did not answer: the emulator ends at once.")


def test_without_tools_the_reply_says_what_is_missing_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(live, "explain_missing", lambda: "no emulator: get one")
    assert ask_machine(play(OVERLAPPING, 1).trace).origin.endswith(
        "No machine can be asked here: no emulator: get one; python3 course.py kernel says how to get a machine.")


def test_a_page_says_that_it_has_no_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "emscripten")
    assert IN_A_PAGE in ask_machine(play(OVERLAPPING, 1).trace).origin


def test_a_trace_that_the_model_does_not_make_is_not_asked() -> None:
    with pytest.raises(TraceError, match="does not come out as the trace says: line 7"):
        machine(str(RUN).replace("start_teardown_vm(0x1000) = 0", "start_teardown_vm(0x1000) = -EINVAL"))


def test_an_interrupt_ends_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []

    class Machine:
        cpus = 2

        def close(self) -> None:
            ended.append("closed")

    def interrupt(*_: object) -> Never:
        raise KeyboardInterrupt

    monkeypatch.setattr(live, "KEPT", [live.Booted(Machine(), "QEMU")])  # type: ignore[arg-type]
    monkeypatch.setattr(live, "play", interrupt)
    with pytest.raises(KeyboardInterrupt):
        live.ask(RUN)
    assert (ended, live.KEPT) == (["closed"], [])


def test_nothing_with_processes_is_imported_by_what_asks() -> None:
    script = (f"import sys; sys.path.insert(0, {str(ROOT)!r}); import pkvm_model.machine.asking; "
              "print('subprocess' in sys.modules)")
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_reply_shows_both_columns_where_it_stood_the_territory_and_its_origin() -> None:
    words = repr(machine(play(ON_BOTH, 1, 0, 1)))
    assert "5 calls before the bench" in words
    assert "stops before __pkvm_host_unshare_guest  yes" in words
    assert "Linux 7.3.4 and the model agree in all 3 steps, as in the 5 calls before the bench." in words
    assert "Who owns every page at the end, in the model\n" in words
    assert words.endswith(UNREAD)
    assert "Stored, not asked now" in words


def test_a_difference_is_named_and_the_territory_is_that_before_it(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = store(tmp_path, "= 0", "= 0", verdict=DIFFERS)
    monkeypatch.setattr(asking, "find_stored", lambda trace: find_stored(trace, folder))
    run = machine(str(RUN))
    assert run.sentence == ("Linux 7.3.4 and the model differ in line 8 of the trace: the model says stops, the "
                            "machine 0. Later steps would mean nothing.")
    assert run.find_end() == play(ON_BOTH, 1).state
    assert "before the difference" in run._repr_html_()


def test_the_pages_of_both_sides_are_shown_beside_each_other() -> None:
    run = machine(play(ON_BOTH, 1, 0, 1, 0, 1, 0, 1))
    words = repr(run)
    assert "Who owns every page at the end, in the model and on the machine\n" in words
    assert re.search(r"^kvm0 +\[S/\]  \[B/\]  \[- \]   H HOST +\[S/\] +\[B/\] +yes +Lent to EL2.$", words, re.MULTILINE)
    assert "All 6 pages agree. The machine's side is EL2's own record" in words
    assert re.search(">kvm0</th><td[^>]*>machine</td>", run._repr_html_())
    assert run.note in run._repr_html_().replace("&#x27;", "'")


def test_a_page_that_differs_is_marked_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = store(tmp_path, "= 0", "...", "= -EINVAL", g0="-O 0 1")
    monkeypatch.setattr(asking, "find_stored", lambda trace: find_stored(trace, folder))
    run = machine(play(ON_BOTH, 1, 0, 1))
    assert "and the model differ after line 9 of the trace: page g0 on the machine: host NOPAGE" in run.sentence
    assert run.find_end() == play(ON_BOTH, 1, 0, 1).state
    assert re.search(r"^g0 .*differs: host, EL2, guests, count", repr(run), re.MULTILINE)
    assert re.search(r"^kvm0 .* not read ", repr(run), re.MULTILINE)
    assert "no: page g0" in repr(run)
    assert "<b>differs: host, EL2, guests, count</b>" in run._repr_html_()


def test_without_the_machines_pages_a_sentence_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = find_stored(RUN)
    assert rows
    for last, why in ((rows.answer.rows[-1]._replace(machine="! EL2_PANIC hyp_panic", verdict=DIFFERS), ENDED),
                      (rows.answer.rows[-1]._replace(machine="", verdict=NOT_TRIED, note="no such call"), UNTRIED)):
        offer(monkeypatch, rows.answer._replace(rows=(*rows.answer.rows[:-1], last), territory=()))
        assert repr(machine(RUN_STORY)).endswith(why)


GUESTS_REQUEST = """pkvm-trace 1 upstream
0 __pkvm_reserve_vm() = 0x1000
0 guest_mem_share(0) = -EPERM
state 000000000000"""


def test_a_request_of_the_guest_cannot_be_asked() -> None:
    assert find_impossible(parse(GUESTS_REQUEST)) == (
        3, "guest_mem_share is a request of the guest, and the machine's guest makes none")


def test_a_handle_beyond_the_traces_table_cannot_be_asked() -> None:
    text = GUESTS_REQUEST.replace("guest_mem_share(0) = -EPERM", "__pkvm_unreserve_vm(0x1001) = void")
    impossible = find_impossible(parse(text))
    assert impossible
    assert "255 entries" in impossible.reason


def test_all_that_is_stored_can_be_asked() -> None:
    for trace in (run.trace for run in list_runs(play(ON_BOTH))):
        assert find_impossible(trace) is None
