"""The client of the debugger's protocol, against a stub that answers from a script."""
from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pkvm_model.machine.debugger import GENERAL, Debugger, Stop, cut, read_stop, unwrap, wrap
from pkvm_model.machine.failure import Gone, MachineError, Silence

TARGET = '<target><xi:include href="core.xml"/><xi:include href="system.xml"/></target>'
CORE = '<feature><reg name="x0" bitsize="64"/><reg name="pc" bitsize="64" regnum="32"/></feature>'
SYSTEM = '<feature><reg name="VBAR_EL2" bitsize="64" regnum="100"/></feature>'
FILES = {"target.xml": TARGET, "core.xml": CORE, "system.xml": SYSTEM}


class Stub:
    """Answers packets from a table, and keeps what it was asked."""

    def __init__(self, connection: socket.socket, answers: dict[str, list[str]]) -> None:
        self.connection, self.answers, self.asked = connection, answers, list[str]()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        """Answer until the line is closed."""
        buffer = b""
        while more := self.connection.recv(1 << 16):
            buffer += more
            while b"#" in buffer and len(buffer) >= buffer.index(b"#") + 3:
                packet, buffer = buffer[:buffer.index(b"#")], buffer[buffer.index(b"#") + 3:]
                self.answer(packet.partition(b"$")[2].decode())

    def answer(self, command: str) -> None:
        """Answer one packet."""
        self.asked.append(command)
        if command.startswith("qXfer:features:read:"):
            *_, name, place = command.split(":")
            start, size = (int(number, 16) for number in place.split(","))
            text = FILES[name][start:start + size]
            texts = [("m" if start + size < len(FILES[name]) else "l") + text]
        else:
            texts = self.answers.get(command, self.answers.get(command[:1], ["OK"]))
        for text in texts:
            self.connection.sendall(b"+" + wrap(text.encode()))


@contextmanager
def connect(**answers: list[str]) -> Iterator[tuple[Debugger, Stub]]:
    """Yield a debugger and the stub it talks to."""
    here, there = socket.socketpair()
    stub = Stub(there, answers)
    try:
        yield Debugger(here), stub
    finally:
        here.close()
        stub.thread.join()
        there.close()


def test_a_packet_carries_the_sum_of_its_bytes() -> None:
    assert wrap(b"OK") == b"$OK#9a"


def test_repeated_and_escaped_bytes_are_written_out() -> None:
    assert unwrap(b"0* 1") == b"00001"
    assert unwrap(b"a}\x03b") == b"a#b"


def test_a_packet_that_comes_in_pieces_is_put_together() -> None:
    here, there = socket.socketpair()
    with here, there:
        there.sendall(b"+" + wrap(b"OK"))
        debugger = Debugger(here)
        for part in (b"$T05thr", b"ead:p01.02;", b"#", b"00"):
            there.sendall(part)
        assert debugger.wait(5) == Stop(1, 5)


def test_registers_are_read_by_name_and_numbered_as_the_emulator_says() -> None:
    with connect(p=["efbeadde00000000"]) as (debugger, stub):
        assert debugger.read_register(1, "VBAR_EL2") == 0xdeadbeef
        assert debugger.read_register(1, "pc") == 0xdeadbeef
        assert [command for command in stub.asked if command[:1] in "pH"] == ["Hgp1.2", "p64", "p20"]
        with pytest.raises(MachineError, match="does not show the register XYZ"):
            debugger.read_register(0, "XYZ")


def test_all_general_registers_are_one_packet_each_way() -> None:
    values = {name: number for number, name in enumerate(GENERAL)}
    data = "".join(value.to_bytes(4 if name == "cpsr" else 8, "little").hex() for name, value in values.items())
    with connect(g=[data]) as (debugger, stub):
        assert debugger.read_registers(0) == values
        debugger.write_registers(0, values)
        assert stub.asked[-1] == f"G{data}"


def test_memory_is_physical_without_a_cpu_and_virtual_with_one() -> None:
    with connect(m=["0102"]) as (debugger, stub):
        assert debugger.read_memory(0x1000, 2) == b"\1\2"
        assert debugger.read_memory(0x1000, 2, cpu=1) == b"\1\2"
        assert stub.asked[1:] == ["Qqemu.PhyMemMode:1", "m1000,2", "Hgp1.2", "Qqemu.PhyMemMode:0", "m1000,2"]


def test_a_large_piece_of_memory_is_several_packets_that_stay_within_a_page() -> None:
    assert [*cut(0xfff, 3)] == [(0xfff, 1), (0x1000, 2)]
    assert sum(size for _, size in cut(5, 100_000)) == 100_000


def test_only_the_breakpoints_that_differ_are_set_and_removed() -> None:
    with connect() as (debugger, stub):
        debugger.set_breakpoints({1, 2})
        debugger.set_breakpoints({2, 3})
        assert sorted(stub.asked[1:]) == ["Z0,1,4", "Z0,2,4", "Z0,3,4", "z0,1,4"]


def test_one_cpu_runs_while_the_others_stand_still() -> None:
    with connect(v=["T05thread:p01.02;"]) as (debugger, stub):
        assert debugger.resume(1) == Stop(1, 5)
        assert debugger.resume() == Stop(1, 5)
        assert stub.asked[1:] == ["vCont;c:p1.2", "vCont;c"]


def test_a_stop_names_its_cpu_with_or_without_a_process() -> None:
    assert read_stop("T02thread:03;") == Stop(2, 2)
    assert read_stop("S05") == Stop(0, 5)


def test_what_the_monitor_prints_comes_in_parts() -> None:
    printed = ["O" + b"Error: ".hex(), "O" + b"full\n".hex(), "OK"]
    with connect(**{"qRcmd," + b"savevm x".hex(): printed}) as (debugger, _):
        assert debugger.monitor("savevm x") == "Error: full\n"


@pytest.mark.parametrize("answer", ["E01", "", "00"])
def test_memory_that_cannot_be_read_is_an_error_of_one_line(answer: str) -> None:
    with connect(m=[answer]) as (debugger, _), pytest.raises(MachineError, match="cannot read 8 bytes at 0x10"):
        debugger.read_memory(0x10, 8)


def test_a_refused_command_is_named() -> None:
    with connect(Z=["E22"]) as (debugger, _), pytest.raises(MachineError, match="'Z0,10,4': 'E22'"):
        debugger.set_breakpoints({0x10})


def test_an_emulator_that_does_not_answer_is_given_up() -> None:
    with connect(g=[]) as (debugger, _):
        debugger.patience = 0.01
        with pytest.raises(Silence, match=r"does not answer for 0\.01 s; run it again"):
            debugger.ask("g")


def test_an_emulator_that_has_ended_is_told_from_one_that_hangs() -> None:
    here, there = socket.socketpair()
    with here:
        there.sendall(wrap(b"OK"))
        debugger = Debugger(here)
        there.close()
        with pytest.raises(Gone):
            debugger.ask("g")


def test_a_machine_that_switches_itself_off_has_ended() -> None:
    with connect(v=["W00"]) as (debugger, _), pytest.raises(Gone):
        debugger.resume()
