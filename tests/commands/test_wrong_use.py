"""Whatever the commands are given, they end with one line that says why, and never with 1, which means "differs"."""
from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pkvm_model.__main__ import main

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "data" / "bfs-merged.jsonl.gz"
FIRST = gzip.decompress(VECTORS.read_bytes()).partition(b"\n")[0] + b"\n"
WALK = FIRST.replace(b'"steps":[]', b'"steps":["x"]')
BYTES = {
    "nothing": b"", "NUL": b"\0" * 10, "Latin 1": b"\xe9\xff", "UTF-16": "pkvm-trace 1 v1".encode("utf-16"),
    "deep list": b"[" * 200_000, "deep object": b'{"a":' * 100_000, "a million digits": b"9" * 10**6,
    "object with a million digits": b'{"rev": ' + b"9" * 10**6 + b"}", "NaN": b'{"steps": NaN}', "number": b"5",
    "null": b"null", "twice": b'{"a":1,"a":2}', "surrogate": b'{"a":"\\ud800"}',
    "controls": b'{"\x1b[31m":"\\u001b[2J"}',
    "cut": FIRST[:200], "packed and damaged": b"\x1f\x8b\x08" + b"x" * 50, "packed and cut": gzip.compress(FIRST)[:60],
    "walk of a text": WALK, "trace with controls": b"pkvm-trace 1 \x1b[2J\n", "long line": b"x" * 5_000_000,
    "trace with a huge number": b"pkvm-trace 1 v1\n0 kvm_create_vm(" + b"9" * 10**5 + b") = 0\n",
    "trace with a huge CPU": b"pkvm-trace 1 v1\n" + b"9" * 5_000 + b" kvm_create_vm(kvm0) = 0\n"}
"""Contents of files that are neither a trace nor vectors nor a recording."""
PATHS = ("", "no such file", "a\0b", "\udcff", "\x1b[2J", str(ROOT), "/proc/self/mem", os.devnull)
OPTIONS = [["--seconds", text] for text in ("nan", "inf", "-1", "0", "1e400", "x", "\x1b[2J")]
OPTIONS += [["--states", text] for text in ("-1", "0", "9" * 5_000, "1e3", "x", "\udcff", "²")]
OPTIONS += [[option, text] for option in ("--without", "--mutant", "--host", "--ask", "--revision", "--nothing")
            for text in ("x", "\x1b[2J", "\udcff", "", "y" * 5_000)]


def check(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Check that a command is refused with a short message that is harmless to a terminal."""
    try:
        status = main(arguments)
    except SystemExit as error:
        status = int(error.code or 0)
    said = capsys.readouterr().err
    assert status == 2
    assert said.splitlines()[-1].strip()
    assert len(said) < 5_000
    assert all(c.isprintable() or c == "\n" for c in said.encode(errors="backslashreplace").decode())


@pytest.mark.parametrize("content", BYTES.values(), ids=BYTES)
@pytest.mark.parametrize("command", ["replay", "conform"])
def test_a_file_of_something_else_is_refused(command: str, content: bytes, tmp_path: Path,
                                             capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    check([command, str(path)], capsys)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("command", ["replay", "conform"])
def test_a_path_to_nothing_of_use_is_refused(command: str, path: str, capsys: pytest.CaptureFixture[str]) -> None:
    check([command, path], capsys)


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: ascii(options)[:40])
def test_a_wrong_option_is_refused(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    check(["explore", "R7", *options], capsys)


@pytest.mark.parametrize("name", ["", "x", "\x1b[2J", "\udcff", "z" * 5_000, "honest"])
def test_a_wrong_name_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    check(["explore", name], capsys)


@pytest.mark.parametrize("content", [FIRST, gzip.compress(FIRST)], ids=["plain", "packed"])
def test_vectors_are_read_from_standard_input(content: bytes, monkeypatch: pytest.MonkeyPatch,
                                              capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert main(["conform", "-"]) == 0
    assert capsys.readouterr().out.startswith("-: 1 sequence")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
@pytest.mark.parametrize("content", [FIRST, gzip.compress(FIRST)], ids=["plain", "packed"])
def test_vectors_are_read_from_a_pipe(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen([sys.executable, "-c", "import sys; open(sys.argv[1], 'wb').write(sys.stdin.buffer.read())",
                           str(pipe)], stdin=subprocess.PIPE) as writer:
        assert writer.stdin
        writer.stdin.write(content)
        writer.stdin.close()
        assert main(["conform", str(pipe)]) == 0
    assert "1 sequence" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["replay", "conform"])
def test_a_closed_standard_input_is_named(command: str, monkeypatch: pytest.MonkeyPatch,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert main([command, "-"]) == 2
    assert "closed" in capsys.readouterr().err


def run(redirection: str, tmp_path: Path) -> tuple[int, str]:
    """Run a command in a shell, and return its status and its messages."""
    errors = tmp_path / "errors"
    shell = f"exec {sys.executable} -m pkvm_model explore --list 2>{errors} {redirection}"
    status = subprocess.run(["sh", "-c", shell], cwd=ROOT, check=False).returncode
    return status, errors.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /dev/full")
@pytest.mark.parametrize(("redirection", "message"), [
    (">&-", "pkvm_model: standard output is closed\n"),
    (">/dev/full", "pkvm_model: standard output: No space left on device\n")])
def test_an_output_that_takes_nothing_is_named(redirection: str, message: str, tmp_path: Path) -> None:
    assert run(redirection, tmp_path) == (2, message)


AT_AN_IMPORT = """
import runpy, signal, sys
class Finder:
    def find_spec(name, path=None, target=None):
        if name == "pkvm_model.commands":
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Finder)
runpy.run_module("pkvm_model", run_name="__main__")
"""


def test_an_interrupt_during_the_imports_ends_quietly() -> None:
    result = subprocess.run([sys.executable, "-c", AT_AN_IMPORT], cwd=ROOT, capture_output=True, check=False)
    assert (result.returncode, result.stderr) == (130, b"")
