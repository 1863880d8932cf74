"""The files the machine starts with: the archive, the disk, the program, and the kernel's own description of itself."""
from __future__ import annotations

import gzip
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from pkvm_model.machine.archive import CLUSTER, make_archive, make_disk
from pkvm_model.machine.failure import MachineError
from pkvm_model.machine.layout import HEADER, Field, KernelLayout
from pkvm_model.machine.life import LIVES
from pkvm_model.machine.symbols import HVC, Symbols, find_instruction
from pkvm_model.machine.tools import PROGRAM

SOURCE, PROGRAMS = PROGRAM.with_suffix(".c"), (PROGRAM, LIVES)
COMPILER = "aarch64-linux-gnu-gcc"


def test_an_archive_has_a_program_and_an_end() -> None:
    data = gzip.decompress(make_archive({"init": b"\x7fELF."}))
    assert data[:6] == b"070701"
    fields = [int(data[6 + 8 * place:14 + 8 * place], 16) for place in range(13)]
    assert (oct(fields[1]), fields[6], fields[11]) == ("0o100755", 5, 5)
    assert data[110:115] == b"init\0"
    assert data[116:121] == b"\x7fELF."
    assert b"TRAILER!!!" in data
    assert len(data) % 4 == 0


def test_an_archive_is_the_same_each_time() -> None:
    assert make_archive({"init": b"x"}) == make_archive({"init": b"x"})


def test_a_disk_counts_its_own_clusters() -> None:
    disk = make_disk()
    magic, version = struct.unpack_from(">4sI", disk)
    assert (magic, version, len(disk)) == (b"QFI\xfb", 2, 4 * CLUSTER)
    assert struct.unpack_from(">4H", disk, 2 * CLUSTER) == (1, 1, 1, 1)


def read_flags() -> list[str]:
    """Return the flags with which the program is compiled, from its first lines."""
    line = next(line for line in SOURCE.read_text(encoding="utf-8").splitlines() if COMPILER in line)
    return line.partition(COMPILER)[2].replace("init.c", "").replace("-o init", "").split()


@pytest.mark.skipif(not shutil.which(COMPILER), reason=f"{COMPILER} is not installed")
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)
def test_the_program_is_what_its_source_compiles_to(tmp_path: Path, program: Path) -> None:
    version = subprocess.run([COMPILER, "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()
    if not version.startswith("12."):
        pytest.skip(f"the program was compiled with version 12, this is {version}")
    made = tmp_path / "made"
    source = program.with_suffix(".c")
    subprocess.run([COMPILER, *read_flags(), "-o", str(made), str(source)], check=True, cwd=source.parent)
    assert made.read_bytes() == program.read_bytes()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)
def test_the_program_is_small(program: Path) -> None:
    assert len(program.read_bytes()) < 8192


INTEGER, STRUCTURE, CONSTANT, ARRAY, POINTER = 1, 4, 10, 3, 2
NAMES = ["", "int", "inner", "outer", "flag", "number", "parts", "next", "rights", "R", "FAR"]


def make_types() -> bytes:
    """Return type information with two structs, one inside the other."""
    places, strings = {}, b""
    for name in NAMES:
        places[name] = len(strings)
        strings += name.encode() + b"\0"

    def entry(name: str, kind: int, size: int, *more: int, members: int = 0, flag: int = 0) -> bytes:
        head = struct.pack("<3I", places[name], flag << 31 | kind << 24 | members, size)
        return head + struct.pack(f"<{len(more)}I", *more)

    types = b"".join([
        entry("int", INTEGER, 4, 32),                                                               # 1
        entry("", CONSTANT, 1),                                                                     # 2: const int
        entry("inner", STRUCTURE, 8, places["flag"], 2, 4 << 24 | 3, places["number"], 1, 32, members=2, flag=1),  # 3
        entry("", ARRAY, 0, 1, 1, 6),                                                               # 4: int[6]
        entry("", POINTER, 3),                                                                      # 5
        entry("outer", STRUCTURE, 48, places["next"], 5, 0, places["parts"], 4, 64, places[""], 3, 256, members=3),
        entry("rights", 19, 8, places["R"], 8, 0, places["FAR"], 0, 1, members=2)])
    return HEADER + struct.pack("<4I", 0, len(types), len(types), len(strings)) + types + strings


def make_image(*more: bytes) -> bytes:
    """Return something that looks like a kernel for arm64."""
    return bytes(56) + b"ARMd" + bytes(100) + b"".join(more)


def test_structs_are_laid_out_as_the_kernel_says() -> None:
    layout = KernelLayout(make_image(make_types()))
    assert layout.size("outer") == 48
    assert layout.field("outer", "parts") == Field(64, 192)
    assert layout.field("outer", "next") == Field(0, 64)
    assert layout.field("outer", "number") == Field(256 + 32, 32)
    assert layout.field("inner", "flag") == Field(3, 4)


def test_the_constants_of_an_enumeration_are_what_the_kernel_says() -> None:
    assert KernelLayout(make_image(make_types())).list_constants("rights") == {"R": 8, "FAR": 1 << 32}


def test_a_member_is_read_and_written_where_it_lies() -> None:
    assert Field(3, 4).read(b"\xff") == 15
    assert Field(3, 4).read(b"\x87") == 0
    data = bytearray(4)
    Field(8, 16).write(data, -2)
    assert data == b"\0\xfe\xff\0"


@pytest.mark.parametrize(("name", "path", "says"), [
    ("nothing", "flag", "the kernel has no struct nothing"), ("outer", "age", "struct outer has no age")])
def test_what_a_kernel_does_not_have_is_named(name: str, path: str, says: str) -> None:
    with pytest.raises(MachineError, match=says):
        KernelLayout(make_image(make_types())).field(name, path)


def test_a_kernel_without_type_information_is_refused() -> None:
    with pytest.raises(MachineError, match="CONFIG_DEBUG_INFO_BTF"):
        KernelLayout(make_image())


SYMBOLS = """\
S ffff800080000000 __arm_smccc_hvc
S ffff800090000000 __kvm_nvhe___kvm_hyp_host_vector
S ffff800090000100 __kvm_nvhe_handle___pkvm_reserve_vm
S ffff800090000200 __kvm_nvhe_handle___pkvm_init_vm
S ffff800090000300 __kvm_nvhe_host_hcall
S ffff800090000318 __kvm_nvhe___hyp_bss_end
"""


def test_the_symbols_of_el2_move_with_its_vectors() -> None:
    symbols = Symbols(SYMBOLS)
    symbols.place(0x1000)
    assert symbols.find("host_hcall") == 0x1300
    assert symbols.name(0x1208) == "handle___pkvm_init_vm"
    assert symbols.name(0x10) == symbols.name(0x9000) == ""
    assert symbols.measure("host_hcall") == 0x18
    assert symbols.find_host("__arm_smccc_hvc") == 0xffff800080000000


def test_the_numbers_of_calls_are_places_in_the_table() -> None:
    symbols = Symbols(SYMBOLS)
    symbols.place(0x1000)
    table = struct.pack("<3Q", 0, 0x1200, 0x1100)
    assert symbols.read_numbers(table) == {"__pkvm_init_vm": 1, "__pkvm_reserve_vm": 2}


@pytest.mark.parametrize("look", [lambda symbols: symbols.find("gone"), lambda symbols: symbols.find_host("gone")])
def test_a_renamed_symbol_is_named(look: object) -> None:
    with pytest.raises(MachineError, match=r"the kernel has no symbol .*gone; this course does not know such a kernel"):
        look(Symbols(SYMBOLS))  # type: ignore[operator]


def test_vectors_without_a_symbol_are_named() -> None:
    with pytest.raises(MachineError, match="no symbol __kvm_nvhe___kvm_hyp_host_vector; this course does not know"):
        Symbols(SYMBOLS.replace("host_vector", "vectors")).place(0x1000)


def test_the_way_to_call_el2_is_found_in_the_code() -> None:
    assert find_instruction(struct.pack("<3I", 1, HVC, 2), HVC) == 4
    with pytest.raises(MachineError, match="way to call EL2"):
        find_instruction(bytes(8), HVC)
