"""The EL2 time chart, checked against the calls that it counts."""

import re
from itertools import pairwise

import pytest

from pkvm_model.graphs import el2_time
from pkvm_model.graphs.el2_time import APART, NEAR, PAGES, LineGroup, draw_chart, round_step, svg
from pkvm_model.model.revisions import PRE, UPSTREAM, V1
from pkvm_model.model.run import call
from pkvm_model.scenes.one_shot import NEXT_TENANT
from pkvm_model.show.story import play


def line(apart: int, name: str) -> tuple[int | None, ...]:
    """Return the units of a line, None where it has no value."""
    return next(drawn.units for drawn in el2_time.lines(apart) if drawn.name == name)


def numbers(apart: int, name: str) -> list[int]:
    """Return the units of a line that has a value everywhere."""
    return [unit for unit in line(apart, name) if unit is not None]


def test_a_teardown_takes_one_unit_per_lock_region() -> None:
    before = play(NEXT_TENANT, 0).state
    whole = call(before, PRE, 0, "__pkvm_teardown_vm", 0x1000)
    one_page = el2_time.start_vm(PRE, protected=False)
    one_page = call(one_page, PRE, 0, "kvm_guest_fault", "kvm0", "g0", 0).state
    regions = {stretch.call: stretch.regions for stretch in el2_time.measure_destroy(one_page, PRE)}
    assert regions["__pkvm_teardown_vm"] == len(whole.regions)


def test_the_split_does_not_shorten_the_longest_stretch() -> None:
    assert line(NEAR, "teardown") == line(NEAR, "finalise")
    assert line(APART, "teardown") == line(APART, "finalise")


def test_the_chart_compares_two_kernels_and_in_the_patch_itself_finalise_is_as_long() -> None:
    assert {line.revision for line in el2_time.lines(APART)} == {"no kernel here", "pre", "upstream"}
    patch = el2_time.measure_destroys(V1, APART)
    assert el2_time.longest(patch, "__pkvm_finalize_teardown_vm") == line(APART, "finalise")


def test_finalise_grows_with_tables_and_not_with_the_pages_of_one_table() -> None:
    near, apart = numbers(NEAR, "finalise"), numbers(APART, "finalise")
    assert len(set(near[1:])) == 1
    assert {b - a for a, b in pairwise(apart[1:])} == {2 * (PAGES[2] - PAGES[1])}


def test_one_page_comes_home_in_a_stretch_that_does_not_grow() -> None:
    for name in ("one unshare", "one reclaim"):
        assert line(APART, name) == (None, *[3] * (len(PAGES) - 1))
    assert set(line(NEAR, "start")) == {1}


def test_all_calls_in_one_are_the_sum_of_what_the_host_calls() -> None:
    stretches = el2_time.measure_destroys(PRE, NEAR)[1]
    names = [stretch.call for stretch in stretches]
    assert names.count("__pkvm_host_unshare_guest") == PAGES[1]
    assert numbers(NEAR, "all calls of pre in one")[1] == 3 * PAGES[1] + numbers(NEAR, "teardown")[1]


def test_equal_lines_are_drawn_once_with_both_names() -> None:
    names = [group.names for group in el2_time.group_lines(NEAR)]
    assert "teardown (pre), finalise (upstream)" in names
    assert len(names) == 4


def test_a_picture_has_every_name_and_last_value_at_the_end_of_its_line_and_its_own_ground() -> None:
    for apart, says in el2_time.LAYOUTS:
        picture = svg(el2_time.picture(apart))
        words = re.sub(r"<[^>]+>", " ", picture.partition("</style>")[2])
        assert "model units" in words
        assert f"guest pages, {says}" in words
        assert '<rect width="620" height="300" fill="#FFFFFF"/>' in picture
        for group in el2_time.group_lines(apart):
            assert all(word in words for word in [*group.names.split(), str(group.units[-1])])


def test_labels_do_not_overlap_however_close_the_lines_end() -> None:
    close = [LineGroup(f"line {number}", (0, number)) for number in range(4)] + [LineGroup("high", (0, 200))]
    shapes = draw_chart(close, (0, 1), "pages").shapes
    heights = sorted(float(kept["y"]) for tag, kept, _ in shapes if kept["class"] == "value")
    assert all(below - above >= 30 for above, below in pairwise(heights))


@pytest.mark.parametrize(("least", "step"), [(0.2, 1), (1.5, 2), (3, 5), (7, 10), (28, 50), (44, 50), (51, 100)])
def test_the_axis_is_numbered_in_round_steps(least: float, step: float) -> None:
    assert round_step(least) == step


def test_a_sentence_has_the_values_of_its_row() -> None:
    row = el2_time.table(APART).rows[2]
    assert row[0] == "8"
    assert all(f": {cell}" in el2_time.sentence(APART, 2) for cell in row[1:])


def test_the_published_figure_names_its_tree_and_stands_on_no_scale() -> None:
    assert "Android’s tree" in el2_time.NOTE
    assert "150" not in re.sub(r"<[^>]+>", " ", svg(draw_chart([LineGroup("a", (1, 2))], (0, 1), "pages")))
    assert UPSTREAM.name in el2_time.table(NEAR).heads[2]
