"""Runs the emulator as long as the program that started this lives: `python3 keeper.py FD,FD... COMMAND...`.

Its standard input is a pipe that the program holds open and never writes to. When it closes, however the program ends,
the emulator is killed. If this process is killed, the system kills the emulator.
"""
from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys

DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG: the signal that the system sends to a process whose parent dies."""


def die_with_parent() -> None:
    """Have this process killed when its parent dies."""
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)


def main(argv: list[str]) -> int:
    """Run the command until it ends or standard input closes; return its exit status."""
    files = [int(number) for number in argv[0].split(",") if number]
    # This process has one thread, so the child may run code before it becomes the emulator.
    emulator = subprocess.Popen(argv[1:], pass_fds=files, preexec_fn=die_with_parent,  # noqa: PLW1509
                                stdin=subprocess.DEVNULL)
    for file in files:
        os.close(file)
    ended = os.pidfd_open(emulator.pid)
    ready = select.select([0, ended], [], [])[0]
    if ended not in ready:
        emulator.kill()
    return emulator.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
