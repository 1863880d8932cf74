"""Recordings of real kernels: every modelled row is compared, the others are counted, other files are refused."""
from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from pkvm_model.conform.compare import conform
from pkvm_model.conform.lines import BadFile
from pkvm_model.conform.recordings import ARGUMENTS, RECORDINGS
from pkvm_model.conform.tally import Tally
from pkvm_model.model.revisions import REVISIONS
from tests.conform.files import JSON

FILES = sorted(RECORDINGS.glob("[0-9]*.jsonl"))


def recorded(kernel: str, *scenarios: str) -> list[JSON]:
    """Return the rows of some scenarios."""
    every = [json.loads(line) for line in (RECORDINGS / f"{kernel}-natural.jsonl").read_text("utf-8").splitlines()]
    return [row for row in every if row["scenario"] in scenarios]


def compared(folder: Path, rows: list[JSON], revision: str = "") -> Tally:
    """Compare these rows with the model."""
    path = folder / "changed.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return conform(path, REVISIONS.get(revision))


def index(rows: list[JSON], call: str) -> int:
    """Return the index of the first row of a call."""
    return next(number for number, row in enumerate(rows) if row["call"] == call)


def renamed(rows: list[JSON], scenario: str) -> list[JSON]:
    """Return the same rows under the name of another scenario."""
    return [row | {"scenario": scenario} for row in rows]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_row_of_a_recording_is_compared_or_counted_by_name(path: Path) -> None:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    calls = Counter(row["call"] for row in rows if row["side"] in ("hyp", "inject"))
    tally = conform(path)
    assert tally.first is None
    assert tally.others == {call: number for call, number in calls.items() if call not in ARGUMENTS}
    assert tally.rows == sum(calls.values()) - sum(tally.others.values())


@pytest.mark.parametrize(("call", "ret"), [
    ("__pkvm_reserve_vm", 4097), ("__pkvm_init_vm", -22), ("__pkvm_host_share_guest", -1),
    ("__pkvm_host_unshare_guest", -2), ("__pkvm_start_teardown_vm", -16), ("__pkvm_finalize_teardown_vm", -2),
    ("__kvm_vcpu_run", -22), ("__pkvm_vcpu_put", 0), ("__pkvm_vcpu_sync_state", 0)])
def test_a_changed_return_is_exactly_one_disagreement(tmp_path: Path, call: str, ret: int) -> None:
    rows = recorded("7.3.4", "n3")
    rows[index(rows, call)]["ret"] = ret
    assert dict(compared(tmp_path, rows).fields) == {"ret": 1}


def test_a_recorded_panic_without_a_panic_in_the_model_is_one_disagreement(tmp_path: Path) -> None:
    rows = recorded("7.3.4", "n3")
    last = max(number for number, row in enumerate(rows) if row["call"] == "__pkvm_host_unshare_hyp")
    rows[last] |= {"note": "did not return", "ret": None}
    assert dict(compared(tmp_path, rows).fields) == {"event": 1}


def test_all_exits_from_a_guest_count_as_the_same(tmp_path: Path) -> None:
    rows = recorded("7.3.4", "n3")
    rows[index(rows, "__kvm_vcpu_run")]["ret"] = 12
    assert compared(tmp_path, rows).disagreements == 0


def test_a_call_that_the_model_does_not_have_is_counted_by_name(tmp_path: Path) -> None:
    rows = recorded("7.3.4", "n3")
    rows[index(rows, "__pkvm_vcpu_put")]["call"] = "__kvm_timer_set_cntvoff"
    assert compared(tmp_path, rows).others == {"__kvm_timer_set_cntvoff": 1}


def test_a_recording_does_not_agree_with_a_revision_that_lacks_its_calls(tmp_path: Path) -> None:
    tally = compared(tmp_path, recorded("6.19.14", "n3"), "v1")
    assert tally.fields["ret"] >= 1
    assert tally.first
    assert tally.first.model == "revision v1 has no such call"


@pytest.mark.parametrize(("release", "agrees"), [("7.0.13", True), ("7.1.13", False), ("7.2.13", False)])
def test_the_release_says_which_revision_a_kernel_is(tmp_path: Path, release: str, agrees: bool) -> None:
    rows = [row | {"kernel": release} for row in recorded("6.19.14", "n3")]
    tally = compared(tmp_path, rows)
    assert (tally.rows == 37) == agrees
    assert (tally.others["__pkvm_teardown_vm"] == 0) == agrees


@pytest.mark.parametrize("release", ["6.12.107", "6.17.13", "8.0.1"])
def test_a_kernel_that_cannot_be_replayed_is_refused_in_one_line(tmp_path: Path, release: str) -> None:
    with pytest.raises(BadFile, match=f"line 1: kernel '{release}' is not known here"):
        compared(tmp_path, [row | {"kernel": release} for row in recorded("6.19.14", "n3")])


def left_reserved(*handles: int) -> list[JSON]:
    """Return the rows of a run that only reserves these handles."""
    plain = {"kernel": "7.3.4", "mode": "nVHE", "scenario": "x1", "side": "inject", "call": "__pkvm_reserve_vm"}
    return [plain | {"seq": number, "args": [], "ret": handle} for number, handle in enumerate(handles, 1)]


def test_the_table_carries_over_if_a_handle_proves_it(tmp_path: Path) -> None:
    first, then = left_reserved(0x1000), renamed(left_reserved(0x1001), "x2")
    assert compared(tmp_path, [*first, *then]).disagreements == 0
    assert compared(tmp_path, then).disagreements == 1


def test_the_table_does_not_carry_over_without_proof(tmp_path: Path) -> None:
    assert compared(tmp_path, [*left_reserved(0x1000), *renamed(left_reserved(0x1000), "x2")]).disagreements == 0


def test_the_table_does_not_carry_over_if_it_does_not_explain_the_handles(tmp_path: Path) -> None:
    odd = renamed(left_reserved(0x1000, 0x1005), "x2")
    assert compared(tmp_path, [*left_reserved(0x1000), *odd]).disagreements == 1


def test_a_vm_left_behind_by_a_run_still_exists_in_the_next(tmp_path: Path) -> None:
    rows = recorded("7.3.4", "n3")
    first = rows[:index(rows, "__pkvm_start_teardown_vm")]
    plain = {"kernel": "7.3.4", "mode": "nVHE", "scenario": "x2", "side": "inject", "args": ["0x1000"]}
    then = [plain | {"seq": 1, "call": "__pkvm_reserve_vm", "args": [], "ret": 0x1001},
            plain | {"seq": 2, "call": "__pkvm_start_teardown_vm", "ret": 0},
            plain | {"seq": 3, "call": "__pkvm_host_unshare_guest", "args": ["0x1000", "0x80000", "0x1"], "ret": 0},
            plain | {"seq": 4, "call": "__pkvm_finalize_teardown_vm", "ret": 0},
            plain | {"seq": 5, "call": "__pkvm_reserve_vm", "args": [], "ret": 0x1000}]
    assert compared(tmp_path, [*first, *then]).disagreements == 0


def test_a_protected_vm_takes_donated_pages_and_gives_them_back(tmp_path: Path) -> None:
    rows = recorded("7.3.4", "n3")
    for row in rows:
        if row["call"].startswith("create_vm"):
            row["call"] = "create_vm type=80000000 ok"
        if row["call"] == "__pkvm_host_share_guest":
            row |= {"call": "__pkvm_host_donate_guest", "args": row["args"][:2]}
        if row["call"] == "__pkvm_host_unshare_guest":
            row |= {"call": "__pkvm_reclaim_dying_guest_page", "args": row["args"][:2]}
    assert compared(tmp_path, rows).first is None


def test_a_packed_recording_can_be_read(tmp_path: Path) -> None:
    packed = tmp_path / "packed.jsonl.gz"
    packed.write_bytes(gzip.compress(FILES[0].read_bytes()))
    assert conform(packed).rows == conform(FILES[0]).rows
