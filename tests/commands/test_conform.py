"""What the command prints, what a foreign program can do with the model, and the comparison of all vectors."""
from __future__ import annotations

import contextlib
import io
import json
import re
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pkvm_model.commands import conform as conform_command
from pkvm_model.conform import begin, new, resume, state, step
from pkvm_model.conform.compare import conform
from pkvm_model.conform.recordings import RECORDINGS
from pkvm_model.conform.tally import Tally
from pkvm_model.model.state import Config
from pkvm_model.model.trace import parse, replay
from pkvm_model.model.view import ModelError
from tests.conform.files import VECTORS, changed, run, some, write

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/conformance.md").read_text(encoding="utf-8")
SCENARIOS = str(VECTORS / "scenarios-v1.jsonl.gz")


def test_agreeing_files_exit_with_zero_and_a_total() -> None:
    status, out, errors = run("conform", SCENARIOS, str(RECORDINGS / "6.19.14-natural.jsonl"))
    first, second, last = out.splitlines()
    assert (status, errors) == (0, "")
    assert first == f"{SCENARIOS}: 32 sequences, 277 steps; 0 disagreements"
    assert re.search(r": \d+ sequences, \d+ rows; 0 disagreements", second)
    assert re.fullmatch(r"2 files: \d+ sequences, 277 steps, \d+ rows; 0 disagreements", last)


def test_the_first_disagreement_shows_both_sides_and_a_trace_that_replays() -> None:
    status, out, _ = run("conform", "--as", "merged", SCENARIOS)
    assert status == 1
    assert 'ret in the model:    -22' in out
    assert 'ret in the file:     "pending"' in out
    trace = parse("\n".join(line[6:] for line in out.splitlines() if line.startswith("      ")))
    assert (trace.revision.name, replay(trace).differs) == ("merged", "")
    assert str(trace.lines[-1]) == "0 __pkvm_host_unshare_guest(0x1000, 0) = -EINVAL"


@pytest.mark.parametrize("kind", ["scenarios", "interleave", "random", "bfs"])
def test_the_trace_to_a_disagreement_replays_for_every_kind(tmp_path: Path, kind: str) -> None:
    part = "probes" if kind == "bfs" else "steps"
    for vector in some(f"{kind}-v1")[:20]:
        last = len(vector[part]) - 1
        broken = changed(vector, (part, last, "ret"), lambda old: -99)
        tally = conform(write(tmp_path, [broken]))
        assert tally.first
        assert replay(parse(tally.first.trace)).differs == ""


def test_a_file_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    status, out, errors = run("conform", str(tmp_path / "other.json"), SCENARIOS, str(tmp_path / "none"))
    assert (status, errors.count("\n")) == (2, 2)
    assert out.splitlines()[-1] == "1 file, 2 more not read: 32 sequences, 277 steps; 0 disagreements"


def test_json_has_the_same_counts() -> None:
    status, out, _ = run("conform", "--json", "--as", "merged", SCENARIOS)
    given = json.loads(out)
    assert (status, given["unreadable"], len(given["files"])) == (1, 0, 1)
    assert given["total"]["disagreements"] == sum(given["total"]["fields"].values()) > 0
    assert given["files"][0]["steps"] == 277


def test_a_long_comparison_reports_its_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 1000, 2))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    progress, errors = conform_command.ProgressPrinter("name"), io.StringIO()
    with contextlib.redirect_stderr(errors):
        for number in range(1, 7):
            progress(Tally(sequences=number))
    assert errors.getvalue() == ("name: 3 sequences so far, 0 disagreements\n"
                                 "name: 6 sequences so far, 0 disagreements\n")


def test_the_example_of_the_document_runs_as_printed() -> None:
    code, printed = re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", DOCUMENT, re.DOTALL)[0]
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})
    assert out.getvalue() == printed


def test_the_document_names_every_size() -> None:
    assert all(f"`{name}`" in DOCUMENT for name in Config._fields)


@pytest.mark.parametrize("config", [{"cpus": 3, "slots": 3, "vm_pages": 2, "vcpu_pages": 2}, {}])
def test_a_larger_machine_lives_and_dies_like_a_small_one(config: dict[str, int]) -> None:
    machine = new("upstream", config)
    for page in ("kvm2", "hv2.0", "hv2.1", "hv2.2"):
        step(machine, 0, "__pkvm_host_share_hyp", {"page": page})
    last = max(config.get("slots", 1), 1)
    handle = [step(machine, 0, "__pkvm_reserve_vm")["ret"] for _ in range(last)][-1]
    step(machine, 0, "__pkvm_init_vm", {"kvm": "kvm2", "handle": handle, "nr_vcpus": 3, "vm_mem": "vm2",
                                        "pgd_mem": "pgd2"})
    for idx in range(3):
        made = {"handle": handle, "host_vcpu": f"hv2.{idx}", "vcpu_mem": f"vc2.{idx}"}
        assert step(machine, 0, "__pkvm_init_vcpu", made)["ret"] == 0
    cpu = config.get("cpus", 2) - 1
    step(machine, cpu, "__pkvm_vcpu_load", {"handle": handle, "idx": 2})
    assert (state(machine) or {})["loaded"][cpu] == [handle, 2]
    step(machine, cpu, "__pkvm_vcpu_put")
    step(machine, 0, "__pkvm_start_teardown_vm", {"handle": handle})
    freed = step(machine, 0, "__pkvm_finalize_teardown_vm", {"handle": handle})["freed"]
    assert freed == {"meta": 4 * config.get("vm_pages", 1), "s2": 2, "meta_zero": True, "host_owned": True}


def test_two_teardowns_at_once_free_their_own_pages_only() -> None:
    machine = new("upstream", {"slots": 2})
    for number in (0, 1):
        step(machine, 0, "__pkvm_host_share_hyp", {"page": f"kvm{number}"})
        handle = step(machine, 0, "__pkvm_reserve_vm")["ret"]
        step(machine, 0, "__pkvm_init_vm", {"kvm": f"kvm{number}", "handle": handle, "nr_vcpus": 1,
                                            "vm_mem": f"vm{number}", "pgd_mem": f"pgd{number}"})
        step(machine, 0, "__pkvm_start_teardown_vm", {"handle": handle})
    assert begin(machine, 0, "__pkvm_finalize_teardown_vm", {"handle": 4096}, most=5)["ret"] == "pending"
    for _ in range(4):
        resume(machine, 0)
    assert step(machine, 1, "__pkvm_finalize_teardown_vm", {"handle": 4097})["freed"]["s2"] == 2
    assert resume(machine, 0)["freed"] == {"meta": 1, "s2": 2, "meta_zero": True, "host_owned": True}


def test_a_foreign_program_gets_errors_for_impossible_requests() -> None:
    machine = new("pre")
    with pytest.raises(ModelError, match="revision pre has no call __pkvm_start_teardown_vm"):
        step(machine, 0, "__pkvm_start_teardown_vm", {"handle": 4096})
    with pytest.raises(ModelError, match="__pkvm_unreserve_vm wants the argument 'handle'"):
        step(machine, 0, "__pkvm_unreserve_vm")
    with pytest.raises(ModelError, match="there is no revision 'v9'"):
        new("v9")
    with pytest.raises(ModelError, match="cpus=0 is not a size"):
        new("pre", {"cpus": 0})
    with pytest.raises(ModelError, match="not in the middle of a call"):
        resume(machine, 0)


def test_all_vectors_agree(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--vectors"):
        pytest.skip("only with --vectors FOLDER, which takes minutes")
    folder = Path(request.config.getoption("--vectors"))
    files = sorted(map(str, folder.glob("*.jsonl.gz")))
    assert files, f"there are no vectors in {folder}; say where they are with --vectors FOLDER"
    assert run("conform", *files)[0] == 0


@pytest.mark.parametrize("full", [False, True])
def test_all_vectors_are_compared_only_where_somebody_says_where_they_are(full: bool) -> None:
    options = {"--full": full, "--vectors": None}
    config = SimpleNamespace(getoption=options.__getitem__)
    with pytest.raises(pytest.skip.Exception, match="only with --vectors FOLDER, which takes minutes"):
        test_all_vectors_agree(cast("Any", SimpleNamespace(config=config)))
