"""The bench in words: a sentence, a line for each CPU and VM, and a table."""
from __future__ import annotations

from typing import Literal

from ..graphs.contract import BenchGraph, CardValue, EdgeValue, HolderValue, LaneValue, RowValue, SideValue, SlotValue
from ..text import count
from .walk import BenchWalk, PropertyResult

VIEWS: tuple[Literal["host", "hyp", "guest"], ...] = ("host", "hyp", "guest")
SIGNS = {"O": "[O ]", "S": "[S/]", "B": "[B/]", "-": "[- ]", "X": "[X#]"}
OWNERS = {"HOST": "H", "HYP": "Y", "GUEST": "G"}


def describe_step(walk: BenchWalk) -> str:
    """Return the position of the bench and what the last step did."""
    graph, edge = walk.graph, walk.edge
    place = f"step {len(walk.path)}" if walk.path else "before the first step"
    return f"{graph['title']} ({graph['revision']['id']}), {place}. {walk.says}{show_answer(edge)}"


def show_answer(edge: EdgeValue | SideValue | None) -> str:
    """Return the sign of a result other than plain success."""
    kind = edge["kind"] if edge else "step"
    code = f" -> {edge['ret']}" if edge and edge["ret"] else ""
    signs = {"refused": code, "nothing": " -> nothing", "warn": " (host WARN)", "panic": " (EL2 PANIC)"}
    return signs.get(kind, "")


def shows(graph: BenchGraph, name: str) -> bool:
    """Return True if the chapter of a bench has explained a page or a detail."""
    return name in graph.get("shows", [name])


def describe_lane(name: str, lane: LaneValue, with_locks: bool = True) -> str:
    """Return a CPU's call, position, next region, and what it keeps."""
    if not lane["call"]:
        return f"{name}: {lane['where']}."
    keeps = f"; holds {', '.join(lane['keeps'])}" if lane["keeps"] else ""
    gone = " (given back)" if lane["stale"] else ""
    return f"{name}: {lane['call']}, {lane['where']}{describe_next(lane, with_locks)}{keeps}{gone}."


def describe_next(lane: LaneValue, with_locks: bool) -> str:
    """Return what the next click on a CPU does, as the end of a phrase; '' if it waits or the machine has ended."""
    following = next((region for region in lane["regions"] if region["when"] == "next"), None)
    if following is None:
        return ""
    if lane.get("whole"):
        return "; one click makes the whole call"
    locks = f"{show_locks(following['locks'])} " if with_locks else ""
    return f"; next {locks}{following['says']}"


def show_locks(locks: str) -> str:
    """Return the locks as `[H+G]`, or `[]` for none."""
    return f"[{'+'.join(letter for letter in locks if letter.isalpha())}]"


def describe_card(graph: BenchGraph, card: CardValue) -> str:
    """Return a VM's state, count with holders, dying flags on both sides, vCPUs and stocks, as far as explained."""
    holders = ", ".join(describe_holder(holder) for holder in card["holders"]) or "nobody"
    vcpus = "".join(f"; vCPU {vcpu['idx']} {vcpu['word']}" for vcpu in card["vcpus"])
    memo = f", host memo {card['memo']}" if shows(graph, "memo") else ""
    count = f"count {card['count']} ({holders}); dying: EL2 {card['dying']}{memo}"
    stocks = f"; memcaches: {card['caches']}" if shows(graph, "caches") else ""
    back = f"; given back: {card['back'] or 'nothing yet'}" if shows(graph, "back") else ""
    return f"VM {card['handle']}: {card['word']}, {card['where']}; {count}{vcpus}{stocks}{back}."


def describe_holder(holder: HolderValue) -> str:
    """Return who holds a reference, and for how long."""
    says = str(holder["says"])
    return f"{says}, this call" if holder["kind"] == "call" and not holder["stale"] else says


def describe_slot(number: int, slot: SlotValue) -> str:
    """Return a slot of the VM table."""
    return f"slot {number} ({slot['handle']}): {slot['word']}"


def describe_property(prop: PropertyResult) -> str:
    """Return a property's sign and sentence, and the reason if it is broken."""
    if prop.word == "broken":
        return f"BROKEN {prop.name}: {prop.says} {prop.reason}{f' (step {prop.step})' if prop.step else ''}."
    return f"{'ok' if prop.word == 'holds' else 'empty'} {prop.name}: {prop.says}"


def describe_properties(walk: BenchWalk) -> list[str]:
    """Return a line for each property, broken ones first."""
    return [describe_property(prop) for prop in sorted(walk.properties, key=lambda prop: prop.word != "broken")]


def describe_state(walk: BenchWalk) -> list[str]:
    """Return a line for everything but the pages."""
    state, graph = walk.state, walk.graph
    end = [f"EL2 PANIC: {state['end']['says']}"] if state["end"] else []
    lanes = [describe_lane(name, lane, shows(graph, "locks"))
             for name, lane in zip(graph["cpus"], state["lanes"], strict=True)]
    slots = "; ".join(describe_slot(number, slot) for number, slot in enumerate(state["slots"]))
    return [*end, *lanes, f"VM table: {slots}.", *(describe_card(graph, card) for card in state["vms"])]


def make_page_rows(walk: BenchWalk) -> list[list[str]]:
    """Return the ownership table in ASCII signs, head first."""
    head = ["page", *VIEWS, "owner", "counts", "in words"]
    names = [name for name, _ in walk.graph["pages"]]
    return [head, *(make_page_row(names[page], walk.state["pages"][page]) for page in choose_pages(walk))]


def choose_pages(walk: BenchWalk) -> list[int]:
    """Return the pages that the chapter has explained, and each that is still used although it was given back."""
    stale = {card["vm"] for card in walk.state["vms"] for holder in card["holders"] if holder["stale"]}
    names = (name for name, _ in walk.graph["pages"])
    return [page for page, name in enumerate(names) if shows(walk.graph, name) or name in stale]


def count_unused(walk: BenchWalk) -> str:
    """Return how many pages are left out, '' if none is."""
    unused = len(walk.graph["pages"]) - len(choose_pages(walk))
    return f"{count(unused, 'more page')} that this chapter does not use" if unused else ""


def make_page_row(name: str, row: RowValue) -> list[str]:
    """Return the row of a page: signs, owner, counts and sentence."""
    owner = f"{OWNERS[row['owner']]} {row['owner']}"
    return [name, *(SIGNS[row[view]] for view in VIEWS), owner, row["count"], row["says"]]


def align_columns(rows: list[list[str]]) -> list[str]:
    """Return rows of cells as lines with aligned columns."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def describe_bench(walk: BenchWalk) -> str:
    """Return a sentence, a line for each CPU and VM, the ownership table, and the properties."""
    pages = [*align_columns(make_page_rows(walk)), *filter(None, [count_unused(walk)])]
    return "\n".join([describe_step(walk), *describe_state(walk), "", *pages, "", *describe_properties(walk)])
