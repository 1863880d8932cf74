"""The worst that can happen in a scenario on a kernel, with a shortest run to it."""
from __future__ import annotations

import time
from typing import NamedTuple

from ..model.revisions import Revision, errno
from ..model.state import KINDS
from ..model.steps import Step
from ..model.trace import Trace, record
from ..scenes import Scene
from .check import VIOLATED, Always, Answer, Exploration, Limits, Property, Report, Stuck, check_limits
from .machines import Scripts
from .properties import describe_event, find_panic
from .scenario import HOST_WARN, Scenario
from .traces import script_steps

OK, ERR, EL2_PANIC, BUG = "OK", "ERR", "EL2_PANIC", "BUG"
SEVERITY = (OK, ERR, HOST_WARN, EL2_PANIC, BUG)
"""The kinds of outcomes, the worst last: nothing, an error, a line in the host's log, EL2's own end, a defect."""
NOT_THERE, NOT_EXPLORED = "n/a", "not explored"
ENOUGH = Limits(states=50_000)
"""No race of the course comes near; a function that a learner wrote could go on for ever."""


class Outcome(NamedTuple):
    """The outcome of a scenario on a kernel: its kind, the reason, and a shortest run to it.

    The first `setup` lines of the trace are the setup. `reached` names the goals that can be reached, `stuck` says how
    a script can come to wait for ever. `stopped` says why the search was not complete.
    """

    scenario: str
    revision: str
    kind: str
    reason: str = ""
    trace: Trace | None = None
    setup: int = 0
    reached: tuple[str, ...] = ()
    stuck: str = ""
    states: int = 0
    transitions: int = 0
    depth: int = 0
    stopped: str = ""

    @property
    def outcome(self) -> str:
        """The kind, by the name that chapters use."""
        return self.kind

    @property
    def complete(self) -> bool:
        """True if every order was explored."""
        return not self.stopped


def find_outcome(scenario: Scenario, revision: Revision, limits: Limits = ENOUGH) -> Outcome:
    """Explore all orders of a scenario on a kernel and return the worst outcome."""
    return explore_orders(scenario, revision, limits)[0]


def explore_orders(scenario: Scenario, revision: Revision, limits: Limits) -> tuple[Outcome, Exploration | None]:
    """Return the worst outcome of a scenario on a kernel, and the exploration that found it, if it can run there."""
    if not scenario.scripts:
        return Outcome(scenario.name, revision.name, NOT_EXPLORED, scenario.says), None
    if not scenario.runs_on(revision):
        return Outcome(scenario.name, revision.name, NOT_THERE, f"{revision.name} lacks the calls"), None
    bench = scenario.scene(revision)
    exploration, report = search_orders(scenario, bench, limits)
    return sum_up(scenario, bench, report), exploration


def sum_up(scenario: Scenario, bench: Scene, report: Report) -> Outcome:
    """Return the worst outcome in a report about a scenario."""
    kind, answer = pick_worst(scenario, report)
    answers = {answer.prop.name: answer for answer in report.answers}
    return Outcome(scenario.name, bench.revision.name, kind, answer.reason if answer else "",
                   record_run(bench, answer.run) if answer and answer.run is not None else None, len(bench.setup),
                   tuple(goal.name for goal in scenario.goals if answers[goal.name].run is not None),
                   Stuck().says if answers[Stuck().name].verdict == VIOLATED else "",
                   report.states, report.transitions, report.depth, report.stopped)


def list_properties(scenario: Scenario) -> tuple[Property, ...]:
    """Return the properties to check on all orders: one for each kind of outcome, the scenario's own, and waiting."""
    return (Always(BUG, "EL2 uses only memory that is its own.", broken_by=lambda _, step: find_defect(step)),
            Always(EL2_PANIC, "EL2 does not end itself.", broken_by=find_panic), scenario.warning,
            Always(ERR, "No call is refused.", broken_by=lambda _, step: find_refusal(step, scenario.about)),
            *scenario.always, *scenario.goals, Stuck())


def find_refusal(step: Step, about: tuple[str, ...]) -> str:
    """Return which of these calls is refused in this step, and how; '' if none is."""
    answers = [*step.answers, *([] if step.pending else [(*step.call, step.ret)])]
    refused = [(name, ret) for name, _, ret in answers if name in about and ret is not None and ret < 0]
    why = f": {step.refused[1]}" if step.refused else ""
    return next((f"{name} on CPU {step.cpu} returns {errno(ret)}{why}" for name, ret in refused), "")


def find_defect(step: Step) -> str:
    """Return what EL2 does in this step that it must never do, '' if nothing."""
    return next((describe_event(event) for event in step.events if event.kind not in (HOST_WARN, EL2_PANIC)), "")


def search_orders(scenario: Scenario, bench: Scene, limits: Limits) -> tuple[Exploration, Report]:
    """Explore all orders, or until a defect is found: after one, what the machine does means nothing."""
    start, exploration = time.monotonic(), Exploration(Scripts(bench), list_properties(scenario))
    defects, stopped = {BUG, *(prop.name for prop in scenario.always)}, ""
    while not stopped and exploration.advance():
        stopped = check_limits(limits, exploration.search, time.monotonic() - start)
        if defects & exploration.witnesses.keys():
            stopped = "a defect is found"
    return exploration, exploration.report(time.monotonic() - start, stopped)


def pick_worst(scenario: Scenario, report: Report) -> tuple[str, Answer | None]:
    """Return the worst kind of outcome, and the answer with the shortest run that shows it."""
    answers = {answer.prop.name: answer for answer in report.answers if answer.run is not None}
    defects = [answers[name] for name in (BUG, *(prop.name for prop in scenario.always)) if name in answers]
    if defects:
        return BUG, defects[0]
    return next(((kind, answers[kind]) for kind in SEVERITY[:0:-1] if kind in answers), (OK, None))


def record_run(bench: Scene, cpus: tuple[int, ...]) -> Trace:
    """Return the trace of a scene's setup and of these CPUs' steps after it."""
    steps = [*((step, True) for step in bench.run_setup()), *script_steps(Scripts(bench), cpus)]
    return record(bench.revision, bench.config, [(hide_extra_records(step), begins) for step, begins in steps])


def hide_extra_records(step: Step) -> Step:
    """Return the step without records of kinds that the model does not have; a mutant may keep some of its own."""
    table = {key: record for key, record in step.state.table.items() if key[0] in KINDS}
    return step._replace(state=step.state._replace(table=table))
