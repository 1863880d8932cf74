"""A client of the debugger's remote protocol: registers, memory, breakpoints, and which CPU may run.

It knows nothing of the kernel. Addresses and register values are numbers; a CPU is its number from 0.
"""
from __future__ import annotations

import re
import select
import socket
import time
from collections.abc import Iterator
from typing import NamedTuple

from .failure import Gone, MachineError, Silence

PATIENCE = 10.0
"""How many seconds the emulator may take to answer, or a call of the machine to come back, unless told otherwise.

Both take milliseconds; a busy computer may be a hundred times slower.
"""
CHUNK = 0x400
"""Bytes of memory in one packet, and of a description."""
GENERAL = (*(f"x{number}" for number in range(31)), "sp", "pc", "cpsr")
"""The registers of one packet `g`, in its order; all have eight bytes but the last, which has four."""
NUMBERED = re.compile(r"<reg ([^>]*)/>")
ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')


class Stop(NamedTuple):
    """Why the machine stands still: the CPU that stopped it, and the signal; 2 is an interrupt, 5 a breakpoint."""

    cpu: int
    signal: int


def wrap(data: bytes) -> bytes:
    """Return a packet with this content and its checksum."""
    return b"$%s#%02x" % (data, sum(data) & 255)


def unwrap(content: bytes) -> bytes:
    """Return the content of a packet with repeated and escaped bytes written out."""
    out, place = bytearray(), 0
    while place < len(content):
        byte = content[place]
        if byte in b"}*":
            following = content[place + 1]
            out += bytes([following ^ 0x20]) if byte == ord("}") else out[-1:] * (following - 29)
            place += 2
        else:
            out.append(byte)
            place += 1
    return bytes(out)


class Wire:
    """Packets over a socket, with a time limit for each."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection, self.buffer = connection, bytearray()

    def send(self, data: bytes) -> None:
        """Send one packet. Raise Gone if nobody is there any more."""
        self.send_raw(wrap(data))

    def send_raw(self, data: bytes) -> None:
        """Send bytes that are no packet."""
        try:
            self.connection.sendall(data)
        except OSError:
            raise Gone("the emulator has ended") from None

    def receive(self, seconds: float) -> bytes:
        """Return the content of the next packet. Raise Silence if none comes in time."""
        deadline = time.monotonic() + seconds
        while (packet := self.take_packet()) is None:
            self.fill(deadline, seconds)
        self.send_raw(b"+")
        return unwrap(packet)

    def take_packet(self) -> bytes | None:
        """Take the next whole packet out of the buffer; drop acknowledgements before it."""
        start = self.buffer.find(b"$")
        end = self.buffer.find(b"#", start)
        if start < 0 or end < 0 or len(self.buffer) < end + 3:
            return None
        packet = bytes(self.buffer[start + 1:end])
        del self.buffer[:end + 3]
        return packet

    def fill(self, deadline: float, seconds: float) -> None:
        """Wait for more bytes."""
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self.connection], [], [], left)[0]:
            raise Silence(f"the emulator does not answer for {seconds:g} s; run it again")
        try:
            more = self.connection.recv(1 << 16)
        except OSError:
            more = b""
        if not more:
            raise Gone("the emulator has ended")
        self.buffer += more


class Debugger:
    """The machine as a debugger sees it: it stands still except while `resume` lets one CPU, or all, run."""

    def __init__(self, connection: socket.socket, patience: float = PATIENCE) -> None:
        self.wire, self.patience = Wire(connection), patience
        self.numbers: dict[str, tuple[int, int]] = {}
        self.breakpoints: set[int] = set()
        self.current: int | None = None
        self.is_physical = False
        self.has_run = self.has_written = False
        self.ask("qSupported:multiprocess+;xmlRegisters=aarch64;vContSupported+;qXfer:features:read+")

    def ask(self, command: str) -> str:
        """Send a command and return the answer."""
        self.wire.send(command.encode("latin-1"))
        return self.wire.receive(self.patience).decode("latin-1")

    def order(self, command: str) -> None:
        """Send a command that is answered with OK. Raise MachineError for any other answer."""
        if (answer := self.ask(command)) != "OK":
            raise MachineError(f"the emulator refuses the debugger's command {command[:20]!r}: {answer[:40]!r}")

    def choose(self, cpu: int) -> None:
        """Make the next commands about this CPU."""
        if cpu != self.current:
            self.order(f"Hgp1.{cpu + 1:x}")
            self.current = cpu

    def read_description(self, name: str) -> str:
        """Return one of the texts in which the emulator describes its registers."""
        text = ""
        while True:
            answer = self.ask(f"qXfer:features:read:{name}:{len(text):x},{CHUNK:x}")
            text += answer[1:]
            if answer[:1] != "m":
                return text

    def number_registers(self) -> None:
        """Learn the number and the size of each register, system registers included."""
        number = 0
        for part in re.findall(r'href="([^"]+)"', self.read_description("target.xml")):
            for found in NUMBERED.finditer(self.read_description(part)):
                attributes = dict(ATTRIBUTE.findall(found[1]))
                number = int(attributes.get("regnum", number))
                self.numbers.setdefault(attributes["name"], (number, int(attributes["bitsize"]) // 8))
                number += 1

    def read_register(self, cpu: int, name: str) -> int:
        """Return the value of a register. Raise MachineError if the emulator has no such register."""
        if not self.numbers:
            self.number_registers()
        if name not in self.numbers:
            raise MachineError(f"the emulator does not show the register {name}; try a newer QEMU")
        self.choose(cpu)
        return int.from_bytes(bytes.fromhex(self.ask(f"p{self.numbers[name][0]:x}")), "little")

    def read_registers(self, cpu: int) -> dict[str, int]:
        """Return the general registers of a CPU by name."""
        self.choose(cpu)
        data = bytes.fromhex(self.ask("g"))
        return {name: int.from_bytes(data[8 * place:8 * place + (4 if name == "cpsr" else 8)], "little")
                for place, name in enumerate(GENERAL)}

    def write_registers(self, cpu: int, values: dict[str, int]) -> None:
        """Set the general registers of a CPU; all of them, as `read_registers` returns them."""
        self.has_written = True
        self.choose(cpu)
        data = b"".join(values[name].to_bytes(4 if name == "cpsr" else 8, "little") for name in GENERAL)
        self.order(f"G{data.hex()}")

    def use_physical(self, physical: bool) -> None:
        """Make addresses of memory physical ones, or virtual ones of the chosen CPU."""
        if physical != self.is_physical:
            self.order(f"Qqemu.PhyMemMode:{int(physical)}")
            self.is_physical = physical

    def read_memory(self, address: int, size: int, cpu: int | None = None) -> bytes:
        """Return bytes at a physical address; at a virtual one if a CPU is given, as that CPU sees it now."""
        self.aim(cpu)
        parts = (self.read_part(place, amount) for place, amount in cut(address, size))
        return b"".join(parts)

    def read_part(self, address: int, size: int) -> bytes:
        """Return a few bytes at an address."""
        answer = self.ask(f"m{address:x},{size:x}")
        if answer.startswith("E") or len(answer) != 2 * size:
            raise MachineError(f"the debugger cannot read {size} bytes at {address:#x}")
        return bytes.fromhex(answer)

    def write_memory(self, address: int, data: bytes, cpu: int | None = None) -> None:
        """Write bytes to a physical address, or to a virtual one of a CPU."""
        self.aim(cpu)
        self.has_written = True
        for place, amount in cut(address, len(data)):
            part = data[place - address:place - address + amount]
            self.order(f"M{place:x},{amount:x}:{part.hex()}")

    def aim(self, cpu: int | None) -> None:
        """Make the next addresses physical ones, or virtual ones of a CPU."""
        if cpu is not None:
            self.choose(cpu)
        self.use_physical(cpu is None)

    def set_breakpoints(self, addresses: set[int]) -> None:
        """Have exactly these breakpoints; they are virtual addresses at any exception level."""
        for address in self.breakpoints - addresses:
            self.order(f"z0,{address:x},4")
        for address in addresses - self.breakpoints:
            self.order(f"Z0,{address:x},4")
        self.breakpoints = set(addresses)

    def resume(self, cpu: int | None = None, seconds: float | None = None) -> Stop:
        """Let one CPU run, or all; return when the machine stands still. Raise Silence if it goes on."""
        self.start(cpu)
        return self.wait(seconds or self.patience)

    def start(self, cpu: int | None = None) -> None:
        """Let one CPU run, or all, and do not wait."""
        self.has_run = True
        self.wire.send(b"vCont;c" if cpu is None else b"vCont;c:p1.%x" % (cpu + 1))

    def step(self, cpu: int) -> Stop:
        """Let one CPU make one instruction."""
        self.has_run = True
        self.wire.send(b"vCont;s:p1.%x" % (cpu + 1))
        return self.wait(self.patience)

    def wait(self, seconds: float) -> Stop:
        """Return when the machine stands still. Raise Silence if it goes on."""
        while True:
            answer = self.wire.receive(seconds).decode("latin-1")
            if answer[:1] in "TS":
                self.current = None
                return read_stop(answer)
            if answer[:1] in "WX":
                raise Gone("the emulator has ended")

    def interrupt(self) -> Stop:
        """Stop the machine."""
        self.wire.send_raw(b"\x03")
        return self.wait(self.patience)

    def monitor(self, command: str, seconds: float | None = None) -> str:
        """Give the emulator's monitor a command and return what it prints."""
        self.wire.send(b"qRcmd," + command.encode().hex().encode())
        texts = list(self.receive_output(seconds or self.patience))
        self.current = None
        return "".join(texts)

    def receive_output(self, seconds: float) -> Iterator[str]:
        """Yield what a command of the monitor prints, until it has ended."""
        while (answer := self.wire.receive(seconds).decode("latin-1")) not in ("OK", ""):
            if answer[:1] == "E":
                raise MachineError(f"the emulator's monitor refuses a command: {answer[:40]}")
            yield bytes.fromhex(answer[1:]).decode(errors="replace")


def cut(address: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield address and size of the parts of a piece of memory; none goes beyond a page."""
    end = address + size
    while address < end:
        amount = min(end - address, CHUNK - address % CHUNK)
        yield address, amount
        address += amount


def read_stop(answer: str) -> Stop:
    """Return the CPU and the signal that a stop reply names."""
    thread = re.search(r"thread:(?:p[0-9a-f]+\.)?([0-9a-f]+)", answer)
    return Stop(int(thread[1], 16) - 1 if thread else 0, int(answer[1:3], 16))
