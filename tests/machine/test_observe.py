"""Interleavings are observed on a machine that answers as told: what is kept, and what happens when it fails."""
from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest

from pkvm_model.machine import observe
from pkvm_model.machine.answer import AGREES, DIFFERS, NOT_TRIED, RealAnswer, Row
from pkvm_model.machine.failure import Gone, MachineError, Silence
from pkvm_model.machine.holdings import Holding, PageRecords
from pkvm_model.machine.interleavings import Interleaving, interleavings
from pkvm_model.machine.observe import Facts, Observer, find_package, make_observation, make_origin
from pkvm_model.machine.recheck import compare
from pkvm_model.machine.session import RealMachine
from pkvm_model.model.revisions import UPSTREAM
from pkvm_model.model.state import NOPAGE, OWNED, SHARED_BORROWED, SHARED_OWNED

R7 = next(each for each in interleavings(UPSTREAM) if each.race == "R7")
FACTS = Facts("7.3.4", "Debian's kernel 7.3.4", "7.3.4-1", "QEMU 7.2", "virt, cortex-a53, 2 CPUs", "nVHE")


class FakeMachine:
    """A machine of which only the end is noticed."""

    def __init__(self) -> None:
        self.is_closed = False

    def close(self) -> None:
        """Note that it is given up."""
        self.is_closed = True


def answer(each: Interleaving, **changes: Row) -> RealAnswer:
    """Return an answer that agrees but for some rows, which are named `row3` and the like."""
    rows = [Row(number, line.cpu, str(line.call or "resume"), line.outcome, line.outcome, AGREES)
            for number, line in enumerate(each.trace.lines, 2)]
    for name, row in changes.items():
        place = int(name.removeprefix("row"))
        rows = [*rows[:place - 1], row]
    return RealAnswer("7.3.4", str(each.trace), tuple(rows))


def make_observer(monkeypatch: pytest.MonkeyPatch, *answers: RealAnswer | MachineError) -> tuple[Observer,
                                                                                                 list[FakeMachine]]:
    """Return an observer whose machines give these answers one after the other, and the list of its machines."""
    left, machines = list(answers), [FakeMachine()]

    def play(*_: object) -> RealAnswer:
        if isinstance(now := left.pop(0), MachineError):
            raise now
        return now

    def start() -> FakeMachine:
        machines.append(FakeMachine())
        return machines[-1]

    monkeypatch.setattr(observe, "play", play)
    return Observer(cast(RealMachine, machines[0]), cast(Callable[[], RealMachine], start)), machines


def test_an_answer_that_agrees_is_kept_whole() -> None:
    kept = make_observation(R7, answer(R7))
    assert (kept.name, kept.race, kept.verdict, kept.notes) == (R7.name, "R7", AGREES, {})
    assert kept.lines == R7.trace.lines
    assert compare([kept]) == ()


def test_the_places_at_which_calls_stop_are_noted_if_that_is_wanted() -> None:
    rows = answer(R7).rows
    stops = [number for number, row in enumerate(rows, 1) if row.machine == "..."]
    noted = RealAnswer("7.3.4", "", tuple(row._replace(note="it stands there") for row in rows))
    assert make_observation(R7, noted, places=True).notes == dict.fromkeys(stops, "it stands there")
    assert make_observation(R7, noted).notes == {}


def test_pages_are_kept_if_they_were_read_at_the_end() -> None:
    alone, lent = Holding(OWNED, NOPAGE, 0, 0), Holding(SHARED_OWNED, SHARED_BORROWED, 0, 0)
    agrees = answer(R7)._replace(territory=(PageRecords("g0", alone, alone),))
    assert make_observation(R7, agrees).territory == {"g0": alone}
    last = agrees.rows[-1]._replace(verdict=DIFFERS)
    differs = agrees._replace(rows=(*agrees.rows[:-1], last))
    assert make_observation(R7, differs).territory == {}
    stray = differs._replace(territory=(PageRecords("g0", alone, lent, is_settled=False),))
    assert make_observation(R7, stray).territory == {"g0": lent}


def test_a_difference_ends_the_observation_and_shows_both_sides() -> None:
    kept = make_observation(R7, answer(R7, row3=Row(4, 0, "call", "= 0", "= -EINVAL", DIFFERS, "why")))
    assert kept.verdict == DIFFERS
    assert kept.lines == (*R7.trace.lines[:2], R7.trace.lines[2]._replace(outcome="= -EINVAL"))
    assert kept.notes == {3: "CPU 0 call: the machine '= -EINVAL', the model '= 0'; why"}
    assert [mismatch.number for mismatch in compare([kept])] == [3]


def test_a_difference_in_the_pages_alone_does_not_repeat_the_outcome() -> None:
    kept = make_observation(R7, answer(R7, row3=Row(4, 0, "call", "= 0", "= 0", DIFFERS, "page g0 is another's")))
    assert kept.notes == {3: "CPU 0 call: page g0 is another's"}


@pytest.mark.parametrize("machine", ["does not come back", "not supported", "init_vm = 0"])
def test_an_outcome_that_no_trace_has_is_told_in_words_only(machine: str) -> None:
    kept = make_observation(R7, answer(R7, row3=Row(4, 0, "call", "= 0", machine, DIFFERS)))
    assert (kept.verdict, kept.lines) == (DIFFERS, R7.trace.lines[:2])
    assert kept.notes == {0: f"CPU 0 call: the machine {machine!r}, the model '= 0'"}


def test_a_step_that_was_not_tried_ends_the_observation() -> None:
    kept = make_observation(R7, answer(R7, row3=Row(4, 0, "call", "= 0", "", NOT_TRIED, "no such function")))
    assert (kept.verdict, kept.lines) == (NOT_TRIED, R7.trace.lines[:2])
    assert kept.notes == {0: "CPU 0 call: no such function"}


def test_a_machine_that_fails_is_replaced_and_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    observer, machines = make_observer(monkeypatch, Silence("no answer"), answer(R7))
    assert observer.observe(R7).verdict == AGREES
    assert [machine.is_closed for machine in machines] == [True, False]


def test_machines_that_fail_again_leave_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    observer, machines = make_observer(monkeypatch, Silence("no answer"), Gone("it has ended"), answer(R7))
    kept = observer.observe(R7)
    assert (kept.verdict, kept.lines) == (NOT_TRIED, ())
    assert kept.notes == {0: "in 2 tries, each on a new machine: it has ended"}
    assert observer.observe(R7).verdict == AGREES
    assert [machine.is_closed for machine in machines] == [True, True, False]


def test_what_the_machine_cannot_do_is_not_tried_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    observer, machines = make_observer(monkeypatch, MachineError("too many names"))
    assert observer.observe(R7).notes == {0: "too many names"}
    assert len(machines) == 1


@pytest.mark.parametrize(("image", "package"), [
    (b"..Linux version 7.3.4+deb13-arm64 (a@b) (gcc (Debian 14.2.0-19) 14) # SMP Debian 7.3.4-1~bpo13+1 (2026-11-02)\n",
     ("Debian's kernel 7.3.4+deb13-arm64", "7.3.4-1~bpo13+1")),
    (b"..Linux version 7.3.4-mine (me@here) (gcc 14) #3 SMP Mon Nov 2\n", ("not a package of Debian", "7.3.4-mine")),
    (b"nothing", ("not a package of Debian", "unknown"))])
def test_the_package_is_read_from_the_image(image: bytes, package: tuple[str, str]) -> None:
    assert find_package(image) == package


def test_the_origin_says_where_calls_may_have_stopped() -> None:
    origin = make_origin(FACTS, UPSTREAM, [make_observation(R7, answer(R7))])
    assert origin.revision == UPSTREAM
    assert origin.stops == {"__pkvm_host_unshare_guest": ("put_pkvm_hyp_vm", "__pkvm_host_unshare_guest")}
