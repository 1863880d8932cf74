"""Starts and ends the emulator. It leaves nothing behind: its files have no names, and it dies with this program."""
from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from ..text import quote_briefly
from .archive import make_archive, make_disk
from .debugger import Debugger
from .failure import Gone, MachineError, Silence

KEEPER = Path(__file__).with_name("keeper.py")
SNAPSHOT = "ready"
SNAPSHOT_SECONDS = 120.0
END_SECONDS = 10.0
MEGABYTES = 400
"""The memory of the machine."""
PROCESSOR = "cortex-a53"
"""A processor with 40 bits of physical address, for which a guest has the page tables that the model describes."""
BOOT_LINE = ("console=ttyAMA0 rdinit=/init nokaslr kvm-arm.mode=protected panic=-1 hugepages=8 loglevel=3 quiet "
             "initcall_blacklist=load_system_certificate_list cryptomgr.notests")


def make_file(content: bytes) -> IO[bytes]:
    """Return a file without a name that has this content. Raise MachineError if there is no room for it."""
    try:
        file = tempfile.TemporaryFile()  # noqa: SIM115  # it lives as long as the emulator
        file.write(content)
        file.flush()
    except OSError as error:
        raise MachineError(f"{tempfile.gettempdir()}: {error.strerror}; make room, or set TMPDIR") from None
    return file


def name_file(file: IO[bytes]) -> str:
    """Return the path under which the emulator finds an open file."""
    return f"/proc/self/fd/{file.fileno()}"


class Console:
    """What the machine prints and what it is told, over a serial line."""

    def __init__(self, line: socket.socket) -> None:
        self.line, self.text, self.is_open = line, "", True
        self.news = threading.Condition()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        """Collect what the machine prints, until the line is closed."""
        while True:
            try:
                part = self.line.recv(1 << 16)
            except OSError:
                part = b""
            with self.news:
                self.text += part.decode(errors="replace").replace("\r", "")
                self.is_open = bool(part)
                self.news.notify_all()
            if not part:
                return

    def wait_for(self, form: re.Pattern[str], seconds: float, begin: int = 0) -> re.Match[str]:
        """Return what the machine prints from a place on, as soon as it fits. Raise Silence or Gone if it does not."""
        with self.news:
            self.news.wait_for(lambda: form.search(self.text, begin) or not self.is_open, seconds)
            if found := form.search(self.text, begin):
                return found
            last = quote_briefly(self.text.strip().rpartition("\n")[2]) or "nothing"
            if self.is_open:
                raise Silence(f"the machine does not go on for {seconds:.0f} s; the last it says is: {last}")
        raise Gone(f"the machine has ended; the last it says is: {last}")

    def tell(self, line: str) -> None:
        """Send a line to the machine."""
        self.line.sendall(line.encode() + b"\n")


class Emulator:
    """A running emulator: its debugger and its console. `close` ends it. `options` are more of its arguments."""

    def __init__(self, command: str, kernel: Path, program: bytes, cpus: int = 2, disk: bytes = b"",
                 options: Sequence[str] = ()) -> None:
        self.options = options
        self.closing: list[Callable[[], object]] = []
        self.is_there = False
        try:
            self.start(command, kernel, program, cpus, disk or make_disk())
        except BaseException:
            self.close()
            raise

    def start(self, command: str, kernel: Path, program: bytes, cpus: int, content: bytes) -> None:
        """Start the emulator and meet its debugger; the machine does not run yet."""
        image, disk = make_file(make_archive({"init": program})), make_file(content)
        (here, there), (line, plug) = socket.socketpair(), socket.socketpair()
        self.disk = disk
        self.closing += [each.close for each in (image, disk, here, there, line, plug)]
        files = [image.fileno(), disk.fileno(), there.fileno(), plug.fileno()]
        arguments = list_arguments(kernel, image, disk, there, plug, cpus)
        self.process = start_keeper([command, *arguments, *self.options], files)
        self.closing.append(self.end)
        for end in (there, plug):
            end.close()
        self.console = Console(line)
        try:
            self.debugger = Debugger(here)
        except Gone:
            raise MachineError(self.explain_end()) from None

    def explain_end(self) -> str:
        """Return why the emulator has ended by itself, as far as it says so."""
        said = ""
        with contextlib.suppress(subprocess.TimeoutExpired):
            said = (self.process.communicate(timeout=END_SECONDS)[0] or b"").decode(errors="replace").strip()
        return f"the emulator ends at once: {said.splitlines()[-1] if said else 'it says nothing'}"

    def end(self) -> None:
        """Kill the emulator and wait until it is gone."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def close(self) -> None:
        """End the emulator; afterwards no process and no file is left."""
        while self.closing:
            self.closing.pop()()

    def save(self) -> None:
        """Keep the state of the machine, to which `load` returns. Raise MachineError if that fails."""
        self.check(self.debugger.monitor(f"savevm {SNAPSHOT}", SNAPSHOT_SECONDS), "keep a snapshot")

    def read_disk(self) -> bytes:
        """Return the disk with the snapshot."""
        return Path(name_file(self.disk)).read_bytes()

    def load(self) -> None:
        """Return to the state that was kept. QEMU 7.2 crashes if nothing has run since it did so before."""
        self.debugger.set_breakpoints(set())
        if self.is_there and not self.debugger.has_run:
            if not self.debugger.has_written:
                return
            self.debugger.step(0)
        self.check(self.debugger.monitor(f"loadvm {SNAPSHOT}", SNAPSHOT_SECONDS), "return to its snapshot")
        self.is_there, self.debugger.has_run, self.debugger.has_written = True, False, False

    def check(self, said: str, what: str) -> None:
        """Raise MachineError if the monitor's answer is a complaint."""
        if said.strip():
            is_full = os.statvfs(self.disk.fileno()).f_bavail == 0
            full = f"{tempfile.gettempdir()} is full; make room, or set TMPDIR"
            raise MachineError(f"the emulator cannot {what}: {full if is_full else quote_briefly(said.strip())}")


def start_keeper(command: list[str], files: list[int]) -> subprocess.Popen[bytes]:
    """Start the process that runs the emulator for as long as we live."""
    numbers = ",".join(map(str, files))
    return subprocess.Popen([sys.executable, "-I", "-S", str(KEEPER), numbers, *command], pass_fds=files,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            start_new_session=True)


def list_arguments(kernel: Path, image: IO[bytes], disk: IO[bytes], debugger: socket.socket, console: socket.socket,
                   cpus: int) -> list[str]:
    """Return the arguments of the emulator."""
    return ["-M", "virt,virtualization=on,gic-version=3", "-cpu", PROCESSOR, "-smp", str(cpus), "-m", str(MEGABYTES),
            "-display", "none", "-nic", "none", "-monitor", "none", "-no-reboot", "-S",
            "-kernel", str(kernel), "-initrd", name_file(image), "-append", BOOT_LINE,
            "-chardev", f"socket,id=console,fd={console.fileno()}", "-serial", "chardev:console",
            "-chardev", f"socket,id=debugger,fd={debugger.fileno()}", "-gdb", "chardev:debugger",
            "-drive", f"if=none,id=disk,format=qcow2,file={name_file(disk)},file.locking=off"]
