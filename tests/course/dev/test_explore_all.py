"""What is stored about the larger machines is found again, for the smallest of them; the others take minutes each."""
from __future__ import annotations

import pytest

from pkvm_model.course.dev.explore_all import choose_runs, describe, is_different, read_stored
from pkvm_model.course.errors import CourseError
from pkvm_model.course.paths import ROOT
from pkvm_model.explore.check import VIOLATED, explore
from pkvm_model.explore.larger import ASKED, LARGER, explore_larger, list_runs
from pkvm_model.explore.machines import AnyHost, every_call
from pkvm_model.model.revisions import REVISIONS, UPSTREAM
from pkvm_model.model.trace import parse, replay

pytest.importorskip("numpy", reason="numpy is not installed, and without it this takes too long")


def test_every_stored_run_is_complete_and_about_a_machine_that_there_is() -> None:
    runs = {(host.name, revision.name) for host, revision in list_runs()}
    assert read_stored()
    for key, row in read_stored().items():
        assert key in runs
        assert row["complete"]


def test_the_page_has_the_states_and_the_violations_of_every_stored_run() -> None:
    page = (ROOT / "docs" / "explorer.md").read_text(encoding="utf-8")
    columns = [*REVISIONS]
    for (host, revision), row in read_stored().items():
        cells = next(line for line in page.splitlines() if line.startswith(f"| `{host}` |")).split(" | ")
        violated = ", ".join(row["violated"]) or "all hold"
        assert cells[1 + columns.index(revision)].removesuffix(" |") == f"{row['states']:,}: {violated}"


def test_ordinary_vms_violate_the_same_in_a_larger_machine_as_in_the_small_one_after_as_many_steps() -> None:
    known = {revision: explore(AnyHost(REVISIONS[revision], every_call(REVISIONS[revision]), most=1), ASKED).answers
             for revision in {revision for _, revision in read_stored()}}
    for (host, revision), row in read_stored().items():
        small = {answer.prop.name: len(answer.run or ()) for answer in known[revision] if answer.verdict == VIOLATED}
        assert host.endswith("-protected") or {name: each["steps"] for name, each in row["violated"].items()} == small


def test_with_two_pages_a_page_of_a_vm_that_is_gone_can_be_mistaken_for_one_of_the_next_tenants() -> None:
    violated = read_stored()["two-pages-protected", "upstream"]["violated"]
    assert {name: each["steps"] for name, each in violated.items()} == {"I0a": 44}
    assert "has page g1 at gfn 0x1, not g0" in violated["I0a"]["reason"]
    small = AnyHost(UPSTREAM, every_call(UPSTREAM, protected=(True,)), most=1)
    assert all(answer.verdict != VIOLATED for answer in explore(small, ASKED).answers)


def test_stored_runs_into_what_is_violated_replay() -> None:
    for row in read_stored().values():
        for violation in row["violated"].values():
            assert replay(parse(violation["trace"])).differs == ""
            assert violation["reason"]


def test_two_pages_are_explored_again_with_the_same_counts_and_violations() -> None:
    found = explore_larger(LARGER["two-pages"], UPSTREAM)
    stored = read_stored()["two-pages", "upstream"]
    assert not is_different(stored, found)
    assert {name: each["steps"] for name, each in found["violated"].items()} == {
        name: each["steps"] for name, each in stored["violated"].items()}


def test_another_count_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    stored = read_stored()["two-pages", "upstream"]
    assert is_different(stored, stored | {"states": stored["states"] + 1})
    assert describe(stored) in capsys.readouterr().out


def test_an_unknown_machine_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(CourseError, match=r"no seven-vms.*two-vms"):
        choose_runs(["seven-vms"])


def test_protected_vms_are_explored_only_where_there_are_any() -> None:
    protected = [revision for host, revision in list_runs() if host.name == "two-vms-protected"]
    assert protected == [revision for revision in REVISIONS.values() if LARGER["two-vms-protected"].runs_on(revision)]
    assert UPSTREAM in protected
