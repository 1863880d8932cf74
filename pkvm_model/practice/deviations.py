"""A check that a learner's call, made alone, does what the kernel's does."""
from __future__ import annotations

from collections.abc import Callable
from itertools import chain, tee
from typing import Any

from ..explore.alone import find_deviations, find_endless, make_trials
from ..explore.learner_calls import errors_as_learner_errors, watch
from ..model.revisions import Revision
from ..model.trace import record
from .patterns import show_run
from .verdict import Verdict


def refuse_deviation(kernel: Revision, functions: dict[str, Callable[..., Any]]) -> Verdict | None:
    """Return a refusal if a learner's functions, called alone, do otherwise than the kernel's, else None."""
    fixed = watch(kernel._replace(functions={**kernel.functions, **functions}))
    with errors_as_learner_errors(fixed):
        trials, trials_again = tee(make_trials(fixed))
        deviation = next(chain(find_endless(trials), find_deviations(fixed, trials_again)), None)
    if not deviation:
        return None
    trace = record(fixed, deviation.config, deviation.steps)
    looked_at = "the lives of two VMs, with each call made alone"
    return Verdict(False, deviation.says, looked_at, **show_run(trace, deviation.setup))
