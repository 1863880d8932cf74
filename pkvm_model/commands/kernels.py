"""Finds the kernel of a command that needs a machine."""
from __future__ import annotations

from pathlib import Path

from ..machine.failure import MachineError
from ..machine.tools import find_tools


def choose_kernel(kernel: Path | None) -> Path:
    """Return a kernel, the newest that the course has if none is given. Raise MachineError if something is missing."""
    tools = find_tools(kernel)
    if tools.missing or not tools.kernel:
        raise MachineError("; ".join(tools.missing))
    return tools.kernel
