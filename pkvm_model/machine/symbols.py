"""Addresses and numbers in a running kernel: where EL2's functions are, and which number each call has."""
from __future__ import annotations

import bisect
import re
import struct

from .failure import MachineError

LINE = re.compile(r"^S ([0-9a-f]{16}) (\S+)$", re.MULTILINE)
EL2 = "__kvm_nvhe_"
VECTORS = "__kvm_hyp_host_vector"
"""The symbol to which VBAR_EL2 points; the difference is that of all symbols of EL2."""
HANDLER = "handle_"
ADDRESSES = 1 << 64
HVC = 0xd4000002
"""The instruction `hvc #0`."""


def explain_absence(symbol: str) -> str:
    """Return what it means that a kernel does not have a symbol."""
    return f"the kernel has no symbol {symbol}; this course does not know such a kernel"


class Symbols:
    """The symbols that the machine printed; those of EL2 have the addresses that EL2 uses once `place` was called."""

    def __init__(self, text: str) -> None:
        found = [(int(address, 16), name) for address, name in LINE.findall(text)]
        self.host = {name: address for address, name in found if not name.startswith(EL2)}
        self.linked = {name.removeprefix(EL2): address for address, name in reversed(found) if name.startswith(EL2)}
        self.el2: dict[str, int] = {}
        self.order: list[tuple[int, str]] = []

    def place(self, vectors: int) -> None:
        """Learn where EL2 is, from the address of its vectors. Raise MachineError if they have no symbol."""
        if VECTORS not in self.linked:
            raise MachineError(explain_absence(EL2 + VECTORS))
        shift = vectors - self.linked[VECTORS]
        self.el2 = {name: (address + shift) % ADDRESSES for name, address in self.linked.items()}
        self.order = sorted((address, name) for name, address in self.el2.items())

    def find(self, name: str) -> int:
        """Return the address of a symbol of EL2. Raise MachineError if the kernel does not have it."""
        if name not in self.el2:
            raise MachineError(explain_absence(EL2 + name))
        return self.el2[name]

    def find_host(self, name: str) -> int:
        """Return the address of a symbol of the host. Raise MachineError if the kernel does not have it."""
        if name not in self.host:
            raise MachineError(explain_absence(name))
        return self.host[name]

    def name(self, address: int) -> str:
        """Return the function of EL2 in which an address lies, '' if it lies in none."""
        place = bisect.bisect_right(self.order, (address, "~")) - 1
        return self.order[place][1] if 0 <= place < len(self.order) - 1 else ""

    def measure(self, name: str) -> int:
        """Return the bytes from a symbol of EL2 to the next one."""
        start = self.find(name)
        after = self.order[bisect.bisect_right(self.order, (start, "~")):]
        return after[0][0] - start if after else 0

    def read_numbers(self, table: bytes) -> dict[str, int]:
        """Return the number of each call from EL2's table of handlers, given its bytes."""
        names = {address: name.removeprefix(HANDLER) for name, address in self.el2.items() if name.startswith(HANDLER)}
        handlers = struct.unpack(f"<{len(table) // 8}Q", table[:len(table) // 8 * 8])
        return {names[handler]: number for number, handler in enumerate(handlers) if handler in names}


def find_instruction(code: bytes, instruction: int) -> int:
    """Return where in a function's code an instruction is. Raise MachineError if it is not there."""
    words = struct.unpack(f"<{len(code) // 4}I", code)
    if instruction not in words:
        raise MachineError("the kernel's way to call EL2 is not as in the kernels this course knows")
    return 4 * words.index(instruction)
