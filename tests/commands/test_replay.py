"""The command replay prints a run, or how far it got, and never a traceback."""
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkvm_model.__main__ import main
from pkvm_model.model.revisions import V1
from pkvm_model.model.run import begin, finish
from pkvm_model.model.state import Config, State
from pkvm_model.model.steps import Call
from pkvm_model.model.trace import record

ROOT = Path(__file__).parents[2]
CALLS = [Call("kvm_create_vm", ("kvm0",)), Call("kvm_first_run", ("kvm0", "hv0.0")), Call("kvm_destroy_vm", ("kvm0",))]

Command = Callable[[str], tuple[int, str, str]]


def a_life() -> str:
    """Return the trace of a short life."""
    state, steps = State(), []
    for call in CALLS:
        steps.append((finish(begin(state, V1, 0, call), V1), True))
        state = steps[-1][0].state
    return str(record(V1, Config(), steps))


LIFE = a_life()


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Return a function that replays a text from a file: status, output, errors."""
    def run(text: str) -> tuple[int, str, str]:
        (tmp_path / "run.txt").write_text(text, encoding="utf-8", errors="replace")
        status = main(["replay", str(tmp_path / "run.txt")])
        return status, *capsys.readouterr()
    return run


def test_a_run_is_printed_line_by_line_with_a_sentence_beside_each(command: Command) -> None:
    status, out, err = command(LIFE)
    rows = out.splitlines()
    assert (status, err) == (0, "")
    assert rows[0].startswith("0 kvm_create_vm(kvm0) = 0  ")
    assert rows[0].endswith("its handle is 0x1000.")
    assert rows[3] == f"ends in {LIFE.splitlines()[-1]}"


def test_a_different_run_reports_how_far_it_got_and_why(command: Command) -> None:
    status, out, _ = command(LIFE.replace("hv0.0) = 0", "hv0.0) = -ENOMEM"))
    rows = out.splitlines()
    assert status == 1
    assert rows[1].endswith("line 3: 0 kvm_first_run(kvm0, hv0.0) = -ENOMEM now comes out as = 0")
    assert rows[2] == "1 of 3 steps came out as the trace says."


def test_a_wrong_digest_is_printed(command: Command) -> None:
    status, out, _ = command(LIFE[:-12] + "0" * 12)
    assert (status, "the trace says 000000000000" in out) == (1, True)


@pytest.mark.parametrize(("text", "says"), [
    ("", "a trace has a first line"),
    (LIFE.replace("pkvm-trace 1", "pkvm-trace 9"), "line 1: a trace of version '9'"),
    (LIFE.replace("first_run", "last_run"), "line 3: there is no call 'kvm_last_run'"),
    (LIFE[:-20], "the last line is 'state' and twelve hexadecimal digits"),
    (LIFE.replace("kvm0)", "__import__('os'))"), "line 2: "),
    ("x" * 100_001, "a trace has at most 100000 characters"),
    ("x" * 1_000_000, "it is larger than 400,000 bytes"),
])
def test_an_invalid_trace_is_refused_in_one_line_with_the_file(command: Command,
                                                                            text: str, says: str) -> None:
    status, out, err = command(text)
    assert (status, out) == (2, "")
    assert "run.txt: " in err
    assert says in err
    assert err.count("\n") == 1



@pytest.mark.parametrize("file", ["no-such-file", "."])
def test_a_file_that_cannot_be_read_is_named(capsys: pytest.CaptureFixture[str], file: str) -> None:
    assert main(["replay", file]) == 2
    assert capsys.readouterr().err.startswith(f"pkvm_model: {file}: ")


def test_the_command_reads_standard_input_with_nothing_but_python() -> None:
    done = subprocess.run([sys.executable, "-I", "-S", "-c", "import runpy, sys; sys.path.insert(0, '.'); sys.argv = "
                           "['pkvm_model', 'replay', '-']; runpy.run_module('pkvm_model', run_name='__main__')"],
                          input=LIFE, capture_output=True, text=True, encoding="utf-8", cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f"ends in {LIFE.splitlines()[-1]}\n")


@given(st.integers(0, len(LIFE)), st.integers(0, 30), st.text(max_size=6))
def test_a_damaged_trace_is_replayed_or_refused_but_never_a_traceback(tmp_path_factory: pytest.TempPathFactory,
                                                                      start: int, length: int, put: str) -> None:
    file = tmp_path_factory.getbasetemp() / "damaged.txt"
    file.write_text(LIFE[:start] + put + LIFE[start + length:], encoding="utf-8", errors="replace")
    assert main(["replay", str(file)]) in (0, 1, 2)


@pytest.mark.parametrize("content", [LIFE.encode("utf-8-sig"), LIFE.replace("\n", "\r\n").encode(),
                                     LIFE.replace("\n", "\r").encode()])
def test_a_trace_is_read_with_a_mark_and_with_other_line_ends(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.txt").write_bytes(content)
    assert main(["replay", str(tmp_path / "run.txt")]) == 0


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_trace_in_utf_16_is_named(tmp_path: Path, encoding: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "run.txt").write_bytes(LIFE.encode(encoding))
    assert main(["replay", str(tmp_path / "run.txt")]) == 2
    assert capsys.readouterr().err.endswith("run.txt: it is UTF-16. Save it as UTF-8\n")


def test_control_characters_in_the_name_of_a_file_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "\x1b[2J\u202e"]) == 2
    assert capsys.readouterr().err.startswith(r"pkvm_model: \x1b[2J\u202e: ")
