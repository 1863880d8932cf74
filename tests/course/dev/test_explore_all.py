"""What is stored about the larger machines is found again, for the smallest of them; the others take minutes each."""
from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pkvm_model.course.dev import explore_all
from pkvm_model.course.dev.explore_all import choose_runs, describe, is_different
from pkvm_model.course.errors import CourseError
from pkvm_model.course.paths import ROOT
from pkvm_model.explore.check import VIOLATED, explore
from pkvm_model.explore.larger import ASKED, LARGER, explore_larger, list_runs
from pkvm_model.explore.machines import AnyHost, every_call
from pkvm_model.explore.stored import digest_model, read_stored
from pkvm_model.model.revisions import REVISIONS, UPSTREAM
from pkvm_model.model.trace import parse, replay

DATA = ROOT / "pkvm_model" / "machine" / "data"
pytest.importorskip("numpy", reason="numpy is not installed, and without it this takes too long")


def test_every_stored_run_is_complete_and_about_a_machine_that_there_is() -> None:
    runs = {(host.name, revision.name) for host, revision in list_runs()}
    assert read_stored()
    for key, row in read_stored().items():
        assert key in runs
        assert row["complete"]
        assert row["model"] == digest_model(), f"the model has changed: course.py explore-all {' '.join(key)}"
        assert {name for name, verdict in row["verdicts"].items() if verdict == VIOLATED} == row["violated"].keys()


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


def test_with_a_second_vm_that_mistake_takes_fewer_steps() -> None:
    violated = read_stored()["two-vms-two-pages-protected", "upstream"]["violated"]
    assert {name: each["steps"] for name, each in violated.items()} == {"I0a": 30}
    assert "has page g1 at gfn 0x0, not g0" in violated["I0a"]["reason"]


def test_real_kernels_end_as_that_run_does() -> None:
    violated = read_stored()["two-pages-protected", "upstream"]["violated"]
    end = violated["I0a"]["trace"].splitlines()[-2].partition(" ")[2]
    assert end == "__pkvm_force_reclaim_guest_page(g0) ! EL2_PANIC __pkvm_host_force_reclaim_page_guest"
    for release in ("7.2.12", "7.3.4"):
        rows = map(json.loads, (DATA / f"{release}-interleavings.jsonl").read_text(encoding="utf-8").splitlines())
        alike = [row["verdict"] for row in rows if row.get("race") == "R9" and row["trace"][-1].endswith(end)]
        assert {*alike} == {"agrees"}


def test_stored_runs_into_what_is_violated_replay() -> None:
    for row in read_stored().values():
        for violation in row["violated"].values():
            assert replay(parse(violation["trace"])).differs == ""
            assert violation["reason"]


def test_two_pages_are_explored_again_with_the_same_counts_and_violations() -> None:
    found = explore_larger(LARGER["two-pages"], UPSTREAM)
    stored = read_stored()["two-pages", "upstream"]
    assert not is_different(stored, found)
    assert found["orbits"] < found["states"] / 5
    assert {name: each["steps"] for name, each in found["violated"].items()} == {
        name: each["steps"] for name, each in stored["violated"].items()}


def test_another_count_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    stored = read_stored()["two-pages", "upstream"]
    assert is_different(stored, stored | {"states": stored["states"] + 1})
    assert describe(stored) in capsys.readouterr().out


ONE = {"host": "two-pages", "revision": "v1", "model": digest_model(), "states": 7, "transitions": 8, "depth": 2,
       "complete": True, "verdicts": {"I3": "holds"}, "violated": {}, "seconds": 1.5, "mebibytes": 90}
Explore = Callable[..., int]


@pytest.fixture
def explore_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Explore:
    """Return what runs the command on a file of its own, where each search finds what it is told."""
    monkeypatch.setattr(explore_all, "STORED", tmp_path / "rows.jsonl")
    monkeypatch.setattr("pkvm_model.explore.stored.STORED", tmp_path / "rows.jsonl")

    def run(*names: str, again: bool = False, check: bool = False, every_state: bool = False, **found: Any) -> int:
        monkeypatch.setattr(explore_all, "explore_one", lambda host, revision, options: {
            **ONE, "host": host, "revision": revision, "orbits": 7 if options else 2, **found})
        return explore_all.run(Namespace(names=[*names], again=again, check=check, every_state=every_state))
    return run


def test_what_is_stored_and_right_is_kept_and_the_rest_is_explored(
        explore_again: Explore, capsys: pytest.CaptureFixture[str]) -> None:
    assert explore_again("two-pages", "v1") == 0
    assert "Stored and right: 0 of 1. To explore: 1 (1 are new)." in capsys.readouterr().out
    assert explore_again("two-pages", "v1", "merged", states=9) == 0
    assert {key: row["states"] for key, row in read_stored().items()} == {
        ("two-pages", "v1"): 7, ("two-pages", "merged"): 9}
    assert "Stored and right: 1 of 2. To explore: 1" in capsys.readouterr().out


def test_states_are_explored_that_differ_in_names_only_if_somebody_wants_that(
        explore_again: Explore, capsys: pytest.CaptureFixture[str]) -> None:
    explore_again("two-pages", "v1")
    assert "7 states in 2 orbits, 8 transitions" in capsys.readouterr().out
    explore_again("two-pages", "v1", again=True, every_state=True)
    assert "7 states, 8 transitions" in capsys.readouterr().out


def test_a_row_of_another_model_is_made_anew(explore_again: Explore) -> None:
    assert explore_again("two-pages", "v1", model="another") == 0
    assert explore_again("two-pages", "v1", states=9) == 0
    assert read_stored()["two-pages", "v1"]["states"] == 9


def test_another_count_is_an_error_and_a_check_writes_nothing(explore_again: Explore,
                                                              capsys: pytest.CaptureFixture[str]) -> None:
    explore_again("two-pages", "v1")
    assert explore_again("two-pages", "v1", check=True) == 0
    assert explore_again("two-pages", "v1", check=True, states=9) == 1
    assert "stored was something else: two-pages in v1: 7 states" in capsys.readouterr().out
    assert read_stored()["two-pages", "v1"]["states"] == 7
    assert explore_again("two-pages", "v1", again=True, verdicts={"I3": "empty"}) == 1
    assert read_stored()["two-pages", "v1"]["verdicts"] == {"I3": "empty"}


def test_a_search_that_is_given_up_is_an_error_and_not_stored(explore_again: Explore,
                                                              capsys: pytest.CaptureFixture[str]) -> None:
    assert explore_again("two-pages", "v1", complete=False) == 1
    assert "two-pages in v1: given up, it needs more than 8,192 MiB: 7 states" in capsys.readouterr().out
    assert not read_stored()


def test_what_has_not_begun_when_the_time_is_over_is_left_out(
        explore_again: Explore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(explore_all, "SECONDS", -1)
    assert explore_again("two-pages", "v1") == 1
    assert "two-pages in v1: left out, the time is over" in capsys.readouterr().out


def test_an_unknown_machine_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(CourseError, match=r"no seven-vms.*two-vms.*upstream"):
        choose_runs(["seven-vms"])


def test_protected_vms_in_a_kernel_without_them_are_no_run() -> None:
    assert choose_runs(["two-vms", "v1", "pre"]) == [("two-vms", "pre"), ("two-vms", "v1")]
    with pytest.raises(CourseError, match="no such run: two-vms-protected v1"):
        choose_runs(["two-vms-protected", "v1"])


def test_protected_vms_are_explored_only_where_there_are_any() -> None:
    protected = [revision for host, revision in list_runs() if host.name == "two-vms-protected"]
    assert protected == [revision for revision in REVISIONS.values() if LARGER["two-vms-protected"].runs_on(revision)]
    assert UPSTREAM in protected
