"""A small graph of a real race on v1, with an edge of every kind: step, refusal, nothing, host warning and panic.

CPU 0 unshares a page, then loads a vCPU; CPU 1 tries to finalise too early, starts, and finalises. One step is unknown,
so that Python has to be asked: the load while VM 0x1000 is alive.
"""

import copy
from dataclasses import replace
from functools import cache

from pkvm_model.graphs.bench import StateGraph
from pkvm_model.graphs.contract import AnyGraph
from pkvm_model.graphs.property_row import ASKED
from pkvm_model.model.revisions import V1
from pkvm_model.scenes.scene import LENT_PAGE, scene
from pkvm_model.widgets.walk import BenchWalk, Walk

UNSHARE, LOAD = "__pkvm_host_unshare_guest(0x1000, 0)", "__pkvm_vcpu_load(0x1000, 0)"
START, FINALISE = "__pkvm_start_teardown_vm(0x1000)", "__pkvm_finalize_teardown_vm(0x1000)"
SCENE = replace(scene(
    "r7", "Race R7", V1, LENT_PAGE, (f"{UNSHARE}\n{LOAD}", f"{FINALISE} whole\n{START} whole\n{FINALISE} whole"),
    "VM 0x1000 is alive; the host lends it page g0."), foretell=True)
PROPERTIES = ("I0b", "I3", "I6")
TO_THE_PANIC = (1, 1, 0, 1, 0)
"""The CPUs that step: CPU 0 takes its reference after the start, CPU 1 finalises, and CPU 0 goes on."""


def graph() -> AnyGraph:
    """Return the whole graph, a new copy at each call."""
    return copy.deepcopy(make_graph())


@cache
def make_graph() -> AnyGraph:
    """Return the graph with the loads of a live VM unknown."""
    value: AnyGraph = StateGraph(SCENE, properties=tuple(prop for prop in ASKED if prop.name in PROPERTIES)).value()
    for state, edges in zip(value["states"], value["edges"], strict=True):
        for edge in edges:
            if edge["label"] == "load" and state["slots"][0]["word"] == "live":
                edge["to"] = None
    return value


def walk_along(*cpus: int) -> BenchWalk:
    """Return the walk on which these CPUs step."""
    walk = Walk(graph())
    for cpu in cpus:
        walk.take(next(edge for edge in walk.edges[walk.here] if edge["cpu"] == cpu))
    return walk
