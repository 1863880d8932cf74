"""A learner's fix, judged by all races, by what can be lost in them, and by lives that a VM must be able to live.

A fix is a kernel of the course with other guards, or with rewritten calls. It is good if no race ends worse than in the
kernel that it mends and none in a defect; if every good run is still possible, since a kernel that refuses everything
is safe, too; if from every state everything can come home that could come home before, and a VM can run; and if every
recorded life of a VM that fits the kernel is still answered as it was. A rewritten call that is made alone does what
the kernel's does.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import chain, islice, tee
from typing import NamedTuple

from ..conform.recordings.replay import ReplayedScenario
from ..model.revisions import REVISIONS, Revision
from ..model.trace import record
from .alone import Deviation, find_deviations, find_endless, make_trials
from .check import AlwaysPossible, Exploration, Limits
from .homecoming import HOME, HOME_BUT_FOR_LEFT, RUNS
from .learner_calls import Endless, Spinning, errors_as_learner_errors, interrupt_endless_loops, watch
from .lives import list_broken_lives
from .losses import Loss, describe_home_loss, find_losses
from .outcomes import BUG, EL2_PANIC, ENOUGH, ERR, OK, Outcome, explore_orders, find_outcome, record_run
from .races import DESTROY
from .scenario import HOST_WARN, Scenario
from .trials import ALIVE, ENDINGS, GOOD_RUNS, HOLES, KEPT, ORDER, OTHER_SLOT, REFUSED_START

GOOD = "No race breaks this kernel, and everything that a VM's life needs is still possible."
ALONE = "ALONE"
"""The kind of outcome in which a call does otherwise though nobody comes in between."""
LOST = "LOST"
"""The kind of outcome after which something can never come home."""
NO_MORE = "here is no longer a run in which "


class Objection(NamedTuple):
    """An objection to a fix: what it is about, a sentence, and a run that shows it.

    The run is the outcome's, or a recorded one: its `rows` as lines.
    """

    about: str
    says: str
    outcome: Outcome | None = None
    rows: str = ""


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


WITHIN = Limits(states=3_000)
"""Ten times as many as a race of the course has in any of its kernels."""


def judge_fix(revision: Revision) -> Judgement:
    """Judge a kernel against the kernel of the course that it was made from, whose name it has.

    Raise LearnerError if a function goes wrong.
    """
    fixed = watch(revision)
    try:
        with errors_as_learner_errors(revision), interrupt_endless_loops():
            return judge_watched(fixed)
    except Endless:
        return Judgement((Objection("waits", "A lock region never ends: its loop reads nothing that could change."),))
    except Spinning:
        return Judgement((Objection("waits", "Deadlock: the put needs that lock."),))


def judge_watched(fixed: Revision) -> Judgement:
    """Judge a kernel whose rewritten calls are watched: by races and good runs, then by what is lost, then by lives."""
    trials, trials_again = tee(make_trials(fixed))
    endless = next(find_endless(trials), None)
    if endless:
        return Judgement((object_to_deviation(endless, fixed),))
    explored = {scenario.name: explore_orders(scenario, fixed, WITHIN) for scenario in (*ORDER, *GOOD_RUNS, *ENDINGS)}
    outcomes = {name: outcome for name, (outcome, _) in explored.items()}
    races = [objection for race in ORDER if (objection := object_to_race(race, outcomes[race.name], fixed.name))]
    runs = [objection for run in GOOD_RUNS if (objection := object_to_loss(run, fixed, *explored[run.name], races))]
    if not runs and not races:
        complete = {name: exploration for name, (_, exploration) in explored.items() if exploration}
        alone = (object_to_deviation(deviation, fixed) for deviation in find_deviations(fixed, trials_again))
        lives = map(object_to_life, list_broken_lives(fixed))
        runs = [*islice(chain(object_to_dead_ends(fixed, complete), lives, alone), 1)]
    return Judgement((*runs, *races), sum(outcome.states for outcome in outcomes.values()))


def object_to_dead_ends(fixed: Revision, explored: Mapping[str, Exploration]) -> Iterator[Objection]:
    """Yield what speaks against a kernel in which no race ends worse: whatever is lost that was not lost before."""
    for scenario, prop, describe in list_questions():
        for loss in find_losses(explored[scenario.name], prop) if scenario.name in explored else ():
            if not any(loss.names <= names for names in list_losses_before(scenario, prop, fixed.name)):
                yield Objection(scenario.name, describe(scenario, loss), show_loss(scenario, fixed, loss))


def list_questions() -> Iterator[tuple[Scenario, AlwaysPossible, Callable[[Scenario, Loss], str]]]:
    """Yield what is asked of which scenario, and how a loss is described.

    Where the host is honest, and where only calls are refused, everything has to come home; elsewhere everything but
    what a host has left behind. The number of a slot changes nothing about that.
    """
    for scenario in (*ENDINGS, *(race for race in ORDER if race is not OTHER_SLOT)):
        yield scenario, HOME if scenario in ENDINGS or scenario.name in KEPT else HOME_BUT_FOR_LEFT, describe_home_loss
    for scenario in (*ENDINGS, *ORDER):
        if scenario is REFUSED_START or scenario.name in ALIVE:
            yield scenario, RUNS, describe_run_loss


def describe_run_loss(scenario: Scenario, loss: Loss) -> str:
    """Return in a sentence that a living VM can no longer run."""
    return f"{scenario.title} From then on a VM that is not dying can never run again: no load binds its vCPU any more."


@cache
def list_losses_before(scenario: Scenario, prop: AlwaysPossible, name: str) -> tuple[frozenset[str], ...]:
    """Return the names of what can be lost in a kernel of the course."""
    _, exploration = explore_orders(scenario, REVISIONS[name], ENOUGH)
    return tuple(loss.names for loss in find_losses(exploration, prop)) if exploration else ()


def show_loss(scenario: Scenario, fixed: Revision, loss: Loss) -> Outcome:
    """Return a loss as an outcome whose run can be shown."""
    bench = scenario.scene(fixed)
    return Outcome(scenario.name, fixed.name, LOST, loss.says, record_run(bench, loss.run), len(bench.setup))


def object_to_deviation(deviation: Deviation, fixed: Revision) -> Objection:
    """Return what speaks against a call that does otherwise than the kernel's when nobody comes in between."""
    trace = record(fixed, deviation.config, deviation.steps)
    return Objection("alone", deviation.says,
                     Outcome("alone", fixed.name, ALONE, deviation.says, trace, deviation.setup))


def object_to_life(life: ReplayedScenario) -> Objection:
    """Return what a recorded life has against a kernel that answers otherwise: its first such answer."""
    row = life.disagreements[0]
    now = f"{'ends with' if row.event else 'returns'} {row.modelled}"
    return Objection(f"{life.scenario.kernel} {life.scenario.name}",
                     f"A VM that lived on Linux {life.scenario.kernel} no longer lives to its end "
                     f"(recording {life.scenario.name}): {row.recorded.call} returned {row.kernel} and now {now}.",
                     rows=show_life(life))


def show_life(life: ReplayedScenario) -> str:
    """Return the rows of a recorded life up to the first answer that differs, as lines."""
    rows = list(life.rows)
    until = rows.index(life.disagreements[0]) + 1
    return "\n".join(f"CPU {row.recorded.cpu} {row.recorded.call}: {row.kernel}" for row in rows[:until])


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
        return Objection(race.name, f"{race.title} Not every order was checked: {outcome.stopped}.", outcome)
    return None


def describe_defect(race: Scenario, outcome: Outcome) -> str:
    """Return a defect in a sentence. If its run begins with finalise, the test was made in an earlier region."""
    if race.name not in HOLES or not outcome.trace:
        return f"{race.title} {outcome.reason}"
    first = outcome.trace.lines[outcome.setup].call
    early = first is not None and first.name in DESTROY
    return ("The reference was taken between your test and your free." if early
            else "The hole is open: the struct is given back while a call still holds the VM.")


def object_to_loss(run: Scenario, fixed: Revision, outcome: Outcome, exploration: Exploration | None,
                   races: list[Objection]) -> Objection | None:
    """Return what a good run has against a fix that makes it impossible, with a run to where its end is lost."""
    if outcome.reached or not exploration:
        return None
    closed = not any(objection.about in HOLES for objection in races)
    losses = [*find_losses(exploration, HOME)]
    loss = next((loss for loss in losses if loss.refusal), losses[0] if losses else None)
    because = f": {loss.refusal}" if loss and loss.refusal else ""
    return Objection(run.name, f"{'The hole is closed, but t' if closed else 'T'}{NO_MORE}{run.says}{because}.",
                     show_loss(run, fixed, loss) if loss else show_longest(run, fixed, outcome, exploration))


def show_longest(run: Scenario, fixed: Revision, outcome: Outcome, exploration: Exploration) -> Outcome:
    """Return an outcome with the longest run, which does not lead to where it should."""
    level = next(level for level in reversed(exploration.search.levels) if len(level))
    path = exploration.search.find_path(min(exploration.search.list_codes(level)))
    return outcome._replace(trace=record_run(run.scene(fixed), tuple(path)))
