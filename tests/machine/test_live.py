"""A real kernel in the emulator. It runs where both can be had, and says otherwise what is missing."""
from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from pkvm_model.explore.stored import read_stored
from pkvm_model.machine.answer import AGREES
from pkvm_model.machine.emulator import END_SECONDS
from pkvm_model.machine.interleavings import interleavings
from pkvm_model.machine.play import play
from pkvm_model.machine.session import RealMachine
from pkvm_model.machine.tools import find_tools
from pkvm_model.model.revisions import V1
from pkvm_model.model.trace import parse
from tests.machine.test_play import HOLE, make_trace

TOOLS = find_tools()
pytestmark = pytest.mark.skipif(bool(TOOLS.missing), reason="; ".join(TOOLS.missing))
ROOT = Path(__file__).parents[2]
FEW = 12
LONG = ["0 __pkvm_host_share_hyp(g0)", "0 __pkvm_host_unshare_hyp(g0)"] * 300


@pytest.fixture(scope="module")
def machine() -> Iterator[RealMachine]:
    """Start the one machine of this file."""
    assert TOOLS.kernel
    with RealMachine(TOOLS.kernel) as machine:
        yield machine


def test_the_first_interleavings_come_out_as_in_the_model(machine: RealMachine) -> None:
    for each in [one for one in interleavings(machine.revision) if one.trace.config.cpus == 2][:FEW]:
        answer = play(machine, each.trace)
        assert not answer.difference, (each.name, answer.difference)
        assert len(answer.rows) == len(each.trace.lines)


def test_a_released_kernel_refuses_where_the_patch_had_a_hole(machine: RealMachine) -> None:
    if machine.revision.name != "upstream":
        pytest.skip(f"{machine.release} has no second call to finalise with")
    difference = play(machine, make_trace(V1, *HOLE)).difference
    assert difference
    assert (difference.call, difference.model, difference.machine) == (
        "__pkvm_finalize_teardown_vm(0x1000)", "= 0", "= -EINVAL")


@pytest.mark.parametrize(("host", "lines"), [("two-pages-protected", 46), ("two-vms-two-pages-protected", 34)])
def test_a_released_kernel_ends_as_the_explorer_found(machine: RealMachine, host: str, lines: int) -> None:
    if machine.revision.name != "upstream":
        pytest.skip(f"{machine.release} has no protected VMs, or other calls for them")
    answer = play(machine, parse(read_stored()[host, "upstream"]["violated"]["I0a"]["trace"]))
    assert not answer.difference
    assert [row.verdict for row in answer.rows] == [AGREES] * lines
    assert "EL2_PANIC __pkvm_host_force_reclaim_page_guest" in answer.rows[-1].machine


def test_a_machine_is_the_same_after_each_reset(machine: RealMachine) -> None:
    trace = make_trace(machine.revision, "0 __pkvm_reserve_vm()", "0 __pkvm_host_share_hyp(kvm0)")
    answers = [play(machine, trace) for _ in range(3)]
    assert not answers[0].difference
    assert answers[0] == answers[1] == answers[2]


def list_emulators(kernel: Path) -> list[str]:
    """Return the processes that run this kernel."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if "-kernel" in command and str(kernel) in command:
            found.append(folder.name)
    return found


def stop_emulator(kernel: Path) -> None:
    """Stop the emulator of a kernel, if it has not ended meanwhile, but not the process that keeps it."""
    for number in list_emulators(kernel):
        with suppress(FileNotFoundError, ProcessLookupError):
            if Path("/proc", number, "comm").read_text(encoding="utf-8").startswith("qemu"):
                os.kill(int(number), signal.SIGSTOP)


def start_command(folder: Path, *options: str, lines: Sequence[str] = HOLE) -> tuple[subprocess.Popen[bytes], Path]:
    """Start the command with a kernel of its own, and wait until its emulator runs."""
    kernel, trace = folder / "vmlinuz", folder / "trace"
    assert TOOLS.kernel
    shutil.copyfile(TOOLS.kernel, kernel)
    trace.write_text(str(make_trace(V1, *lines)), encoding="utf-8")
    process = subprocess.Popen([sys.executable, "-m", "pkvm_model", "machine", str(trace), "--kernel", str(kernel),
                                "--fresh", *options], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while process.poll() is None and not list_emulators(kernel):
        os.sched_yield()
    return process, kernel


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left_when_the_command_is_ended(tmp_path: Path, number: signal.Signals) -> None:
    process, kernel = start_command(tmp_path)
    process.send_signal(number)
    said = process.communicate()[1].decode()
    while list_emulators(kernel):
        os.sched_yield()
    assert process.returncode == {signal.SIGINT: 130}.get(number, -number)
    assert said == ""


def test_an_emulator_that_is_killed_ends_the_command_in_one_line(tmp_path: Path) -> None:
    process, kernel = start_command(tmp_path)
    for number in list_emulators(kernel):
        with suppress(ProcessLookupError):  # the emulator and the process that keeps it end with each other
            os.kill(int(number), signal.SIGKILL)
    said = process.communicate()[1].decode()
    assert process.returncode == 2
    assert len(said.splitlines()) == 1
    assert "has ended" in said or "ends at once" in said


def test_an_emulator_that_hangs_in_the_middle_is_given_up_in_one_line(tmp_path: Path) -> None:
    process, kernel = start_command(tmp_path, "--patience", "0.5", lines=LONG)
    assert process.stdout
    while (line := process.stdout.readline()) and not line.startswith(b"0 "):
        pass  # on a busy machine it may seem to hang before this
    stop_emulator(kernel)
    began = time.monotonic()
    said = process.communicate()[1].decode()
    assert (process.returncode, said) == (2, "pkvm_model: the emulator does not answer for 0.5 s; run it again\n")
    assert time.monotonic() - began < END_SECONDS
    assert not list_emulators(kernel)
