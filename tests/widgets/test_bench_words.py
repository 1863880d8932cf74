"""The bench without a screen says what the screen shows."""

import re
from dataclasses import replace

import pytest

from pkvm_model.graphs.bench import StateGraph
from pkvm_model.scenes import Scene
from pkvm_model.scenes.start_here import COLD_OPEN
from pkvm_model.widgets.bench_static import render_bench
from pkvm_model.widgets.bench_words import describe_bench
from pkvm_model.widgets.static import DANGER
from pkvm_model.widgets.walk import BenchWalk, Walk
from tests.widgets.small_graph import TO_THE_PANIC, graph, walk_along


def test_the_first_line_describes_the_step() -> None:
    says = "EL2 refuses CPU 1’s finalise with -EBUSY: VM 0x1000 is not dying yet. (v1) -> -EBUSY"
    assert describe_bench(walk_along(1)).splitlines()[0] == f"Race R7 (v1), step 1. {says}"


def test_each_count_names_its_holders() -> None:
    assert "count 0 (nobody)" in describe_bench(walk_along())
    assert "count 1 (CPU 0 · unshare, this call)" in describe_bench(walk_along(0))
    assert "count 1 (CPU 0 · unshare); dying: EL2 struct is gone" in describe_bench(walk_along(*TO_THE_PANIC[:-1]))


def test_the_table_shows_rights_and_owner_in_signs() -> None:
    rows = [re.sub(" +", " ", line) for line in describe_bench(walk_along()).splitlines()]
    assert "vm0 [- ] [O ] [- ] Y HYP Only EL2 can use it." in rows


def test_the_end_of_the_machine_has_its_own_line() -> None:
    says = "EL2 PANIC: The machine ends: CPU 0 touches page vm0, which EL2 no longer maps."
    assert says in describe_bench(walk_along(*TO_THE_PANIC)).splitlines()


@pytest.mark.parametrize("cpus", [(), (0, 1), TO_THE_PANIC])
def test_the_stored_table_needs_no_scripts_or_attributes(cpus: tuple[int, ...]) -> None:
    page = render_bench(walk_along(*cpus))
    assert not re.search(r"<script|<svg|aria-|role=|data-|javascript", page)
    assert set(re.findall(r" (\w+)=", page)) == {"style", "scope"}
    assert page.count("owned") + page.count("borrowed") + len(re.findall(">(?:–|was here|was lent)</span>", page)) == 18


def test_words_from_a_graph_cannot_become_markup() -> None:
    odd = graph()
    odd["says"] = odd["title"] = odd["pages"][0][0] = "<b>&"
    assert "<b>&" not in render_bench(Walk(odd))


def test_broken_properties_come_first() -> None:
    assert describe_bench(walk_along()).splitlines()[-2] == "empty I3: A dying VM has no vCPU loaded."
    last = describe_bench(walk_along(*TO_THE_PANIC)).splitlines()[-3:]
    assert last[0].startswith("BROKEN I0b: EL2 never touches memory that it has given back. EL2_USE_AFTER_DONATION: ")
    assert last[0].endswith(" (step 5).")
    assert last[2] == "empty I3: A dying VM has no vCPU loaded."


def test_the_stored_table_lists_properties() -> None:
    assert "BROKEN I6" in render_bench(walk_along(*TO_THE_PANIC[:-1]))


def test_the_stored_table_shows_where_a_page_went_and_who_still_holds_it() -> None:
    """The territory and the line to its holder are in the form without scripts, as words and as borders."""
    row = next(line for line in render_bench(walk_along(*TO_THE_PANIC[:-1])).split("<tr>") if ">vm0<span" in line)
    assert ">vm0</b>owned" in row
    assert ">was here</span>" in row
    assert row.count(f"border-top:4px double {DANGER}") == 2
    assert "✕ count 1: CPU 0 · unshare" in row


def walk_scene(scene: Scene, *cpus: int) -> BenchWalk:
    """Return a walk on the bench of a scene."""
    walk: BenchWalk = Walk(StateGraph(scene).value())
    for cpu in cpus:
        walk.take(next(edge for edge in walk.edges[walk.here] if edge["cpu"] == cpu))
    return walk


def test_a_first_bench_shows_only_what_its_chapter_names() -> None:
    text = describe_bench(walk_scene(COLD_OPEN))
    assert not re.search(r"kvm0|hv0|pgd0|vc0|\[L\]|VMID|memo|memcaches|given back", text)
    assert "4 more pages that this chapter does not use" in text.splitlines()
    page = render_bench(walk_scene(COLD_OPEN))
    assert not re.search("kvm0|hv0|pgd0|vc0|memo|memcaches", page)
    assert "4 more pages that this chapter does not use" in page


def test_a_whole_call_is_announced_as_one_click() -> None:
    assert "CPU 1: __pkvm_start_teardown_vm(0x1000), is next; one click makes the whole call." in describe_bench(
        walk_scene(COLD_OPEN)).splitlines()


def test_a_hidden_page_appears_once_it_is_used_without_a_right() -> None:
    hides = replace(COLD_OPEN, shows=("g0",))
    assert "vm0 " not in describe_bench(walk_scene(hides, 1, 0)).partition("\n\n")[2]
    assert "\nvm0 " in describe_bench(walk_scene(hides, 1, 0, 1))
    assert "4 more pages" in describe_bench(walk_scene(hides, 1, 0, 1))


def test_a_hidden_page_does_not_hide_a_broken_property() -> None:
    hides = replace(COLD_OPEN, shows=("g0",), checks=True)
    assert "BROKEN I0b" in describe_bench(walk_scene(hides, 1, 0, 1, 0))


def test_a_scene_without_a_selection_shows_everything() -> None:
    text = describe_bench(walk_scene(replace(COLD_OPEN, shows=())))
    assert re.search("kvm0.*hv0.*pgd0.*vc0", text, re.DOTALL)
    assert "host memo no" in text
    assert "does not use" not in text
