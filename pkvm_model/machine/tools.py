"""What the emulated machine needs on this computer: an emulator, its program, a kernel; and how to get what is missing.

Standard library only, since the doctor asks.
"""
from __future__ import annotations

import json
import os
import platform
import re
import shlex
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from ..place import WORKPLACE, name_command

KERNELS = WORKPLACE / "kernels"
"""Where the kernels are: each in a folder with the name of its version."""
IMAGE, NOTE = "vmlinuz", "about.json"
"""The files of a kernel: the image, and what is known about it."""
KERNEL_VARIABLE = "PKVM_KERNEL"
"""The environment variable that names another kernel."""
EMULATOR, EMULATOR_PACKAGE = "qemu-system-aarch64", "qemu-system-arm"
COMPILER_PACKAGE = "gcc-aarch64-linux-gnu"
PROGRAM = Path(__file__).with_name("init")
"""The program that runs in the machine, ready to use; init.c is its source."""
GET_KERNEL = name_command("kernel --get")
TAKE_KERNEL = name_command("kernel --kernel")
SECONDS = 20
"""How long the emulator may take to say its version."""


class Lack(NamedTuple):
    """Something that is missing: what it is for, and a line that says what to do."""

    subject: str
    line: str


class Tools(NamedTuple):
    """What was found, and what was not. A path is None if there is nothing that can be used."""

    emulator: Path | None
    version: str
    kernel: Path | None
    program: Path
    lacks: tuple[Lack, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """A line for each thing that is missing, with the command that gets it."""
        return tuple(lack.line for lack in self.lacks)


def find_tools(kernel: Path | None = None) -> Tools:
    """Find the emulator, its program, and a kernel unless one is given."""
    emulator, version, no_emulator = find_emulator()
    found = kernel or find_kernel()
    lacks = [Lack(subject, line) for subject, line in (
        ("system", explain_system()), ("emulator", no_emulator), ("program", explain_program()),
        ("kernel", explain_kernel(found))) if line]
    return Tools(emulator, version, found if is_image(found) else None, PROGRAM, tuple(lacks))


def explain_system() -> str:
    """Return a line if the machine cannot run on this system, '' otherwise."""
    return "" if sys.platform == "linux" else f"the emulated machine needs Linux, and this is {platform.system()}"


def find_emulator() -> tuple[Path | None, str, str]:
    """Return the emulator's path and version, and a line if it is missing or does not start."""
    path = shutil.which(EMULATOR)
    if path is None:
        return None, "", f"{EMULATOR} is not installed: {suggest_install(EMULATOR_PACKAGE)}"
    try:
        done = subprocess.run([path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=SECONDS, check=False)
        version = re.search(r"version (\d[\w.]*)", done.stdout)
        reason = (done.stderr.strip() or f"status {done.returncode}").splitlines()[0]
    except (OSError, subprocess.TimeoutExpired) as error:
        version, reason = None, str(error)
    if version is None:
        return None, "", f"{path} does not start ({reason}): {suggest_install(EMULATOR_PACKAGE, '--reinstall')}"
    return Path(path), version[1], ""


def suggest_install(package: str, option: str = "--no-install-recommends") -> str:
    """Return the command that installs a package; Debian and Ubuntu give it the same name."""
    where = "" if shutil.which("apt-get") else "on Debian and Ubuntu, "
    return f"{where}sudo apt-get install {option} {package}"


def explain_program() -> str:
    """Return a line if the program for the machine is missing or damaged, '' otherwise."""
    try:
        fault = "" if is_whole_program(PROGRAM.read_bytes()) else "damaged"
    except OSError:
        fault = "gone"
    return fault and (f"{PROGRAM} is {fault}: git restore {shlex.quote(str(PROGRAM))}; or build it as the first "
                      f"lines of init.c say ({suggest_install(COMPILER_PACKAGE)})")


def is_whole_program(content: bytes) -> bool:
    """Return True for an ELF program for arm64 of which no part is missing."""
    if content[:4] != b"\x7fELF" or len(content) < 64 or content[18:20] != b"\xb7\0":
        return False
    begin, = struct.unpack_from("<Q", content, 32)
    size, number = struct.unpack_from("<HH", content, 54)
    if size != 56 or not number or begin + size * number > len(content):
        return False
    parts = struct.iter_unpack("<8xQ16xQ16x", content[begin:begin + size * number])
    return all(not length or place + length <= len(content) for place, length in parts)


def find_kernel() -> Path | None:
    """Return the kernel that the environment names, else the newest one that the course has, else None."""
    if named := os.environ.get(KERNEL_VARIABLE, "").strip():
        return Path(named).expanduser()
    return next(iter(list_kernels()), None)


def explain_kernel(kernel: Path | None) -> str:
    """Return a line if there is no kernel, or none that every emulator can start, '' otherwise."""
    if kernel is None:
        return f"there is no kernel for the emulated machine: {GET_KERNEL}"
    if is_image(kernel):
        return ""
    fault = "is no plain Image for arm64" if kernel.exists() else "is not there"
    return f"{kernel} {fault}: {TAKE_KERNEL} {shlex.quote(str(kernel)) if kernel.exists() else 'FILE'}"


def list_kernels() -> list[Path]:
    """Return the kernels that the course has, the newest first."""
    images = [path for path in KERNELS.glob(f"[0-9]*/{IMAGE}") if is_image(path)]
    return sorted(images, key=lambda image: sort_key(image.parent.name), reverse=True)


def is_image(path: Path | None) -> bool:
    """Return True if a file begins as a plain image for arm64."""
    try:
        if path is None or not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(60)[56:] == b"ARMd"
    except OSError:
        return False


def sort_key(version: str) -> tuple[list[int], bool, str]:
    """Return what sorts versions of kernels by age: numbers as numbers, and 7.4-rc2 before 7.4."""
    numbers = re.match(r"[\d.]*", version)
    assert numbers
    rest = version[numbers.end():]
    return [int(number) for number in numbers[0].split(".") if number], not rest.startswith("-rc"), rest


def read_note(image: Path) -> dict[str, Any]:
    """Return what is known about a kernel of ours; nothing if its note is missing or damaged."""
    try:
        note = json.loads(image.with_name(NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}
