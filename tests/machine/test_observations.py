"""Interleavings observed on a kernel: read strictly, written as they were, compared with the model."""
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pkvm_model.machine.interleavings import interleavings
from pkvm_model.machine.observations import (
    AGREES,
    Observation,
    ObservationError,
    Observations,
    read,
)
from pkvm_model.machine.recheck import compare, to_text, write
from pkvm_model.model.revisions import UPSTREAM
from pkvm_model.schema import JSON

ORIGIN: JSON = {
    "format": 1, "kernel": "7.3.4", "package": "linux-binary-7.3.4-arm64", "version": "7.3.4-1~bpo13+1",
    "emulator": "QEMU 7.2.22", "machine": "virt, cortex-a72, 2 CPUs", "mode": "nVHE", "date": "2026-11-30",
    "stops": {"__pkvm_host_unshare_guest": ["__pkvm_host_unshare_guest", "put_pkvm_hyp_vm"]}}
R7: JSON = {
    "name": "R7 by hand", "race": "R7", "verdict": "agrees", "notes": {"0": "made by hand", "11": "stopped"},
    "trace": ["pkvm-trace 1 upstream slots=2",
              "0 __pkvm_host_share_hyp(kvm0) = 0",
              "0 __pkvm_reserve_vm() = 0x1000",
              "0 __pkvm_host_share_hyp(hv0.0) = 0",
              "0 __pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0) = 0",
              "0 __pkvm_init_vcpu(0x1000, hv0.0, vc0.0) = 0",
              "0 __pkvm_vcpu_load(0x1000, 0) = void",
              "0 __pkvm_host_share_guest(g0, 0) = 0",
              "0 __kvm_vcpu_run(hv0.0) = 2",
              "0 __pkvm_vcpu_put() = void",
              "0 __pkvm_start_teardown_vm(0x1000) = 0",
              "0 __pkvm_host_unshare_guest(0x1000, 0) ...",
              "1 __pkvm_finalize_teardown_vm(0x1000) = -EINVAL",
              "0 resume ...",
              "1 __pkvm_finalize_teardown_vm(0x1000) = -EINVAL",
              "0 resume = 0",
              "1 __pkvm_finalize_teardown_vm(0x1000) = 0"]}
TERRITORY = {"kvm0": "SB 0 0", "hv0.0": "SB 0 0", "vm0": "O- 0 0", "pgd0": "O- 0 0", "vc0.0": "O- 0 0", "g0": "O- 0 0"}


def saved(folder: Path, *lines: JSON) -> Path:
    """Return a file with these objects, one per line."""
    path = folder / "made.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def with_step(number: int, row: str) -> JSON:
    """Return the example with another row as step `number`."""
    trace = [*R7["trace"][:number], row, *R7["trace"][number + 1:]]
    return R7 | {"trace": trace}


def refusal(folder: Path, *lines: JSON) -> str:
    """Return the message with which a file is refused."""
    with pytest.raises(ObservationError) as refused:
        read(saved(folder, *lines))
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_what_was_written_is_read_again_and_the_text_is_the_same(tmp_path: Path) -> None:
    first = read(saved(tmp_path, ORIGIN, R7))
    write(tmp_path / "again.jsonl", first)
    assert read(tmp_path / "again.jsonl") == first
    assert [json.loads(line) for line in to_text(first).splitlines()] == [ORIGIN, R7]
    assert first.origin.revision is UPSTREAM
    assert first.every[0].notes == {0: "made by hand", 11: "stopped"}


def test_a_territory_is_written_as_it_was_read_and_compared(tmp_path: Path) -> None:
    seen = read(saved(tmp_path, ORIGIN, R7 | {"territory": TERRITORY}))
    assert [json.loads(line) for line in to_text(seen).splitlines()] == [ORIGIN, R7 | {"territory": TERRITORY}]
    assert compare(seen) == ()


@pytest.mark.parametrize("holding", ["-O 0 0", "SB 0 0", "O- 1 0", "O- 0 1"])
def test_a_page_that_is_somebody_elses_is_a_difference(tmp_path: Path, holding: str) -> None:
    kept, = compare(read(saved(tmp_path, ORIGIN, R7 | {"territory": TERRITORY | {"g0": holding}})))
    assert kept.number == 16
    assert "; page g0 on the machine: host " in str(kept)


@pytest.mark.parametrize(("changes", "message"), [
    ({"territory": {"g0": "XO 0 0"}}, "SB 0 1"),
    ({"territory": {"g0": "O- 0"}}, "SB 0 1"),
    ({"territory": {"g0": "O- 00 1"}}, "SB 0 1"),
    ({"territory": {"g0": ["O-", 0, 0]}}, "SB 0 1"),
    ({"territory": {"a page": "O- 0 0"}}, "the name of a page"),
    ({"territory": TERRITORY, "verdict": "not tried"}, "not made to its end")])
def test_a_territory_that_cannot_be_is_refused(tmp_path: Path, changes: JSON, message: str) -> None:
    refused = refusal(tmp_path, ORIGIN, R7 | changes)
    assert refused.startswith("made.jsonl, line 2: ")
    assert message in refused


def test_the_example_agrees_with_the_model_whatever_the_guest_ended_its_run_with(tmp_path: Path) -> None:
    assert compare(read(saved(tmp_path, ORIGIN, R7))) == ()


@pytest.mark.parametrize(("number", "row", "model"), [
    (2, "0 __pkvm_reserve_vm() = 0x1001", "= 0x1000"),
    (8, "0 __kvm_vcpu_run(hv0.0) = -EINVAL", "= 0"),
    (12, "1 __pkvm_finalize_teardown_vm(0x1000) = 0", "= -EINVAL"),
    (13, "1 resume ...", "CPU 1 is not in the middle of a call; begin one"),
    (16, "1 __pkvm_finalize_teardown_vm(0x1000) ! EL2_PANIC __pkvm_finalize_teardown_vm", "= 0")])
def test_the_first_step_that_the_model_answers_differently_is_named(tmp_path: Path, number: int, row: str,
                                                                    model: str) -> None:
    mismatches = compare(read(saved(tmp_path, ORIGIN, with_step(number, row))))
    assert [(each.number, str(each.line), each.model) for each in mismatches] == [(number, row, model)]
    assert str(mismatches[0]) == f"R7 by hand, step {number}: {row}; the model says {model}"


def test_a_call_that_did_not_stop_shows_in_the_steps_after_it(tmp_path: Path) -> None:
    whole = with_step(11, "0 __pkvm_host_unshare_guest(0x1000, 0) = 0")
    assert [(each.number, each.model) for each in compare(read(saved(tmp_path, ORIGIN, whole)))] == [(12, "= 0")]


def test_a_panic_is_the_same_wherever_it_was_seen(tmp_path: Path) -> None:
    name = "R9-heir-donate_guest.g1.0-force_reclaim_guest_page.g0-01"
    each = next(each for each in interleavings(UPSTREAM) if each.name == name)
    trace = str(each.trace).splitlines()[:-1]
    assert trace[-1].endswith("! EL2_PANIC __pkvm_host_force_reclaim_page_guest")
    seen = R7 | {"trace": [*trace[:-1], trace[-1].rpartition(" ")[0] + " hyp_panic"], "notes": {}}
    assert compare(read(saved(tmp_path, ORIGIN, seen))) == ()


def test_what_the_model_itself_does_reads_as_an_observation_that_agrees(tmp_path: Path) -> None:
    made = interleavings(UPSTREAM)[:60]
    origin = read(saved(tmp_path, ORIGIN)).origin
    every = Observations(origin, tuple(Observation(each.name, each.race, UPSTREAM, each.trace.config, each.trace.lines,
                                                   AGREES) for each in made))
    write(tmp_path / "all.jsonl", every)
    assert read(tmp_path / "all.jsonl") == every
    assert compare(every) == ()


def test_another_kernel_of_the_model_shows_where_it_differs(tmp_path: Path) -> None:
    each = read(saved(tmp_path, ORIGIN, R7)).every[0]
    mutant = replace(each, revision=UPSTREAM.without("finalize_unreferenced"))
    assert [(found.number, found.model) for found in compare([mutant])] == [(12, "! EL2_PANIC hyp_donate_host")]


BROKEN = [
    ("no lines", [], "made.jsonl: this file has no lines; the first one is the origin"),
    ("no origin", [R7], "line 1: origin has an unknown field 'name'"),
    ("another format", [ORIGIN | {"format": 2}], "line 1: origin.format must be 1, not 2"),
    ("an unknown kernel", [ORIGIN | {"kernel": "5.10.1"}], "line 1: kernel '5.10.1' is not known here; known are 6.19"),
    ("a wrong date", [ORIGIN | {"date": "today"}], "line 1: origin.date must be a date such as 2026-11-30"),
    ("an unknown field", [ORIGIN, R7 | {"more": 1}], "line 2: observation has an unknown field 'more'"),
    ("an unknown verdict", [ORIGIN, R7 | {"verdict": "good"}], "line 2: observation.verdict must be agrees, dif"),
    ("a note on no step", [ORIGIN, R7 | {"notes": {"99": "?"}}], "line 2: notes: there is no step 99"),
    ("a note on a word", [ORIGIN, R7 | {"notes": {"x": "?"}}], "a name in observation.notes must be a number"),
    ("one name twice", [ORIGIN, R7, R7], "line 3: there is a 'R7 by hand' already; give each observation its own name"),
    ("no header", [ORIGIN, R7 | {"trace": ["0 resume = 0"]}], "line 2: trace: a trace begins with 'pkvm-trace'"),
    ("another kernel", [ORIGIN, R7 | {"trace": ["pkvm-trace 1 pre"]}], "trace: this kernel is played as upstream"),
    ("a mutant", [ORIGIN, R7 | {"trace": ["pkvm-trace 1 upstream without=run_host_vcpu"]}], "trace: this kernel is"),
    ("no step", [ORIGIN, with_step(3, "hello")], "line 2: step 3: 'hello' is not a step"),
    ("no call", [ORIGIN, with_step(3, "0 f() = 0")], "line 2: step 3: there is no call 'f'"),
    ("a call of another kernel", [ORIGIN, with_step(3, "0 __pkvm_teardown_vm(0x1000) = 0")],
     "step 3: upstream has no __pkvm_teardown_vm"),
    ("no CPU", [ORIGIN, with_step(3, "2 __pkvm_reserve_vm() = 0")], "step 3: there is no CPU 2; this machine has 2"),
    ("no outcome", [ORIGIN, with_step(3, "0 __pkvm_reserve_vm() = well")], "step 3: '= well' is not an outcome")]


@pytest.mark.parametrize(("lines", "says"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_file_that_is_wrong_is_refused_in_one_line(tmp_path: Path, lines: list[JSON], says: str) -> None:
    assert says in refusal(tmp_path, *lines)


def test_a_file_that_is_cut_or_missing_is_refused_in_one_line(tmp_path: Path) -> None:
    path = saved(tmp_path, ORIGIN, R7)
    path.write_text(path.read_text("utf-8")[:-100], encoding="utf-8")
    with pytest.raises(ObservationError, match=r"made\.jsonl, line 2: this is not one whole JSON object; is"):
        read(path)
    with pytest.raises(ObservationError, match=r"none\.jsonl: No such file or directory; give the path of a file"):
        read(tmp_path / "none.jsonl")
