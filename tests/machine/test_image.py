"""A kernel is known by its content: packed or not, what it is if it is none, and the name that it gives itself."""
from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pkvm_model.machine import unpack
from pkvm_model.machine.failure import MachineError
from pkvm_model.machine.image import load_image, read_image, shorten_release
from pkvm_model.outside import OutsideError
from tests.machine.made_up import DEBIAN, make_image, make_zboot

IMAGE = make_image()
PACKED = {"plain": IMAGE, "gzip": gzip.compress(IMAGE), "xz": lzma.compress(IMAGE), "bzip2": bz2.compress(IMAGE),
          "zboot": make_zboot(gzip.compress(IMAGE)), "zboot, xz": make_zboot(lzma.compress(IMAGE), b"xzkern"),
          "zboot with more behind": make_zboot(gzip.compress(IMAGE)) + b"signature"}


def elf(processor: int) -> bytes:
    return b"\x7fELF".ljust(18, b"\0") + processor.to_bytes(2, "little") + bytes(100)


REFUSED = {
    "it is empty": b"",
    "a kernel for x86": b"MZ".ljust(0x202, b"\0") + b"HdrS" + bytes(100),
    "a kernel for 32-bit Arm": bytes(0x24) + b"\x18\x28\x6f\x01" + bytes(100),
    "a kernel for RISC-V": b"MZ".ljust(0x30, b"\0") + b"RISCV\0\0\0RSC\5" + bytes(100),
    "an ELF file for arm64 (as vmlinux is)": elf(183),
    "an ELF file for x86": elf(62),
    "an ELF file for another processor": elf(9),
    "an initrd": gzip.compress(b"070701" + bytes(100)),
    "an RPM package: unpack it first": b"\xed\xab\xee\xdb" + bytes(100),
    "an archive": b"!<arch>\nlib.o/",
    "a program for EFI": b"MZ" + bytes(100),
    "it is no kernel": b"# README\n",
    "it is cut: copy it again": IMAGE[:-1],
    "it is cut": make_zboot(gzip.compress(IMAGE))[:-1],
    "cut or damaged and cannot be unpacked (gzip)": gzip.compress(IMAGE)[:-9],
    "cut or damaged and cannot be unpacked (xz)": lzma.compress(IMAGE)[:30] + b"?" * 40,
    "packed with lz4, which this Python cannot read: unpack it yourself first": b"\x02\x21\x4c\x18" + bytes(100),
    "big-endian": make_image(flags=0b1011),
    "its pages have 64 KB, and those of the model's kernels 4 KB": make_image(flags=0b1110),
    "its pages have 16 KB": make_image(flags=0b1100),
    "it was built without KVM": make_image(options=b""),
    "it does not say which version of Linux it is": make_image("")}


@pytest.mark.parametrize("kind", PACKED)
def test_the_plain_image_is_found_however_it_is_packed(kind: str) -> None:
    image = read_image(PACKED[kind])
    assert (image.release, image.content) == (DEBIAN, IMAGE)


@pytest.mark.skipif(not shutil.which("zstd"), reason="there is no program zstd here to pack something with")
def test_zstd_is_read_by_python_or_by_its_program() -> None:
    packed = subprocess.run(["zstd", "-c"], input=IMAGE, capture_output=True, check=True).stdout
    assert read_image(packed).content == IMAGE
    with pytest.raises(OutsideError, match="cut or damaged"):
        read_image(packed[:-5])


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this Python can read zstd")
def test_without_zstd_the_cure_is_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(OutsideError, match="packed with zstd, which this Python cannot read: install zstd"):
        read_image(b"\x28\xb5\x2f\xfd" + bytes(100))


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_no_kernel_for_the_machine_is_refused_by_its_true_name(words: str) -> None:
    with pytest.raises(OutsideError) as refusal:
        read_image(REFUSED[words])
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_small_file_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "LARGEST", 1_000_000)
    with pytest.raises(OutsideError, match="larger than 1 MB when it is unpacked"):
        read_image(gzip.compress(bytes(2_000_000)))


@pytest.mark.parametrize(("release", "short"), [
    (DEBIAN, "7.3.4"), ("6.12.90+deb12.1-arm64", "6.12.90"), ("7.4-rc2+deb14-arm64", "7.4-rc2"),
    ("7.3.4-mine+", "7.3.4-mine+"), ("6.1.0-47-arm64", "6.1.0-47-arm64"),
    ("7.3.4+deb13-cloud-arm64", "7.3.4+deb13-cloud-arm64")])
def test_only_debians_own_kernels_are_known_by_their_number(release: str, short: str) -> None:
    assert shorten_release(release) == short


def test_the_machine_names_the_file_that_it_cannot_use(tmp_path: Path) -> None:
    file = tmp_path / "vmlinux"
    file.write_bytes(elf(183))
    with pytest.raises(MachineError, match=r"vmlinux: it is an ELF file for arm64"):
        load_image(file)
    with pytest.raises(MachineError, match=r"gone: No such file or directory; give the path of a kernel"):
        load_image(tmp_path / "gone")
    file.write_bytes(PACKED["zboot"])
    assert load_image(file) == IMAGE
