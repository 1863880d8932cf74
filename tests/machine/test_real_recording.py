"""A real kernel is recorded, if there is one here: interleavings, lives of VMs, and a run that is stopped."""
from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

from pkvm_model.conform.recordings import load
from pkvm_model.machine.observations import read
from pkvm_model.machine.recheck import compare
from pkvm_model.place import ROOT
from tests.machine.needs import TOOLS, find_revision, needs_real_kernel

LIVES = ("n1", "n3", "n8", "n14", "n22", "n25")
SECONDS = 600


def command(*words: str) -> list[str]:
    """Return a command that records the kernel that is here."""
    find_revision()
    return [sys.executable, "-m", "pkvm_model", "record", *words, "--kernel", str(TOOLS.kernel)]


def run(*words: str) -> str:
    """Record, and return what is printed; the model must agree."""
    done = subprocess.run(command(*words), cwd=ROOT, capture_output=True, text=True, check=False, timeout=SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_real_kernel
def test_the_first_interleavings_agree_on_a_real_kernel(tmp_path: Path) -> None:
    path = tmp_path / "made.jsonl"
    assert run("--interleavings", "8", "-o", str(path)) == "8 interleavings: 8 agree\n"
    assert compare(read(path)) == ()


@needs_real_kernel
def test_lives_on_a_real_kernel_are_those_of_the_courses_recordings(tmp_path: Path) -> None:
    path = tmp_path / "made.jsonl"
    last = run("--lives", *LIVES, "-o", str(path)).splitlines()[-1]
    assert re.fullmatch(r"6 scenarios beside the recordings of [0-9.]+: 6 the same, 0 differ", last)
    assert [scenario.name for scenario in load(path).scenarios] == list(LIVES)


@needs_real_kernel
def test_a_recording_that_is_stopped_keeps_what_is_whole_and_ends_its_machine(tmp_path: Path) -> None:
    path = tmp_path / "made.jsonl"
    with subprocess.Popen(command("--interleavings", "-o", str(path)), cwd=ROOT, stderr=subprocess.PIPE, text=True
                          ) as process:
        assert process.stderr
        lines = [process.stderr.readline() for _ in range(4)]
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()  # it ends when nobody has it any more, the emulator included
        assert process.wait(SECONDS) == 130
    assert "agrees" in lines[-1]
    assert re.search(r"^stopped after \d+ of \d+ interleavings$", rest, re.MULTILINE)
    assert len(read(path).every) >= 3
    assert [each.name for each in tmp_path.iterdir()] == ["made.jsonl"]
