"""The bench in words: a sentence, a line for each CPU and VM, and a table."""
from __future__ import annotations

from typing import Literal

from ..graphs.contract import CardValue, EdgeValue, HolderValue, LaneValue, RowValue, SideValue, SlotValue
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


def describe_lane(name: str, lane: LaneValue) -> str:
    """Return a CPU's call, position, next region, and what it keeps."""
    if not lane["call"]:
        return f"{name}: {lane['where']}."
    following = [region for region in lane["regions"] if region["when"] == "next"]
    after = "".join(f"; next {show_locks(region['locks'])} {region['says']}" for region in following[:1])
    keeps = f"; keeps {', '.join(lane['keeps'])}" if lane["keeps"] else ""
    return f"{name}: {lane['call']}, {lane['where']}{after}{keeps}{' (given back)' if lane['stale'] else ''}."


def show_locks(locks: str) -> str:
    """Return the locks as `[H+G]`, or `[]` for none."""
    return f"[{'+'.join(letter for letter in locks if letter.isalpha())}]"


def describe_card(card: CardValue) -> str:
    """Return a VM's state, count with holders, dying flags on both sides, and vCPUs."""
    holders = ", ".join(describe_holder(holder) for holder in card["holders"]) or "nobody"
    vcpus = "".join(f"; vCPU {vcpu['idx']} {vcpu['word']}" for vcpu in card["vcpus"])
    count = f"count {card['count']} ({holders}); dying: EL2 {card['dying']}, host memo {card['memo']}"
    back = f"; memcaches: {card['caches']}; given back: {card['back'] or 'nothing yet'}"
    return f"VM {card['handle']}: {card['word']}, {card['where']}; {count}{vcpus}{back}."


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
    state = walk.state
    end = [f"EL2 PANIC: {state['end']['says']}"] if state["end"] else []
    lanes = [describe_lane(name, lane) for name, lane in zip(walk.graph["cpus"], state["lanes"], strict=True)]
    slots = "; ".join(describe_slot(number, slot) for number, slot in enumerate(state["slots"]))
    return [*end, *lanes, f"VM table: {slots}.", *(describe_card(card) for card in state["vms"])]


def make_page_rows(walk: BenchWalk) -> list[list[str]]:
    """Return the ownership table in ASCII signs, head first."""
    head = ["page", *VIEWS, "owner", "counts", "in words"]
    pages = zip(walk.graph["pages"], walk.state["pages"], strict=True)
    return [head, *(make_page_row(name, row) for (name, _), row in pages)]


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
    pages = align_columns(make_page_rows(walk))
    return "\n".join([describe_step(walk), *describe_state(walk), "", *pages, "", *describe_properties(walk)])
