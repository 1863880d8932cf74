"""What can be lost in a scenario on a kernel: every kind of state from which there is no way to a good end any more."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..model.revisions import errno
from ..model.run import run
from ..model.state import State, Vm
from ..text import capitalise
from .check import AlwaysPossible, Exploration, continue_search
from .engine.ways import Continuation
from .homecoming import FINALISE, START, TAKE, HonestHost
from .phrases import describe_loss
from .scenario import Scenario


class Loss(NamedTuple):
    """Something that can be lost: the names of what is missing in the end, and a shortest run to where it is lost.

    `says` describes it in a phrase, `refusal` what EL2 answers when an honest host tries to mend it, '' if nothing.
    """

    names: frozenset[str]
    says: str
    refusal: str
    run: tuple[Any, ...]


def find_losses(exploration: Exploration, prop: AlwaysPossible) -> Iterator[Loss]:
    """Yield what can be lost in the states of an exploration, each kind of loss once, with a shortest run to it."""
    continuation = continue_search(exploration.search, (prop,))[prop.name]
    kinds: set[frozenset[str]] = set()
    for level in exploration.search.levels:
        codes = exploration.search.list_codes(level)
        for code in sorted(code for code in codes if continuation.is_dead_end(code)):
            loss = describe_dead_end(continuation, code)
            if loss.names not in kinds:
                kinds.add(loss.names)
                yield loss._replace(run=tuple(exploration.search.find_path(code)))


def describe_dead_end(continuation: Continuation, code: int) -> Loss:
    """Return what is lost in a state, without a run."""
    end, missing = continuation.find_best_end(code)
    host: Any = continuation.machine
    state = host.view(continuation.packing.unpack(end))
    return Loss(frozenset(missing), describe_loss(missing), find_refusal(host, state), ())


def find_refusal(host: HonestHost, state: State) -> str:
    """Return what EL2 answers at the last when an honest host goes on with a teardown, '' if it refuses nothing."""
    for slot in () if state.end else range(host.config.slots):
        is_dying = state.get(Vm, state.vm_in(slot) or "").is_dying
        for verb in (TAKE, FINALISE) if is_dying else (START, FINALISE):
            call = host.choose(state, verb, slot)
            if call and call.name in host.revision.calls:
                step = run(state, host.revision, 0, call)
                if step.refused and step.refused[0] is not None:
                    return f"{call.name} returns {errno(step.refused[0])}: {step.refused[1]}"
    return ""


def describe_home_loss(scenario: Scenario, loss: Loss) -> str:
    """Return a loss of things that should come home in a sentence: the VM, its memory, or anything else."""
    kinds = {name.partition(" ")[2].rstrip("0123456789.") for name in loss.names if name.startswith("page ")}
    if any(name.startswith("slot ") for name in loss.names):
        return f"{scenario.title} From then on the VM can never be destroyed: {loss.refusal or loss.says}."
    if kinds & {"vm", "vc", "pgd"}:
        return f"{scenario.title} EL2 keeps the VM's memory for good, and no handle names the VM any more: {loss.says}."
    return f"{scenario.title} {capitalise(loss.says)}."
