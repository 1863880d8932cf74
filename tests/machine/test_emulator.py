"""The emulator leaves nothing behind, whatever ends first. Other programs stand in for it here."""
from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pkvm_model.machine.emulator import KEEPER, Console, Emulator, make_file, start_keeper
from pkvm_model.machine.failure import Gone, MachineError, Silence
from pkvm_model.machine.learn import Nature
from pkvm_model.machine.session import READY, RealMachine
from tests.patience import PATIENCE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the emulated machine needs Linux")
PANIC = re.compile("panic\n")
WAITS = "import os, sys; print(os.getpid(), flush=True); sys.stdin.read(); import signal; signal.pause()"
"""A program that says its number and never ends."""


def start_waiting() -> tuple[subprocess.Popen[bytes], int]:
    """Start a keeper of a program that never ends; return it and the program's number."""
    keeper = start_keeper([sys.executable, "-c", WAITS], [os.open(os.devnull, os.O_RDONLY)])
    assert keeper.stdout
    return keeper, int(keeper.stdout.readline())


def wait_until_gone(process: int) -> bool:
    """Wait until a process, which need not be ours, has ended."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    ready = select.select([handle], [], [], 60)[0]
    os.close(handle)
    return bool(ready)


def close(keeper: subprocess.Popen[bytes]) -> None:
    """Close the pipes of a keeper."""
    for pipe in (keeper.stdin, keeper.stdout):
        if pipe:
            pipe.close()


def test_the_emulator_ends_when_its_owner_lets_go() -> None:
    keeper, process = start_waiting()
    close(keeper)
    assert keeper.wait(60) == -signal.SIGKILL % 256
    assert wait_until_gone(process)


def test_the_emulator_ends_when_its_keeper_is_killed() -> None:
    keeper, process = start_waiting()
    keeper.kill()
    keeper.wait()
    assert wait_until_gone(process)
    close(keeper)


def test_the_emulator_ends_when_its_owner_is_killed(tmp_path: Path) -> None:
    owner = tmp_path / "owner.py"
    owner.write_text(f"import subprocess, sys\nkeeper = subprocess.Popen({[sys.executable, str(KEEPER), '']!r} + "
                     f"{[sys.executable, '-c', WAITS]!r}, stdin=subprocess.PIPE)\nkeeper.wait()\n", encoding="utf-8")
    with subprocess.Popen([sys.executable, str(owner)], stdout=subprocess.PIPE) as process:
        assert process.stdout
        number = int(process.stdout.readline())
        process.kill()
        process.wait()
        assert wait_until_gone(number)


def test_the_keeper_ends_with_the_emulator_and_its_status() -> None:
    keeper = start_keeper([sys.executable, "-c", "raise SystemExit(3)"], [os.open(os.devnull, os.O_RDONLY)])
    assert keeper.wait(60) == 3
    close(keeper)


def test_a_file_of_the_machine_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with make_file(b"content") as file:
        assert [*tmp_path.iterdir()] == []
        assert Path(f"/proc/self/fd/{file.fileno()}").read_bytes() == b"content"


def test_a_full_disk_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        monkeypatch.setattr(tempfile, "TemporaryFile", lambda: full)
        with pytest.raises(MachineError, match="No space left on device; make room, or set TMPDIR"):
            make_file(b"content")


def test_an_emulator_that_ends_at_once_says_why() -> None:
    with pytest.raises(MachineError, match=r"the emulator ends at once: .*option"):
        Emulator("/usr/bin/sh", Path("x"), b"", 1)


@pytest.mark.parametrize("command", ["/bin/true", "/bin/false"])
def test_an_emulator_that_says_nothing_ends_at_once_too(command: str) -> None:
    with pytest.raises(MachineError, match="the emulator ends at once: it says nothing"):
        Emulator(command, Path("x"), b"", 1)


def test_a_console_finds_a_line_that_comes_in_pieces() -> None:
    here, there = socket.socketpair()
    with here, there:
        console = Console(here)
        for part in (b"K 7.3.4\r\nRea", b"dy\r\n"):
            there.sendall(part)
        assert console.wait_for(READY, 60).string == "K 7.3.4\nReady\n"


def test_a_machine_that_says_no_more_is_given_up() -> None:
    here, there = socket.socketpair()
    with here:
        console = Console(here)
        there.sendall(b"Kernel panic\n")
        console.wait_for(PANIC, PATIENCE)
        with pytest.raises(Silence, match="does not go on for 0 s; the last it says is: Kernel panic"):
            console.wait_for(READY, 0.2)
        there.close()
        with pytest.raises(Gone, match="has ended; the last it says is: Kernel panic"):
            console.wait_for(READY, 60)


def test_a_machine_with_too_many_cpus_is_refused() -> None:
    with pytest.raises(MachineError, match="the machine has at most 4 CPUs, and 5 are asked for"):
        RealMachine(Path("x"), 5)


def test_a_kernel_without_one_of_the_calls_is_refused_by_name() -> None:
    machine = RealMachine.__new__(RealMachine)
    machine.kernel, machine.nature = Path("vmlinuz"), Nature({}, 0, 0, {"__pkvm_init_vm": 1})
    with pytest.raises(MachineError, match=r"vmlinuz: EL2 of this kernel has no __pkvm_reserve_vm; .* a newer kernel"):
        machine.call(0, "__pkvm_reserve_vm", [])
