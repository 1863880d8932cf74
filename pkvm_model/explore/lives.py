"""Recorded lives of VMs on real kernels, which a kernel that is mended must still answer as it did."""
from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from ..conform.recordings import Recording, load, replay_all
from ..conform.recordings.replay import ReplayedScenario
from ..model.revisions import REVISIONS, Revision

NATURAL = ("6.19.14-natural", "7.3.4-natural")
"""The recordings of VMs that lived and died without injected calls."""


def list_broken_lives(fixed: Revision) -> Iterator[ReplayedScenario]:
    """Yield the recorded lives that fit the kernel of the course and that a fix of it answers otherwise."""
    for name in NATURAL:
        for life in replay_all(load_recording(name), fixed):
            if life.disagreements and life.scenario.name in list_fitting_lives(name, fixed.name):
                yield life


@cache
def load_recording(name: str) -> Recording:
    """Return a recording; it is read once."""
    return load(name)


@cache
def list_fitting_lives(recording: str, name: str) -> frozenset[str]:
    """Return the scenarios of a recording to whose calls a kernel of the course gives the recorded answers."""
    return frozenset(life.scenario.name for life in replay_all(load_recording(recording), REVISIONS[name])
                     if not life.disagreements)


def count_fitting_lives(name: str) -> int:
    """Return how many recorded lives of VMs fit a kernel of the course."""
    return sum(len(list_fitting_lives(recording, name)) for recording in NATURAL)
