"""The check of a learner's invariant: silent on good machines, and violated on bad ones."""
from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from ..explore.check import EMPTY, HOLDS, VIOLATED, Always
from ..explore.machines import Scripts
from ..scenes import Scene
from ..text import make_sentence
from .patterns import describe_coverage, explore_fully, is_reached, show_answer
from .verdict import Verdict

TOO_MUCH = "Your check reports a fault in the correct kernel."


def check_invariant(invariant: Always, good: Iterable[Scene], bad: Iterable[tuple[Scene, str]],
                    praise: str, alarm: str = TOO_MUCH) -> Verdict:
    """Check a learner's invariant: it must hold on the good scenes, and be violated on each bad one.

    A refusal begins with `alarm`, in which {kernel} names the good scene's kernel, or is the sentence beside the bad
    scene.
    """
    good, bad = list(good), list(bad)
    alarms = (refuse_false_alarm(scene, invariant, alarm.format(kernel=scene.revision.name)) for scene in good)
    misses = (refuse_miss(scene, invariant, sentence) for scene, sentence in bad)
    refusal = next(filter(None, chain(alarms, misses)), None)
    return refusal or accept_invariant(praise, invariant, *good, *(scene for scene, _ in bad))


def refuse_false_alarm(machine: Scripts | Scene, invariant: Always, sentence: str) -> Verdict | None:
    """Return a refusal that begins with `sentence` if the invariant fails on a good machine, else None."""
    report = explore_fully(machine, invariant)
    if report.answers[0].verdict in (HOLDS, EMPTY):
        return None
    alarm = f"{sentence} It says: {make_sentence(report.answers[0].reason)}"
    return Verdict(False, alarm, describe_coverage(report), **show_answer(machine, report))


def refuse_miss(machine: Scripts | Scene, invariant: Always, sentence: str) -> Verdict | None:
    """Return a refusal with `sentence` if the invariant holds on a bad machine, else None."""
    report = explore_fully(machine, invariant)
    return None if report.answers[0].verdict == VIOLATED else Verdict(False, sentence, describe_coverage(report))


def accept_invariant(sentence: str, invariant: Always, *scenes: Scene) -> Verdict:
    """Return a verdict that passes, with the states in which the invariant holds and a run that violates it."""
    reports = [(scene, explore_fully(scene, invariant)) for scene in scenes]
    holds = [report for _, report in reports if not is_reached(report, invariant.name)]
    caught = next(((scene, report) for scene, report in reports if is_reached(report, invariant.name)), None)
    return Verdict(True, sentence, describe_coverage(*holds), **(show_answer(*caught) if caught else {}))
