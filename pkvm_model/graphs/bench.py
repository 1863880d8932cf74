"""The states around the opening of a scene, as the value that a bench ships; docs/widgets.md has the format."""
from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ..explore.check import Always
from ..model.revisions import Revision
from ..model.run import finish, list_regions
from ..model.state import Cpu, Flight, Kvm, Page, State, Vm
from ..model.state_json import digest, to_json
from ..model.steps import Call, Step
from ..model.trace import record_step, show_call, show_header
from ..model.view import Region
from ..scenes import Node, Scene, get_next_move, step_cpu
from ..show.words import describe_step, shorten
from .contract import BenchGraph, EdgeValue, EndValue, Holds, LaneValue, RegionValue, RevisionValue, StateValue
from .property_row import ASKED, find_broken, choose_spoken, judge_state
from .menu import Menu
from .parts import (describe_use, encode_card, encode_row, encode_slot, find_guests, find_kind, is_in_guest, list_vms,
                    sort_pages)
from .reach import LIMIT, Reach

IDLE: LaneValue = {"short": "", "where": "is yours: choose a call", "call": "", "keeps": [], "stale": False,
                   "regions": []}
NOTHING_LEFT: LaneValue = {**IDLE, "where": "has nothing left to do"}
WHOLE = "the whole call"
MOST_CALLS = 1400
"""The most calls that are tried beforehand if the learner drives: a bench of the free host must appear soon, too."""


class StateGraph(Reach[Node, StateValue, EdgeValue]):
    """The states that a scene can reach, as far as they have been worked out.

    `properties` are checked in each state and step. The states of `runs`, each given by the CPUs that step, come before
    all others, so that a limit does not cut a run short.
    """

    def __init__(self, scene: Scene, limit: int = 0, properties: tuple[Always, ...] = ASKED,
                 runs: Iterable[Iterable[int]] = ()) -> None:
        self.scene, self.invariants, self.menu = scene, properties, Menu(scene)
        self.steps: dict[tuple[int, int], tuple[Step, int]] = {}
        self.coming: dict[tuple[int, int], tuple[Region, ...]] = {}
        self.passed: dict[tuple[int, tuple[Any, ...]], list[Region]] = {}
        self.names: tuple[str, ...] = ()
        self.properties: list[list[str]] = []
        self.judgements: dict[int, dict[str, Holds]] = {}
        first = Node(scene.start(), (0,) * len(scene.scripts))
        limit = limit or min(LIMIT, MOST_CALLS // max(1, sum(map(len, self.menu.calls.values()))))
        super().__init__(first, limit, (node for run in runs for node in self.follow_run(first, run)))

    def follow_run(self, node: Node, cpus: Iterable[int]) -> Iterator[Node]:
        """Yield the nodes that a run leads through."""
        for cpu in cpus:
            step = step_cpu(self.scene, node, cpu)
            assert step, "a run is made of steps that can be taken"
            node = node.after(step)
            yield node

    def list_edges(self, number: int) -> Iterator[EdgeValue]:
        """Yield the steps from a node: one per CPU that has something to do, or one per call that it may make."""
        node = self.nodes[number]
        for cpu in range(len(node.begun)):
            step = step_cpu(self.scene, node, cpu)
            if step:
                to = self.add(node.after(step))
                self.steps[number, cpu] = step, to
                value = encode_edge(node.state, step, node.is_idle(cpu), self.invariants, to)
                yield {**value, "says": f"{value['says']}{self.mark_revision(node, step)}"}
            elif node.is_idle(cpu) and not node.state.end:
                for step, foresight in self.menu.list_steps(node.state, cpu):
                    to = self.add(Node(step.state, node.begun))
                    yield foresight.add_to(encode_edge(node.state, step, True, self.invariants, to))

    def mark_revision(self, node: Node, step: Step) -> str:
        """Return the revision in brackets if a call is refused as it begins, and in this revision only."""
        return self.menu.mark_revision(node.state, step) if step.refused and node.is_idle(step.cpu) else ""

    def name_place(self, place: Node) -> str:
        """Return a text for a node: all of its state, and where its scripts are."""
        return name_node(place)

    def value(self, most: int = LIMIT) -> BenchGraph:
        """Return the graph as JSON values with at most `most` states; steps into further ones lead to None."""
        known = min(len(self.edges), most)
        scene, revision = self.scene, self.scene.revision
        names = {n for at in range(known) for n, _ in self.nodes[at].state.all(Page)}
        self.names = tuple(sort_pages(names | self.menu.pages))
        trace = scene.trace()
        self.properties = self.list_properties(known) if scene.checks else []
        states, edges = self.encode_part(most)
        graph: BenchGraph = {
            "name": scene.name, "title": scene.title,
            "revision": encode_revision(revision),
            "header": show_header(revision, scene.config), "foretell": scene.foretell,
            "setup": [str(row) for row in trace.lines], "says": scene.says,
            "cpus": [f"CPU {cpu}" for cpu in range(len(scene.scripts))],
            "pages": [[name, describe_use(name)] for name in self.names], "start": 0,
            "properties": self.properties, "free": list(self.menu.calls), "states": states, "edges": edges,
        }
        if not scene.free:
            del graph["free"]
        if scene.opens:
            graph["opens"] = list(scene.opens)
        if scene.shows:
            graph["shows"] = list(scene.shows)
        return graph

    def list_properties(self, known: int) -> list[list[str]]:
        """Return name and sentence of the invariants that say something about one of the first `known` states."""
        broken = (name for out in self.edges.values() for edge in out for name in edge.get("breaks", ()))
        if self.scene.free:
            return [[invariant.name, invariant.says] for invariant in self.invariants]
        spoken = choose_spoken(self.invariants, map(self.judge, range(known)), broken)
        return [[invariant.name, invariant.says] for invariant in spoken]

    def judge(self, number: int) -> dict[str, Holds]:
        """Return what the invariants say of a state; each state is judged once."""
        if number not in self.judgements:
            self.judgements[number] = judge_state(self.nodes[number].state, self.invariants)
        return self.judgements[number]

    def encode_state(self, number: int) -> StateValue:
        """Return a state as the bench shows it."""
        node = self.nodes[number]
        state = node.state
        cpus, lent = range(len(node.begun)), find_guests(state)
        return {
            "digest": digest(state), "lanes": [self.encode_lane(number, cpu) for cpu in cpus],
            "slots": [encode_slot(state, idx) for idx in range(state.config.slots)],
            "vms": [encode_card(state, vm, self.find_handle(vm)) for vm in list_vms(state)],
            "pages": [encode_row(state, name, lent) for name in self.names],
            "holds": [self.judge(number)[name] for name, _ in self.properties],
            "end": self.encode_end(state) if state.end else None,
        }

    def find_handle(self, vm: str) -> int:
        """Return the handle of the VM that lives, or lived, at this address; the host's note if the VM is long gone."""
        known = (node.state.get(Vm, vm).handle for node in self.nodes.values())
        return next(filter(None, known), self.nodes[0].state.get(Kvm, f"kvm{vm.removeprefix('vm')}").handle)

    def encode_end(self, state: State) -> EndValue:
        """Return how the machine ended: by a warning or a BUG of EL2's own, or by a fault."""
        assert state.end is not None
        own = "warning" if state.end.says.startswith("warns") else "BUG"
        what = own if state.end.kind == "EL2_PANIC" else "fault"
        return {"kind": "panic", "title": f"EL2 {what}: the machine ends",
                "says": f"The machine ends: CPU {state.end.cpu} {state.end.says}."}

    def encode_lane(self, number: int, cpu: int) -> LaneValue:
        """Return what a CPU is doing, and what it will do next."""
        node = self.nodes[number]
        flight, move = node.state.get(Cpu, cpu).flight, get_next_move(self.scene, node, cpu)
        if flight:
            current = Call(flight.call, flight.args)
        elif move:
            current = move.call
        else:
            return IDLE if cpu in self.menu.calls else NOTHING_LEFT
        where = ("is in the guest" if is_in_guest(flight) else "waits in a gap") if flight else "is next"
        lane: LaneValue = {"short": shorten(current.name), "where": where, "call": show_call(current),
                           "keeps": list_kept(flight), "stale": bool(flight and flight.stale), "regions": []}
        if self.scene.is_whole(cpu, node.begun[cpu] - bool(flight)):
            return {**lane, "regions": self.encode_whole(number, cpu), "whole": True}
        return {**lane, "regions": list(self.encode_regions(number, cpu))}

    def encode_whole(self, number: int, cpu: int) -> list[RegionValue]:
        """Return a call that one click makes as one region; none while it waits or once the machine has ended."""
        coming = self.find_coming_regions(number, cpu)
        says = coming[0][1] if len(coming) == 1 else WHOLE
        return [{"locks": "", "says": says, "when": "next"}] if coming else []

    def encode_regions(self, number: int, cpu: int) -> Iterator[RegionValue]:
        """Yield the regions of a call: those it passed, the next one, and those to come if nobody gets in between."""
        passed = self.find_passed_regions(number, cpu)
        coming = self.find_coming_regions(number, cpu)
        for n, (locks, purpose) in enumerate([*passed, *coming]):
            when = "done" if n < len(passed) else "next" if n == len(passed) else "later"
            yield {"locks": locks, "says": purpose, "when": when}

    def find_passed_regions(self, number: int, cpu: int) -> list[Region]:
        """Return the regions that a CPU's call has passed; many states share a call at the same place."""
        state = self.nodes[number].state
        key = cpu, tuple(state.get(Cpu, cpu).flight or ())
        if key not in self.passed:
            self.passed[key] = list_regions(state, self.scene.revision, cpu)[:-1]
        return self.passed[key]

    def find_coming_regions(self, number: int, cpu: int) -> tuple[Region, ...]:
        """Return the regions that a CPU's call has still to run, the next one first."""
        if (number, cpu) not in self.coming:
            alone = step_cpu(self.scene, self.nodes[number], cpu) if number not in self.edges else None
            step, to = self.steps.get((number, cpu), (alone, None))
            here = tuple(zip(step.regions, step.purposes, strict=True)) if step else ()
            if step and step.pending:
                here += (find_regions_alone(step, self.scene.revision) if to is None
                         else self.find_coming_regions(to, cpu))
            self.coming[number, cpu] = here
        return self.coming[number, cpu]


def name_node(node: Node) -> str:
    """Return a text that is the same for equal nodes: all of the state, and where the scripts are."""
    return json.dumps([to_json(node.state), node.begun], sort_keys=True)


def encode_revision(revision: Revision) -> RevisionValue:
    """Return a revision as its sign needs it."""
    return {"id": revision.name, "letter": revision.name[0], "late": revision.name != "pre"}


def find_regions_alone(step: Step, revision: Revision) -> tuple[Region, ...]:
    """Return the regions that follow a step in its call if no other CPU gets in."""
    end = finish(step, revision)
    return tuple(zip(end.regions, end.purposes, strict=True))[len(step.regions):]


def encode_edge(before: State, step: Step, begun: bool, properties: tuple[Always, ...] = ASKED,
                to: int | None = None) -> EdgeValue:
    """Return a step as the bench knows it, with the number of the state it leads to."""
    kind = "panic" if step.state.end else "step"
    if kind == "step" and step.refused:
        kind = "nothing" if step.refused[0] is None else "refused"
    if kind == "step" and step.events:
        kind = "warn"
    text, breaks = record_step(step, begun), find_broken(before, step, properties)
    ret = None if step.pending or step.state.end else text.outcome.removeprefix("= ").split(" ! ")[0]
    value: EdgeValue = {"cpu": step.cpu, "label": shorten(step.call.name), "line": str(text),
                        "says": describe_step(before, step), "kind": kind, "ret": ret, "to": to}
    if breaks:
        value["breaks"] = breaks
    return value


def list_kept(flight: Flight | None) -> list[str]:
    """Return the structs that a call keeps a pointer to across a gap: VMs, vCPUs, and the host's struct kvm."""
    values = {value for _, value in flight.held if isinstance(value, str)} if flight else set()
    return sorted(value for value in values if find_kind(value) in ("vm", "vc", "kvm"))
