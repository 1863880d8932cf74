"""Situations in which a repaired call is tried alone: every state between the calls of two long lives of VMs."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from ..model.revisions import REVISIONS, Revision
from ..model.run import begin, parameters, resume
from ..model.state import (HANDLE_OFFSET, Config, Cpu, State, Vm)
from ..model.steps import Call, Step
from ..model.view import Waits
from ..scenes import scene
from .machines import add_memory
from .scenario import adapt

MANY_REGIONS = 150
"""A call of the model has fewer than fifty regions; one that has had this many does not come to an end."""
CONFIG = Config(cpus=2, slots=2)
ORDINARY = """
0 kvm_create_vm(kvm0)
0 kvm_create_vcpu(kvm0, hv0.1)
0 kvm_first_run(kvm0, hv0.0)
1 __pkvm_init_vcpu(0x1000, hv0.1, vc0.1)
0 __pkvm_vcpu_load(0x1000, 0)
0 __pkvm_host_share_guest(g0, 0)
0 __pkvm_host_share_guest(g0, 1)
0 __pkvm_host_share_guest(g1, 600)
1 __pkvm_vcpu_load(0x1000, 1)
1 __pkvm_vcpu_put()
0 __pkvm_vcpu_put()
0 __pkvm_host_test_clear_young_guest(0x1000, 0, 1, 1)
0 kvm_create_vm(kvm1)
0 kvm_first_run(kvm1, hv1.0)
0 __pkvm_vcpu_load(0x1001, 0)
0 __pkvm_host_share_guest(g0, 0)
0 __pkvm_vcpu_put()
0 {start}
0 __pkvm_host_unshare_guest(0x1000, 600)
0 {finalise}
0 __pkvm_host_unshare_guest(0x1001, 0)
0 kvm_destroy_vm(kvm1, 1)
"""
"""Two VMs, one with two vCPUs; a page that is lent three times, and two of its loans left behind."""
PROTECTED = """
0 kvm_create_vm(kvm0, 1)
0 kvm_first_run(kvm0, hv0.0)
0 __pkvm_vcpu_load(0x1000, 0)
0 __pkvm_host_donate_guest(g0, 0)
0 __pkvm_host_donate_guest(g1, 1)
0 __pkvm_host_donate_guest(g2, 600)
0 guest_mem_share(1)
0 guest_mem_unshare(1)
0 guest_mem_share(1)
0 __pkvm_force_reclaim_guest_page(g2)
0 __pkvm_vcpu_put()
0 __pkvm_start_teardown_vm(0x1000)
0 __pkvm_reclaim_dying_guest_page(0x1000, 0)
0 __pkvm_reclaim_dying_guest_page(0x1000, 1)
0 __pkvm_finalize_teardown_vm(0x1000)
"""
"""A protected VM with a page of its own, one that it lends to the host, and one that was taken by force."""
CHOICES: dict[str, Sequence[Any]] = {
    "handle": (0x1000, 0x1001, 0x1002), "idx": (0, 1, 2), "gfn": (0, 1, 600), "page": ("g0", "g1", "g2"),
    "kvm": ("kvm0", "kvm1"), "nr_vcpus": (1, 2), "host_vcpu": ("hv0.0", "hv0.1", "hv1.0"), "protected": (False,)}
"""What is tried for each argument."""
HOLDER = "__pkvm_tlb_flush_vmid"

Steps = tuple[tuple[Step, bool], ...]


class Situation(NamedTuple):
    """A state in which calls are tried, and the steps that led to it; `is_busy` if another call is under way there."""

    state: State
    steps: Steps
    is_busy: bool = False


def list_changed(fixed: Revision) -> tuple[str, ...]:
    """Return the hypercalls that a fix has rewritten, or one of whose guards it has changed.

    A guard's name begins with a word of its call's.
    """
    own = REVISIONS[fixed.name].guards
    changed = {name for name in {*own, *fixed.guards} if own.get(name, own) != fixed.guards.get(name, own)}
    guards = {name.partition("_")[0] for name in {*changed, *fixed.functions} - fixed.calls}
    return tuple(name for name in sorted(fixed.calls)
                 if name in fixed.functions or guards & {*name.strip("_").split("_")})


@cache
def list_situations(name: str) -> tuple[Situation, ...]:
    """Return the situations in which the calls of a kernel's fixes are tried, each state once."""
    kernel = REVISIONS[name]
    lives = (ORDINARY, *([PROTECTED] if "__pkvm_host_donate_guest" in kernel.calls else []))
    situations = [situation for life in lives for situation in live(kernel, life)]
    return tuple({situation.state: situation for situation in situations}.values())


def live(kernel: Revision, life: str) -> Iterator[Situation]:
    """Yield the states between the calls of a life, and those in which another CPU holds a VM there."""
    bench = scene("alone", "", kernel, adapt(life, kernel), ("", ""), "", CONFIG)
    state = State(CONFIG)
    steps: Steps = ()
    for cpu, call in bench.setup:
        yield Situation(state, steps)
        for idx in range(CONFIG.slots):
            holder = begin(state, kernel, 1, Call(HOLDER, (HANDLE_OFFSET + idx,)))
            if holder.pending and state.get(Vm, state.vm_in(idx) or "").is_protected is False:
                yield Situation(holder.state, (*steps, (holder, True)), is_busy=True)
        parts = run_regions(state, kernel, cpu, call)
        steps += tuple((step, number == 0) for number, step in enumerate(parts))
        state = parts[-1].state
    yield Situation(state, steps)


def run_regions(state: State, revision: Revision, cpu: int, call: Call) -> list[Step]:
    """Return the steps of a whole call, region by region; the last one is pending if the call does not end."""
    steps = [begin(state, revision, cpu, call)]
    while steps[-1].pending and len(steps) < MANY_REGIONS:
        try:
            steps.append(resume(steps[-1].state, revision, cpu))
        except Waits:
            break
    return steps


def list_calls(name: str) -> list[Call]:
    """Return a call with every choice of its arguments."""
    known = parameters(name)
    choices = [CHOICES.get(arg, (parameter.default,)) for arg, parameter in known.items()]
    calls = (Call(name, add_memory(dict(zip(known, args, strict=True)))) for args in product(*choices))
    return list(dict.fromkeys(calls))


def list_trials(fixed: Revision) -> Iterator[tuple[Situation, int, Call]]:
    """Yield what is tried: every rewritten call in every situation, on each CPU that is idle there."""
    calls = [call for name in list_changed(fixed) for call in list_calls(name)]
    for situation in list_situations(fixed.name):
        idle = [cpu for cpu in range(CONFIG.cpus) if not situation.state.get(Cpu, cpu).flight]
        yield from ((situation, cpu, call) for call in calls for cpu in idle)
