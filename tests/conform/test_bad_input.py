"""A file with any content is compared, or refused in one line that says where; nothing in it is evaluated."""
from __future__ import annotations

import copy
import gzip
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkvm_model import __main__ as commands
from pkvm_model.conform import vectors
from pkvm_model.conform.recordings import RECORDINGS
from pkvm_model.model.trace import parse
from tests.conform.files import JSON, changed, rows, run, some, write

SMALL = next(vector for vector in rows("scenarios-v1")
             if [step["call"] for step in vector["steps"][:2]] == ["__pkvm_reserve_vm", "__pkvm_init_vm"])
TRACE = """pkvm-trace 1 v1
0 __pkvm_host_share_hyp(kvm0) = 0
0 __pkvm_reserve_vm() = 0x1000
1 __pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0) = 0
0 __pkvm_start_teardown_vm(0x1000) = 0
state 8ad9ac99e5ff"""
ROUNDS, INPUTS = 50, {"vectors": 75, "recordings": 60, "traces": 70}
"""How often each kind of file is damaged: 50 * (75 + 60 + 70) inputs, more than ten thousand."""

BROKEN: list[tuple[str, Any, str]] = [
    ("an unknown field", ("zeal",), "vector has an unknown field 'zeal'"),
    ("an unknown field of a step", ("steps", 0, "zeal"), "steps[0] has an unknown field 'zeal'"),
    ("an unknown field of a state", ("init", "zeal"), "init has an unknown field 'zeal'"),
    ("an unknown revision", ("rev",), "vector.rev must be pre, v1, merged or upstream, not 'zeal'"),
    ("an unknown kind", ("kind",), "vector.kind must be bfs, random, interleave or scenario, not 'zeal'"),
    ("an unknown call", ("steps", 0, "call"), "steps[0]: revision v1 has no call 'zeal'"),
    ("a text for a CPU", ("steps", 0, "cpu"), "steps[0].cpu must be a number from 0 to 1, not 'zeal'"),
    ("a text for the arguments", ("steps", 0, "args"), "steps[0].args must be an object, not 'zeal'"),
    ("an unknown argument", ("steps", 0, "args", "zeal"), "steps[0]: __pkvm_reserve_vm has no argument 'zeal'"),
    ("a text for a number", ("steps", 1, "args", "nr_vcpus"), "nr_vcpus must be of type int, not 'zeal'"),
    ("a text for a return value", ("steps", 0, "ret"), "steps[0].ret must be null, pending or a number from"),
    ("an unknown event", ("steps", 0, "event"), "steps[0].event must be null, EL2_PANIC, EL2_USE_AFTER_DONATION, "),
    ("a text for a state", ("steps", 0, "state"), "steps[0].state must be null or an object, not 'zeal'"),
    ("an unknown slot", ("steps", 0, "state", "slots", "0"), "steps[0].state.slots['0'] must be free, reserved or a "),
    ("a text for the steps", ("steps",), "vector.steps must be a list, not 'zeal'"),
    ("a text for a size", ("config", "cpus"), "vector.config.cpus must be a number from 1 to 99, not 'zeal'"),
]


@pytest.fixture(autouse=True, scope="module")
def one_parser() -> Iterator[None]:
    """Let the commands share an argument parser: building a parser takes longer than reading a small file."""
    parser = commands.parser()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commands, "parser", lambda _: parser)
        yield


def conform_bytes(folder: Path, data: bytes, name: str = "broken.jsonl") -> str:
    """Return the one line with which a file of these bytes is refused."""
    (folder / name).write_bytes(data)
    status, _, errors = run("conform", str(folder / name))
    assert (status, errors.count("\n")) == (2, 1), errors
    assert name in errors
    return errors


@pytest.mark.parametrize(("path", "says"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_an_invalid_vector_is_refused_with_its_line(
        tmp_path: Path, path: tuple[str | int, ...], says: str) -> None:
    broken = changed(SMALL, path, lambda _: "zeal")
    message = conform_bytes(tmp_path, "".join(json.dumps(one) + "\n" for one in (SMALL, broken)).encode())
    assert "line 2: " in message
    assert says in message


@pytest.mark.parametrize(("value", "says"), [
    (True, "not True"), (10**30, "not 1000"), (0.5, "0.5 is not a whole number"), ([0], "not [0]")])
def test_invalid_numbers_are_rejected(tmp_path: Path, value: Any, says: str) -> None:
    broken = changed(SMALL, ("steps", 0, "ret"), lambda _: value)
    both = "".join(json.dumps(vector) + "\n" for vector in (SMALL, broken)).encode()
    message = conform_bytes(tmp_path, both)
    assert "line 2: " in message
    assert says in message


@pytest.mark.parametrize("line", [1, 2])
@pytest.mark.parametrize("name", ["rev", "ret", "nr_vcpus", "hyp"])
def test_duplicate_fields_are_refused(tmp_path: Path, name: str, line: int) -> None:
    vector = json.dumps(changed(SMALL, ("init", "hyp"), lambda _: 0))
    broken = vector.replace(f'"{name}": ', f'"{name}": 0, "{name}": ', 1)
    data = "\n".join([json.dumps(SMALL)] * (line - 1) + [broken]).encode()
    assert f"line {line}: {name!r} occurs twice in one object" in conform_bytes(tmp_path, data)


def test_duplicate_fields_in_a_recording_are_refused(tmp_path: Path) -> None:
    row = json.dumps(recording_lines()[0]).replace('"seq": ', '"seq": 7, "seq": ', 1)
    says = "line 1: 'seq' occurs twice in one object"
    assert says in conform_bytes(tmp_path, row.encode())


@pytest.mark.parametrize("field", ["cpu", "call", "args", "ret", "event", "state"])
def test_a_step_without_a_field_is_refused(tmp_path: Path, field: str) -> None:
    broken = copy.deepcopy(SMALL)
    del broken["steps"][1][field]
    assert "line 1: steps[1]" in conform_bytes(tmp_path, json.dumps(broken).encode())


@pytest.mark.parametrize(("data", "says"), [
    (b"", "line 1: the file is empty"), (b"\n", "line 1: this is neither"), (b"[1]\n", "line 1: this is neither"),
    (b"[" * 100_000, "line 1: this is neither"), (b"\x00\xff", "line 1: this is neither"),
    (TRACE.encode(), "line 1: this is neither"), (json.dumps({"counts": {}}).encode(), "line 1: this is neither")])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, data: bytes, says: str) -> None:
    assert says in conform_bytes(tmp_path, data)


@pytest.mark.parametrize("kind", ["vectors", "a recording"])
def test_a_mark_and_crlf_do_not_count_and_utf_16_and_cr_are_named(tmp_path: Path, kind: str) -> None:
    text = "".join(json.dumps(line) + "\n" for line in ([SMALL] * 2 if kind == "vectors" else recording_lines()))
    for number, data in enumerate((text.encode(), text.encode("utf-8-sig"), text.replace("\n", "\r\n").encode())):
        (tmp_path / f"{number}.jsonl").write_bytes(data)
    results = [run("conform", str(tmp_path / f"{number}.jsonl")) for number in range(3)]
    assert len({(status, out.partition(":")[2], err.partition(":")[2]) for status, out, err in results}) == 1
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        assert conform_bytes(tmp_path, text.encode(encoding)).endswith("broken.jsonl: it is UTF-16. Save it as UTF-8\n")
    assert "the lines end in CR alone" in conform_bytes(tmp_path, text.replace("\n", "\r").encode())


def test_a_file_that_ends_in_the_middle_of_a_line_is_refused(tmp_path: Path) -> None:
    data = (json.dumps(SMALL) + "\n").encode() * 3
    assert "line 3: this is not one whole JSON object" in conform_bytes(tmp_path, data[:-20])


def test_a_packed_file_that_ends_in_the_middle_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress((json.dumps(SMALL) + "\n").encode() * 3)
    assert "the file is cut short" in conform_bytes(tmp_path, packed[:-30])
    assert "line 1: the packed file is damaged" in conform_bytes(tmp_path, packed[:20] + b"?" * 50 + packed[70:])


def test_a_line_of_a_hundred_million_characters_is_not_read_whole(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "LINE_LIMIT", 10_000)
    start = json.dumps(SMALL).encode() + b"\n"
    path = tmp_path / "long.jsonl"
    with path.open("wb") as file:
        file.write(start)
        file.truncate(100_000_000)
    status, _, errors = run("conform", str(path))
    assert (status, errors) == (2, f"pkvm_model: {path}: line 2: it has more than 10000 characters\n")


def test_a_packed_line_without_end_is_not_unpacked_whole(tmp_path: Path) -> None:
    packed = gzip.compress(json.dumps(SMALL).encode() + b"\n" + b" " * 10_000_000)
    assert "line 2: it has more than 4000000 characters" in conform_bytes(tmp_path, packed)


@pytest.mark.parametrize("words", [["conform"], ["conform", "--as", "v9", "x"], ["conform", "--fast", "x"]])
def test_a_wrong_command_exits_with_two(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(*words)
    assert ended.value.code == 2


def test_a_trace_of_another_version_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text(TRACE.replace("pkvm-trace 1", "pkvm-trace 2"), encoding="utf-8")
    status, _, errors = run("replay", str(tmp_path / "new.txt"))
    assert (status, errors.count("\n")) == (2, 1)
    assert "line 1: a trace of version '2'" in errors


JUNK: list[Any] = [None, True, False, 0, -1, 1, 2**31, 2**64, -2**63, 10**400, "", "x", "zeal" * 50, "__import__('os')",
                   [], [[]], [None], {}, {"a": 1}, {"0": None}, "pending", "resume", "begin", 4096, "vm0", "EL2_PANIC"]


def spots(value: Any) -> list[tuple[Any, Any]]:
    """Return every place in a JSON value, as its container and key."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [(value, key) for key in keys] + [spot for key in keys for spot in spots(value[key])]


def damaged_lines(rng: random.Random, lines: list[JSON]) -> bytes:
    """Return the lines with a change in one value or in the text."""
    if rng.random() < 0.7:
        lines = copy.deepcopy(lines)
        place, key = rng.choice(spots(rng.choice(lines)))
        if rng.random() < 0.3:
            del place[key]
        else:
            place[key] = rng.choice(JUNK)
    data = "".join(json.dumps(line) + "\n" for line in lines).encode()
    return damaged(rng, data) if rng.random() < 0.4 else data


def damaged(rng: random.Random, data: bytes) -> bytes:
    """Return the bytes cut, or with a piece replaced, or packed and cut."""
    start, length = rng.randrange(len(data)), rng.choice([0, 1, 2, 30])
    match rng.randrange(4):
        case 0:
            return data[:start]
        case 1:
            return gzip.compress(data)[:rng.randrange(3, 200)]
        case 2:
            return data[:start] + rng.choice([b"9" * 30, b"-", b'"', b"[" * 3000, b"\n"]) + data[start + length:]
    return data[:start] + rng.randbytes(length) + data[start + length:]


def check(command: str, path: Path, data: bytes) -> None:
    """Assert that the file is compared or replayed, or refused in one line that names it, and nothing else."""
    # On some file systems, overwriting a file takes ten times as long as creating a new file.
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    status, out, errors = run(command, str(path))
    assert status in (0, 1, 2)
    assert "Traceback" not in out + errors
    assert errors.count("\n") == (status == 2), errors
    assert status != 2 or str(path) in errors


def recording_lines() -> list[JSON]:
    """Return the shortest scenario of a recording, up to the call that gives the VM's handle back."""
    text = (RECORDINGS / "7.3.4-natural.jsonl").read_text("utf-8").splitlines()
    return [row for row in map(json.loads, text) if row["scenario"] == "n1" and row["seq"] <= 7]


def short_vector() -> JSON:
    """Return the first steps of a vector, with only those pages of its first state that they use."""
    pages = {name: SMALL["init"]["pages"][name] for name in ("kvm0", "hv0.0")}
    return SMALL | {"init": SMALL["init"] | {"pages": pages}, "steps": SMALL["steps"][:3]}


def damages(lines: list[JSON]) -> Callable[[random.Random], bytes]:
    """Return a function that makes damaged copies of these lines."""
    return lambda rng: damaged_lines(rng, lines)


KINDS = {"vectors": ("conform", damages([short_vector()])),
         "recordings": ("conform", damages(recording_lines())),
         "traces": ("replay", lambda rng: damaged(rng, TRACE.encode()))}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=ROUNDS)
@given(seed=st.integers(0, 2**32))
def test_damaged_files_are_accepted_or_refused_in_one_line(
        tmp_path_factory: pytest.TempPathFactory, kind: str, seed: int) -> None:
    rng, (command, make) = random.Random(seed), KINDS[kind]
    path = tmp_path_factory.getbasetemp() / "damaged"
    for _ in range(INPUTS[kind]):
        check(command, path, make(rng))


def test_the_trace_is_valid_before_it_is_damaged() -> None:
    assert len(parse(TRACE).lines) == 4


def test_the_files_are_valid_before_they_are_damaged(tmp_path: Path) -> None:
    lines = write(tmp_path, [short_vector(), *some("scenarios-v1")]), write(tmp_path, recording_lines(), "rows.jsonl")
    assert run("conform", *map(str, lines))[0] == 0
