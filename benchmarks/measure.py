"""Runs a tool's commands in fresh processes and measures the time and memory that they use."""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import resource

KIB_PER_MIB, BYTES_PER_MIB = 1 << 10, 1 << 20
PEAK_PER_MIB = BYTES_PER_MIB if sys.platform == "darwin" else KIB_PER_MIB


class Failed(Exception):  # noqa: N818  # an outcome of a measurement, not a failure of this program
    """A tool gave no answer; the message says why."""


@dataclass(frozen=True)
class Cost:
    """The cost of some commands. `mib` is the last one's peak memory, at least this program's own few MiB."""

    seconds: float
    cpu: float
    mib: float


def run(commands: Sequence[Sequence[str]], folder: Path, limit: float,
        variables: Mapping[str, str] | None = None) -> tuple[Cost, str]:
    """Run commands one after the other; return the total cost and the output of the last. Raise Failed if one fails."""
    seconds = cpu = mib = 0.0
    output = ""
    for command in commands:
        cost, output = run_one(command, folder, limit - seconds, variables)
        seconds, cpu, mib = seconds + cost.seconds, cpu + cost.cpu, cost.mib
    return Cost(seconds, cpu, mib), output


def run_one(command: Sequence[str], folder: Path, limit: float,
            variables: Mapping[str, str] | None = None) -> tuple[Cost, str]:
    """Run a command. Raise Failed if it cannot be started, takes too long, or is ended by a signal."""
    with tempfile.TemporaryFile() as file:
        start = time.perf_counter()
        try:
            process = subprocess.Popen(command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=file,
                                       stderr=subprocess.STDOUT)
        except OSError as error:
            raise Failed(f"{command[0]} does not start: {error.strerror}") from None
        late = threading.Event()
        timer = threading.Timer(max(limit, 0), stop, [process, late])
        timer.start()
        status, usage = wait(process)
        seconds = time.perf_counter() - start
        timer.cancel()
        file.seek(0)
        output = file.read().decode(errors="replace")
    if late.is_set():
        raise Failed(f"stopped after {limit:.0f} s")
    if status < 0:
        raise Failed(f"{command[0]} was ended by signal {-status}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / PEAK_PER_MIB), output


def stop(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    """End a process that takes too long."""
    late.set()
    process.kill()


def wait(process: subprocess.Popen[bytes]) -> tuple[int, resource.struct_rusage]:
    """Wait for a process, or end it when this program is interrupted; return its status and the resources it used."""
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        process.kill()
        process.wait()
        raise
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage
