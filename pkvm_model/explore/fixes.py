"""A learner's fix, judged by all races, and by the good runs that must stay possible.

A fix is a kernel of the course with other guards, or with rewritten calls. It is good if no race ends worse than in the
kernel that it mends, no race ends in a defect, and every good run is still possible: a kernel that refuses everything
is safe, too.
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
from .outcomes import BUG, EL2_PANIC, ERR, NOT_THERE, OK, Outcome, find_outcome
from .properties import INVARIANTS, is_host_done, find_leftover
from .races import ALL_RACES, DESTROY, DYING, SECRET_PAGE, UNSHARE
from .scenario import HOST_WARN, NAMED_START, Scenario

PATIENCE = 10_000
"""A call of the model reads less than a hundred values; a call that has read this many waits for a value to change."""
GOOD = "No race breaks it, and everything that a VM's life needs is still possible."
NO_MORE = "o run exists any more in which "


class LearnerError(Exception):
    """A learner's function went wrong: `message` says how, `state` is the state in which it did."""

    def __init__(self, message: str, state: State | None = None) -> None:
        super().__init__(message)
        self.message, self.state = message, state


class Spinning(Exception):  # noqa: N818  # an outcome, not a failure of this program
    """A lock region waits for something that nobody can change before the region ends."""


class Objection(NamedTuple):
    """An objection to a fix: the race or the good run, a sentence, and the outcome."""

    about: str
    says: str
    outcome: Outcome | None = None


class Judgement(NamedTuple):
    """The objections to a fix, the most important first, and the number of states explored."""

    objections: tuple[Objection, ...] = ()
    states: int = 0

    @property
    def accepted(self) -> bool:
        """True if there is no objection to the fix."""
        return not self.objections

    @property
    def sentence(self) -> str:
        """The judgement in a sentence."""
        return self.objections[0].says if self.objections else GOOD


class Patience(list[Value]):
    """The values that a call has read, up to a limit."""

    def append(self, value: Value) -> None:
        """Add a value. Raise Spinning if the call reads without end."""
        if len(self) >= PATIENCE:
            raise Spinning
        super().append(value)


@dataclass(frozen=True)
class Watched:
    """A call that a learner wrote; whatever goes wrong in it is reported as their error."""

    name: str
    function: Callable[..., Any]

    def __call__(self, view: View, *args: Value) -> Hypercall:
        """Run the call. Raise LearnerError if it goes wrong."""
        view.reads = Patience(view.reads)
        try:
            ret = yield from self.begin(view, args)
        except (Refused, Ended, Waits, Spinning, LearnerError):
            raise
        except Exception as error:
            raise LearnerError(f"{self.name}: {describe_error(view, error)}", copy_state(view)) from error
        if ret is not None and not isinstance(ret, int):
            raise LearnerError(f"{self.name} returns {ret!r}; a call returns a number, or None", copy_state(view))
        return ret

    def begin(self, view: View, args: tuple[Value, ...]) -> Hypercall:
        """Return the function's generator. Raise LearnerError if it is none."""
        body: Any = self.function(view, *args)
        if not isinstance(body, GeneratorType):
            raise LearnerError(f"{self.name} never yields; yield the locks of each region before it", copy_state(view))
        return body


def describe_error(view: View, error: Exception) -> str:
    """Return an error in words. A call that is being restored reads no more than it did the first time."""
    if view.told is not None and isinstance(error, IndexError):
        return "it reads before its first yield, or other things the second time; yield first, and use no chance"
    return f"{type(error).__name__}: {error}"


def copy_state(view: View) -> State:
    """Return the state before a view's step, as a value of its own."""
    table: dict[Any, Any] = view.state.table
    return State.of(view.config, {key: table[key] for key in table if key[0] in KINDS}, view.state.end)


def watch(revision: Revision) -> Revision:
    """Return the kernel with its rewritten calls watched."""
    return revision._replace(functions={name: Watched(name, call) for name, call in revision.functions.items()})


def is_home_again(state: State) -> bool:
    """Return True if page g0 is the host's own again while the VM that had it still exists."""
    return state.get(Page, "g0").host == OWNED and any(True for _ in state.all(Vm))


def is_mapped(state: State) -> bool:
    """Return True if a guest has a page."""
    return any(vm.maps for _, vm in state.all(Vm))


def is_all_home(state: State) -> bool:
    """Return True if the host has finished with its VM, and everything is as it was."""
    return is_host_done(state) and not find_leftover(state)


def good_run(name: str, says: str, reached: Callable[[State], object], setup: str, script: str) -> Scenario:
    """Return a scenario whose goal must stay possible: `says` ends the sentence that reports its loss."""
    return Scenario(name, says, says, setup, (script, ""), goals=(Sometimes(name, says, reached),))


GOOD_RUNS = (
    good_run("life", "a guest runs and gets a page", is_mapped,
             "0 kvm_create_vm(kvm0)\n0 kvm_create_vcpu(kvm0, hv0.0)", "kvm_vcpu_run(kvm0, hv0.0, g0, 0)"),
    good_run("unmap", "a shared page of a living VM comes home", is_home_again, LENT_PAGE, UNSHARE),
    good_run("home", "a shared page of a dying VM comes home", is_home_again, LENT_PAGE,
             f"{NAMED_START}\n{UNSHARE}"),
    good_run("reclaim", "a page of a dying protected VM comes home", is_home_again, SECRET_PAGE,
             "__pkvm_reclaim_dying_guest_page(0x1000, 0)"),
    good_run("end", "the honest host destroys a VM and has everything back", is_all_home, LENT_PAGE,
             "kvm_destroy_vm(kvm0, 1)"))
CROWD = Scenario(
    "R6+R7", "Finalise twice while a call holds the VM.",
    "The VM is dying. One CPU is in the middle of a call that has looked it up, two others finalise.",
    LENT_PAGE + DYING, (UNSHARE, "{finalise}", "{finalise}"), DESTROY)
"""With three CPUs: a finalise that waits its turn must look the VM up again."""
LOADED = Scenario(
    "R1+I3", "A vCPU is loaded while the VM dies.",
    "One CPU loads the VM's vCPU and puts it, the other one starts the teardown and finalises it.",
    LENT_PAGE, ("__pkvm_vcpu_load(0x1000, 0)\n__pkvm_vcpu_put()", f"{NAMED_START}\n{{finalise}}"), DESTROY,
    always=tuple(prop for prop in INVARIANTS if prop.name == "I3"))
"""Past the point of no return nobody runs: that is what the questions of start are for."""
HOLES = ("R7", "R22")
"""The races that a fix of v1 should close; their objections come first."""

ORDER = sorted((*ALL_RACES, CROWD, LOADED), key=lambda race: race.name not in HOLES)


def judge_fix(revision: Revision) -> Judgement:
    """Judge a kernel against the kernel of the course that it was made from, whose name it has.

    Raise LearnerError if a function goes wrong.
    """
    fixed = watch(revision)
    try:
        with errors_as_learner_errors(revision):
            outcomes = {scenario.name: find_outcome(scenario, fixed) for scenario in (*ORDER, *GOOD_RUNS)}
    except Spinning:
        return Judgement((Objection("waits", "Deadlock: the put needs that lock."),))
    races = [objection for race in ORDER if (objection := object_to_race(race, outcomes[race.name], fixed.name))]
    runs = [objection for run in GOOD_RUNS if (objection := object_to_loss(run, outcomes[run.name], races))]
    return Judgement((*runs, *races), sum(outcome.states for outcome in outcomes.values()))


@contextmanager
def errors_as_learner_errors(revision: Revision) -> Iterator[None]:
    """Report what the model cannot do with a learner's functions as their error. Raise LearnerError."""
    try:
        yield
    except ModelError as error:
        raise error.__cause__ if isinstance(error.__cause__, LearnerError) else LearnerError(str(error)) from error
    except TypeError as error:
        if not revision.functions:
            raise
        raise LearnerError(f"{error}; keep only numbers, names and pointers from one region to the next") from error


@cache
def find_kind_before(race: Scenario, name: str) -> str:
    """Return the kind of a race's outcome in a kernel of the course."""
    return find_outcome(race, REVISIONS[name]).kind


def object_to_race(race: Scenario, outcome: Outcome, name: str) -> Objection | None:
    """Return what a race's outcome has against a fix of the kernel with this name."""
    if outcome.stuck:
        return Objection(race.name, f"{race.title} {outcome.stuck}", outcome)
    if outcome.kind == BUG:
        return Objection(race.name, describe_defect(race, outcome), outcome)
    before = find_kind_before(race, name) if outcome.kind in (EL2_PANIC, HOST_WARN) else outcome.kind
    if outcome.kind == EL2_PANIC != before:
        return Objection(race.name, "Any host can now panic EL2 at will.", outcome)
    if outcome.kind == HOST_WARN and before in (OK, ERR):
        return Objection(race.name, f"{race.title} The host now logs a warning: {outcome.reason}.", outcome)
    if not outcome.complete:
        return Objection(race.name, f"{race.title} Not every order was looked at: {outcome.stopped}.", outcome)
    return None


def describe_defect(race: Scenario, outcome: Outcome) -> str:
    """Return a defect in a sentence. If finalise goes first, it asks for the count before the region that frees."""
    if race.name not in HOLES or not outcome.trace:
        return f"{race.title} {outcome.reason}"
    first = outcome.trace.lines[outcome.setup].call
    early = first is not None and first.name in DESTROY
    return ("The reference was taken between your test and your free." if early
            else "The hole is open: the struct is given back while a call still holds the VM.")


def object_to_loss(run: Scenario, outcome: Outcome, races: list[Objection]) -> Objection | None:
    """Return what a good run has against a fix that makes it impossible."""
    if outcome.kind == NOT_THERE or outcome.reached:
        return None
    closed = not any(objection.about in HOLES for objection in races)
    return Objection(run.name, f"{'The hole is closed, but n' if closed else 'N'}{NO_MORE}{run.says}.", outcome)
