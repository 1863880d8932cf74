"""Scenarios are recorded on a machine that answers as told: the rows, and what happens when it ends or fails."""
from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from pkvm_model.conform.recordings import load
from pkvm_model.machine.chronicle import Chronicler, RecordedLife, examine, list_unknown, to_text
from pkvm_model.machine.failure import Gone, Silence
from pkvm_model.machine.life import LifeMachine
from pkvm_model.machine.likeness import compare_scenarios, list_shipped
from pkvm_model.machine.listener import EndlessRun, Heard, MachineEnded
from pkvm_model.machine.recorder import Recorder
from pkvm_model.schema import JSON

CALLS = ("__pkvm_host_share_hyp", "__pkvm_host_unshare_hyp", "__pkvm_reserve_vm", "__pkvm_unreserve_vm",
         "__kvm_vcpu_run", "__pkvm_vcpu_load", "__vgic_v3_save_aprs", "__pkvm_start_teardown_vm",
         "__pkvm_finalize_teardown_vm", "__pkvm_reclaim_dying_guest_page", "__pkvm_host_unshare_guest",
         "__pkvm_vcpu_put", "__pkvm_tlb_flush_vmid", "__pkvm_init")
NUMBERS = {name: number for number, name in enumerate(CALLS, 30)}


def hear(name: str, *arguments: int, answer: int | None = 0, inside: bool = False) -> Heard:
    """Return a call that was heard on CPU 1."""
    return Heard(1, 0 if inside else NUMBERS[name], (*arguments, 7, 7, 7, 7, 7)[:5], answer, inside=inside)


N1 = {"create 0 0": ([4], [hear("__pkvm_host_share_hyp", 0x45d0a), hear("__pkvm_reserve_vm", answer=0x1000)]),
      "shut 0": ([0], [hear("__pkvm_unreserve_vm", 0x1000, answer=9), hear("__pkvm_host_unshare_hyp", 0x45d0a)])}


class FakeMachine:
    """A machine that answers orders as told: with numbers, and with calls that are heard."""

    release, log, is_split, numbers = "7.3.4", ("Protected nVHE mode initialized successfully",), True, NUMBERS

    def __init__(self, answers: dict[str, tuple[list[int], list[Heard]]] | None = None) -> None:
        self.answers, self.heard, self.resets, self.is_closed = answers or {}, list[Heard](), 0, False
        self.listener = SimpleNamespace(numbers=NUMBERS, take=self.take)
        self.failure: Exception | None = None
        self.emulator = SimpleNamespace(console=SimpleNamespace(text="Kernel command line\n"))

    def take(self) -> list[Heard]:
        """Return what was heard since the last time."""
        heard, self.heard = self.heard, []
        return heard

    def reset(self) -> None:
        """Count the resets."""
        self.resets += 1

    def close(self) -> None:
        """Note that it is given up."""
        self.is_closed = True

    def obey(self, order: str) -> list[int]:
        """Answer an order, or fail at it."""
        usual = [0, 6, 0x10000000, 1, 0x100] if order.startswith("run") else [0, 0]
        answer, self.heard = self.answers.get(order, (usual, []))
        if self.failure and order.startswith("run"):
            raise self.failure
        return answer

    def inject(self, number: int, arguments: list[int]) -> Heard:
        """Answer an injected call."""
        if isinstance(self.failure, MachineEnded):
            return Heard(0, number, tuple(arguments), None)
        return Heard(0, number, tuple(arguments), -22, known=number in NUMBERS.values())


def record(name: str, machine: FakeMachine) -> list[JSON]:
    """Return the rows of a scenario."""
    return Recorder(cast(LifeMachine, machine)).record(name)


def test_the_rows_of_a_life_have_the_form_of_the_recordings() -> None:
    rows = record("n1", FakeMachine(N1))
    head = {"kernel": "7.3.4", "mode": "nVHE", "scenario": "n1"}
    assert rows[:4] == [
        head | {"seq": 1, "side": "user", "call": "mark", "args": [1], "ret": None},
        head | {"seq": 2, "side": "hyp", "call": "__pkvm_host_share_hyp", "args": ["0x45d0a"], "ret": 0, "cpu": 1},
        head | {"seq": 3, "side": "hyp", "call": "__pkvm_reserve_vm", "args": [], "ret": 0x1000, "cpu": 1},
        head | {"seq": 4, "side": "user", "call": "create_vm type=0 ok", "args": [], "ret": None}]
    assert [row["ret"] for row in rows if row["call"] == "__pkvm_unreserve_vm"] == [None]
    assert list(rows[1]) == ["kernel", "mode", "scenario", "seq", "side", "call", "args", "ret", "cpu"]


def test_a_recording_reads_as_one_and_is_like_that_of_the_course(tmp_path: Path) -> None:
    path = tmp_path / "n1.jsonl"
    path.write_text(to_text([RecordedLife("n1", tuple(record("n1", FakeMachine(N1))))]), encoding="utf-8")
    assert compare_scenarios(load(path).scenario("n1"), list_shipped("7.3.4")["n1"]).lines == ()


def test_findings_show_differences_to_model_and_recording() -> None:
    other = N1 | {"shut 0": ([0], [N1["shut 0"][1][0], hear("__pkvm_host_unshare_hyp", 0x45d0a, answer=-16)])}
    for answers, differs in ((N1, False), (other, True)):
        findings = examine([RecordedLife("n1", tuple(record("n1", FakeMachine(answers))))], "7.3.4")
        assert findings.differs is differs
        assert bool(findings.tally.disagreements) is differs
        assert [bool(each.lines) for each in findings.comparisons] == [differs]


def test_what_a_natural_recording_leaves_out() -> None:
    run = ([0, 6, 0x10000000, 1, 0x102], [hear("__vgic_v3_save_aprs"), hear("", 0x1000, 0, answer=5, inside=True)])
    assert all(row["side"] == "user" for row in record("n3", FakeMachine({"run 0 0": run})))
    injected = [row for row in record("n26", FakeMachine({"run 0 0": run})) if row["side"] == "hyp"]
    assert [(row["call"], row["ret"], row.get("internal")) for row in injected[:2]] == [
        ("__vgic_v3_save_aprs", None, None), ("pkvm_load_hyp_vcpu", "vcpu", True)]


@pytest.mark.parametrize(("answer", "says"), [
    ([0, 6, 0x10000000, 1, 0x102], "run vcpu=0 ret=0 exit=MMIO addr=10000000 w=1 data=102"),
    ([-22, 0, 0, 0, 0], "run vcpu=0 ret=-1 errno=22 exit=0"), ([0, 17, 0, 0, 0], "run vcpu=0 ret=0 exit=17")])
def test_how_a_run_ended(answer: list[int], says: str) -> None:
    assert says in [row["call"] for row in record("n3", FakeMachine({"run 0 0": (answer, [])}))]


@pytest.mark.parametrize(("answers", "says"), [
    ({"read 0 0": ([0, 0xb9000020], []), "read 0 10": ([0, 0x101], [])},
     ["host_read after_close page0=b9000020", "host_read after_close page10=00000101"]),
    ({"read 0 0": ([11, 0], [])}, ["host_read after_close signal=11"])])
def test_what_the_host_reads(answers: dict[str, tuple[list[int], list[Heard]]], says: list[str]) -> None:
    assert [row["call"] for row in record("n3", FakeMachine(answers)) if "host_read" in row["call"]] == says


def test_an_injected_call_has_the_last_hcr_and_says_if_it_is_unknown() -> None:
    run = ([0, 6, 0x10000000, 1, 0x100], [hear("__pkvm_vcpu_load", 0x1000, 0, 0x480, answer=1)])
    rows = [row for row in record("n24", FakeMachine({"run 0 0": run})) if row["side"] == "inject"]
    assert rows[1]["args"] == ["0x1000", "0x5", "0x480"]
    assert (rows[0]["call"], rows[0]["ret"], rows[0]["err"]) == ("__kvm_vcpu_run", -22, "EINVAL")
    unknown = [row for row in record("n20", FakeMachine()) if row["call"] == "unknown_id_200"]
    assert [(row["args"], row["ret"], row["smccc"]) for row in unknown] == [(["0x1", "0x2", "0x3"], None, -1)]
    assert "cpu" not in unknown[0]


def test_a_panic_in_an_injected_call_ends_the_recording() -> None:
    machine = FakeMachine()
    ended = MachineEnded("__pkvm_teardown_vm")
    machine.inject = lambda number, arguments: (_ for _ in ()).throw(ended)  # type: ignore[method-assign]
    rows = record("n26", machine)
    assert [(row["side"], row["call"], row["ret"]) for row in rows[-3:]] == [
        ("inject", "__pkvm_start_teardown_vm", None), ("hyp", "hyp_panic", None), ("meta", "end", None)]
    assert rows[-3]["note"] == "did not return: hyp panic"


def test_a_run_that_the_host_tries_for_ever_is_cut_short() -> None:
    machine = FakeMachine({"run 0 0": ([0, 6, 0, 0, 0], [hear("__kvm_vcpu_run", answer=-22)] * 8)})
    machine.failure = EndlessRun("for ever")
    rows = record("n3", machine)
    assert [row["call"] for row in rows[-4:]] == [*["__kvm_vcpu_run"] * 3, "__kvm_vcpu_run repeated"]
    assert rows[-1]["note"].startswith("returned EINVAL 8 times")
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))


def test_a_host_that_panics_has_the_last_word_and_the_next_scenario_a_new_machine() -> None:
    machines = [FakeMachine(N1), FakeMachine(N1)]
    machines[0].failure = Gone("the emulator has ended")
    machines[0].emulator = SimpleNamespace(console=SimpleNamespace(text="[ 1.0] Kernel panic - not syncing: why\n..."))
    chronicler = Chronicler(cast(LifeMachine, machines[0]), lambda: cast(LifeMachine, machines[1]))
    rows = chronicler.record("n22").rows
    assert [(row["side"], row["call"]) for row in rows[-2:]] == [
        ("dmesg", "Kernel panic - not syncing: why"), ("meta", "end")]
    assert not machines[0].is_closed
    assert chronicler.record("n1").rows[-1]["call"] == "mark"
    assert machines[0].is_closed


def test_a_scenario_goes_on_in_the_boot_of_the_one_before_only_if_it_belongs_to_it() -> None:
    machine = FakeMachine()
    recorder = Recorder(cast(LifeMachine, machine))
    for name, resets in (("n25", 1), ("p25", 1), ("p25", 2), ("n3", 3), ("p25", 4), ("n1", 5)):
        recorder.record(name)
        assert machine.resets == resets


def test_a_machine_that_fails_is_replaced() -> None:
    machines = [FakeMachine(N1), FakeMachine(N1), FakeMachine(N1)]
    machines[0].failure = machines[1].failure = Silence("no answer")
    left = machines[1:]
    chronicler = Chronicler(cast(LifeMachine, machines[0]), lambda: cast(LifeMachine, left.pop(0)))
    assert chronicler.record("n3").failure == ""
    assert [machine.is_closed for machine in machines] == [True, True, False]


def test_machines_that_all_fail_leave_a_reason() -> None:
    def start() -> LifeMachine:
        machine = FakeMachine()
        machine.failure = Silence("no answer")
        return cast(LifeMachine, machine)

    chapter = Chronicler(start(), start).record("n3")
    assert chapter == RecordedLife("n3", (), "in 3 tries, each on a new machine: no answer")


def test_names_that_no_scenario_has_are_found() -> None:
    assert list_unknown(["n3", "p3", "x1", "n99"], split=False) == ["p3", "x1", "n99"]
    assert list_unknown(["p25", "n25"], split=True) == []


def test_a_file_has_one_row_a_line() -> None:
    text = to_text([RecordedLife("n1", tuple(record("n1", FakeMachine(N1))))])
    assert [json.loads(line)["seq"] for line in text.splitlines()] == list(range(1, text.count("\n") + 1))
