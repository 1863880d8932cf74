"""A learner's fix, judged: by all races, and by the good runs that must still be possible.

A fix is a kernel of the course with other guards, or with calls that somebody wrote anew. It is good if no race ends
worse in it than in the kernel that it mends, none in a defect, and if it forbids nothing that a VM's life needs: a
kernel that refuses everything is safe, too.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import GeneratorType
from typing import Any, NamedTuple

from ..model.revisions import REVISIONS, Revision
from ..model.state import KINDS, OWNED, Page, State, Value, Vm
from ..model.view import Ended, Hypercall, ModelError, Refused, View, Waits
from ..scenes import LENT_PAGE
from .check import Sometimes
from .properties import INVARIANTS, host_is_through, not_home
from .races import (ALL_RACES, BUG, DESTROY, DYING, EL2_PANIC, ERR, HOST_WARN, NAMED_START, NOT_THERE, OK, SECRET_PAGE,
                    UNSHARE, Cell, Race, cell)

PATIENCE = 10_000
"""A call of the model reads less than a hundred values; one that has read so many waits for one to change."""
GOOD = "No race breaks it, and everything that a VM's life needs is still possible."
NO_MORE = "o run exists any more in which "


class LearnerError(Exception):
    """A function that a learner wrote went wrong: `message` says how, `state` is the one in which it did."""

    def __init__(self, message: str, state: State | None = None) -> None:
        super().__init__(message)
        self.message, self.state = message, state


class Spinning(Exception):  # noqa: N818  # an outcome, not a failure of this program
    """A lock region waits for something that nobody can change before the region ends."""


class Objection(NamedTuple):
    """What speaks against a fix: the race or the good run, in a sentence, and what was found."""

    about: str
    says: str
    cell: Cell | None = None


class Judgement(NamedTuple):
    """What was found about a fix in all states that were looked at; the first objection is the one to tell."""

    objections: tuple[Objection, ...] = ()
    states: int = 0

    @property
    def accepted(self) -> bool:
        """True if nothing speaks against the fix."""
        return not self.objections

    @property
    def sentence(self) -> str:
        """The judgement in a sentence."""
        return self.objections[0].says if self.objections else GOOD


class Patience(list[Value]):
    """What a call has read, up to a point."""

    def append(self, value: Value) -> None:
        """Note one more value. Raises Spinning for a call that reads and reads."""
        if len(self) >= PATIENCE:
            raise Spinning
        super().append(value)


@dataclass(frozen=True)
class Watched:
    """A call that a learner wrote; what goes wrong in it is reported as theirs."""

    name: str
    function: Callable[..., Any]

    def __call__(self, view: View, *args: Value) -> Hypercall:
        """The same call."""
        view.reads = Patience(view.reads)
        try:
            ret = yield from self.begun(view, args)
        except (Refused, Ended, Waits, Spinning, LearnerError):
            raise
        except Exception as error:
            raise LearnerError(f"{self.name}: {blame(view, error)}", plain(view)) from error
        if ret is not None and not isinstance(ret, int):
            raise LearnerError(f"{self.name} returns {ret!r}; a call returns a number, or None", plain(view))
        return ret

    def begun(self, view: View, args: tuple[Value, ...]) -> Hypercall:
        """The function's generator."""
        body: Any = self.function(view, *args)
        if not isinstance(body, GeneratorType):
            raise LearnerError(f"{self.name} never yields; yield the locks of each region before it", plain(view))
        return body


def blame(view: View, error: Exception) -> str:
    """What went wrong, in words. While a call is restored it reads no more than it did the first time."""
    if view.told is not None and isinstance(error, IndexError):
        return "it reads before its first yield, or other things the second time; yield first, and use no chance"
    return f"{type(error).__name__}: {error}"


def plain(view: View) -> State:
    """The state before the step that a view is made for, as a value of its own."""
    table: dict[Any, Any] = view.state.table
    return State.of(view.config, {key: table[key] for key in table if key[0] in KINDS}, view.state.end)


def watched(revision: Revision) -> Revision:
    """The kernel with an eye on the calls that somebody wrote."""
    return revision._replace(functions={name: Watched(name, call) for name, call in revision.functions.items()})


def comes_home(state: State) -> bool:
    """Page g0 is the host's own again while there still is the VM that had it."""
    return state.get(Page, "g0").host == OWNED and any(True for _ in state.all(Vm))


def is_mapped(state: State) -> bool:
    """A guest has a page."""
    return any(vm.maps for _, vm in state.all(Vm))


def all_is_home(state: State) -> bool:
    """The host is through with its VM, and everything is as it was."""
    return host_is_through(state) and not not_home(state)


def good_run(name: str, says: str, reached: Callable[[State], object], setup: str, script: str) -> Race:
    """A run that must be possible, as a race of one: `says` ends the sentence that tells of its loss."""
    return Race(name, says, says, setup, (script, ""), shows=(Sometimes(name, says, reached),))


GOOD_RUNS = (
    good_run("life", "a guest runs and gets a page", is_mapped,
             "0 kvm_create_vm(kvm0)\n0 kvm_create_vcpu(kvm0, hv0.0)", "kvm_vcpu_run(kvm0, hv0.0, g0, 0)"),
    good_run("unmap", "a shared page of a living VM comes home", comes_home, LENT_PAGE, UNSHARE),
    good_run("home", "a shared page of a dying VM comes home", comes_home, LENT_PAGE,
             f"{NAMED_START}\n{UNSHARE}"),
    good_run("reclaim", "a page of a dying protected VM comes home", comes_home, SECRET_PAGE,
             "__pkvm_reclaim_dying_guest_page(0x1000, 0)"),
    good_run("end", "the honest host destroys a VM and has everything back", all_is_home, LENT_PAGE,
             "kvm_destroy_vm(kvm0, 1)"))
CROWD = Race("R6+R7", "Finalise twice while a call holds the VM.",
             "The VM is dying. One CPU is in the middle of a call that has looked it up, two others finalise.",
             LENT_PAGE + DYING, (UNSHARE, "{finalise}", "{finalise}"), DESTROY)
"""With three CPUs: a finalise that waits its turn must look the VM up again."""
LOADED = Race("R1+I3", "A vCPU is loaded while the VM dies.",
              "One CPU loads the VM's vCPU and puts it, the other one starts the teardown and finalises it.",
              LENT_PAGE, ("__pkvm_vcpu_load(0x1000, 0)\n__pkvm_vcpu_put()", f"{NAMED_START}\n{{finalise}}"), DESTROY,
              always=tuple(one for one in INVARIANTS if one.name == "I3"))
"""Past the point of no return nobody runs: what start asks for is there for that."""
HOLES = ("R7", "R22")
"""The races that a fix of v1 is to close; what they say comes first."""

ORDER = sorted((*ALL_RACES, CROWD, LOADED), key=lambda race: race.id not in HOLES)


def judge_fix(revision: Revision) -> Judgement:
    """Judge a kernel that is to be better than the one it was made from, which it has its name from.

    Raises LearnerError for a function that goes wrong.
    """
    fixed = watched(revision)
    try:
        with blamed_on_functions(revision):
            found = {race.id: cell(race, fixed) for race in (*ORDER, *GOOD_RUNS)}
    except Spinning:
        return Judgement((Objection("waits", "Deadlock: the put needs that lock."),))
    races = [objection for race in ORDER if (objection := against(race, found[race.id], fixed.name))]
    runs = [objection for run in GOOD_RUNS if (objection := missed(run, found[run.id], races))]
    return Judgement((*runs, *races), sum(one.states for one in found.values()))


@contextmanager
def blamed_on_functions(revision: Revision) -> Iterator[None]:
    """What the model cannot do with a learner's functions is reported as theirs. Raises LearnerError."""
    try:
        yield
    except ModelError as error:
        raise error.__cause__ if isinstance(error.__cause__, LearnerError) else LearnerError(str(error)) from error
    except TypeError as error:
        if not revision.functions:
            raise
        raise LearnerError(f"{error}; keep only numbers, names and pointers from one region to the next") from error


@cache
def outcome_before(race: Race, name: str) -> str:
    """What comes of a race in a kernel of the course."""
    return cell(race, REVISIONS[name]).outcome


def against(race: Race, found: Cell, name: str) -> Objection | None:
    """What a race has to say against a fix of the kernel with this name; `found` is what comes of it."""
    if found.stuck:
        return Objection(race.id, f"{race.title} {found.stuck}", found)
    if found.outcome == BUG:
        return Objection(race.id, hole_says(race, found), found)
    before = outcome_before(race, name) if found.outcome in (EL2_PANIC, HOST_WARN) else found.outcome
    if found.outcome == EL2_PANIC != before:
        return Objection(race.id, "Any host can now panic EL2 at will.", found)
    if found.outcome == HOST_WARN and before in (OK, ERR):
        return Objection(race.id, f"{race.title} The host now logs a warning: {found.reason}.", found)
    if not found.complete:
        return Objection(race.id, f"{race.title} Not every order was looked at: {found.stopped}.", found)
    return None


def hole_says(race: Race, found: Cell) -> str:
    """A defect in a sentence. Finalise comes first where it looks at the count before the region that frees."""
    if race.id not in HOLES or not found.trace:
        return f"{race.title} {found.reason}"
    first = found.trace.lines[found.setup].call
    early = first is not None and first.name in DESTROY
    return ("The reference was taken between your test and your free." if early
            else "The hole is open: the struct is given back while a call still holds the VM.")


def missed(run: Race, found: Cell, races: list[Objection]) -> Objection | None:
    """What a good run has to say against a fix that makes it impossible."""
    if found.outcome == NOT_THERE or found.shown:
        return None
    closed = not any(objection.about in HOLES for objection in races)
    return Objection(run.id, f"{'The hole is closed, but n' if closed else 'N'}{NO_MORE}{run.says}.", found)
