"""What the emulated machine needs on this computer: an emulator, and a kernel; and what to do about what is missing."""
from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

EMULATOR = "qemu-system-aarch64"
KERNEL_VARIABLE, HOME_VARIABLE = "PKVM_KERNEL", "PKVM_COURSE_HOME"
"""The environment variables that name a kernel, and the folder in which the course keeps its files."""
CHECKOUT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("init")
GET_EMULATOR = "sudo apt-get install qemu-system-arm"
GET_KERNEL = "python3 course.py kernel --get"


class Tools(NamedTuple):
    """What was found; `missing` has one line for each thing that was not, with the command that gets it."""

    emulator: Path | None
    kernel: Path | None
    program: Path
    missing: tuple[str, ...]


def find_tools(kernel: Path | None = None) -> Tools:
    """Find the emulator, and a kernel unless one is given."""
    emulator = shutil.which(EMULATOR)
    found = kernel or find_kernel()
    missing = [] if sys.platform == "linux" else ["the emulated machine needs Linux"]
    if not emulator:
        missing.append(f"{EMULATOR} is not installed: {GET_EMULATOR}")
    if not found:
        missing.append(f"there is no kernel for the emulated machine: {GET_KERNEL}")
    elif not found.is_file():
        missing.append(f"there is no file {found}; name the vmlinuz or Image of an arm64 kernel")
    return Tools(Path(emulator) if emulator else None, found, PROGRAM, tuple(missing))


def find_kernel() -> Path | None:
    """Return the kernel that the environment names, else the newest one that the course has, else None."""
    if named := os.environ.get(KERNEL_VARIABLE, "").strip():
        return Path(named).expanduser()
    return next(iter(list_kernels()), None)


def list_kernels() -> list[Path]:
    """Return the kernels that the course has, the newest first."""
    found = choose_home().joinpath("kernels").glob("*/vmlinuz")
    return sorted(found, key=lambda path: [int(part) for part in re.findall(r"\d+", path.parent.name)], reverse=True)


def choose_home() -> Path:
    """Return the folder in which the course keeps its files."""
    if named := os.environ.get(HOME_VARIABLE, "").strip():
        return Path(named).expanduser()
    return CHECKOUT if os.access(CHECKOUT, os.W_OK) else Path.home() / "pkvm-course"
