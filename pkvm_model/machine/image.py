"""Reads a kernel: what a file really is, the plain image in it, and the name that it gives itself.

Every version of the emulator starts a plain `Image` of arm64, but only newer ones start a kernel that unpacks itself
(EFI zboot). So what is packed is unpacked here.
"""
from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import NamedTuple

from ..outside import OutsideError, read_file
from .failure import MachineError
from .unpack import LARGEST, unpack

FLAGS, MAGIC = 24, 56
"""The places of two fields in the header of an image."""
PAGES = {2: "16", 3: "64"}
"""Sizes of a page that the model's kernels do not have, in KB, by two bits of the flags."""
RELEASE = re.compile(rb"Linux version (\d[\w.+~-]*) ")
DEBIAN = re.compile(r"(\d+(?:\.\d+)+(?:-rc\d+)?)\+deb[\d.]+-arm64")
PROTECTED = b"kvm-arm.mode"
"""An option that a kernel knows only if it can protect virtual machines."""
PROCESSORS = {183: "arm64", 62: "x86", 3: "x86", 40: "32-bit Arm", 243: "RISC-V", 258: "LoongArch"}
"""The processors of ELF files, by their number there."""
OTHERS = ((0x202, b"HdrS", "a kernel for x86"), (0x24, b"\x18\x28\x6f\x01", "a kernel for 32-bit Arm"),
          (0x30, b"RISCV\0\0\0", "a kernel for RISC-V"), (0, b"0707", "an initrd"),
          (0, b"!<arch>\n", "an archive"), (0, b"\xed\xab\xee\xdb", "an RPM package: unpack it first"),
          (0, b"\x27\x05\x19\x56", "an image for U-Boot"), (0, b"ANDROID!", "an image for Android's boot loader"),
          (0, b"MZ", "a program for EFI"))
"""What is taken for a kernel of arm64: a place, what is there, and the true name."""
CUT = "it is cut: copy it again"
WANTED = "the course needs an Image or a vmlinuz for arm64"


class Image(NamedTuple):
    """A kernel for arm64: the plain image, and the name that it gives itself, such as 7.3.4+deb13-arm64."""

    content: bytes
    release: str


def shorten_release(release: str) -> str:
    """Return the number of a kernel of Debian's, and the whole name of any other."""
    match = DEBIAN.fullmatch(release)
    return match[1] if match else release


def read_image(content: bytes) -> Image:
    """Return the kernel in a file. Raise OutsideError if it is none that the emulator can start."""
    if not content:
        raise OutsideError(f"it is empty, and {WANTED}")
    plain = unpack(take_out(unpack(content)))
    refuse_others(plain)
    refuse_unfit(plain)
    return Image(plain, read_release(plain))


def load_image(path: Path) -> bytes:
    """Return the plain image in a file. Raise MachineError if there is none."""
    try:
        return read_image(read_file(path, LARGEST)).content
    except OSError as error:
        raise MachineError(f"{path}: {error.strerror}; give the path of a kernel") from None
    except OutsideError as error:
        raise MachineError(f"{path}: {error}") from None


def take_out(content: bytes) -> bytes:
    """Return the kernel in one that unpacks itself; anything else is returned as it is."""
    if content[:2] != b"MZ" or content[4:8] != b"zimg" or len(content) < 64:
        return content
    begin, size = struct.unpack_from("<II", content, 8)
    if begin + size > len(content):
        raise OutsideError(CUT)
    return content[begin:begin + size]


def refuse_others(content: bytes) -> None:
    """Raise OutsideError if this is not an image for arm64; say what it is."""
    if content[MAGIC:MAGIC + 4] == b"ARMd":
        return
    if content[:4] == b"\x7fELF":
        processor = PROCESSORS.get(int.from_bytes(content[18:20], "little"), "another processor")
        raise OutsideError(f"it is an ELF file for {processor} (as vmlinux is): {WANTED}, which the same build makes")
    name = next((name for place, mark, name in OTHERS if content[place:place + len(mark)] == mark), "")
    raise OutsideError(f"it is {name}, and {WANTED}" if name else f"it is no kernel, and {WANTED}")


def refuse_unfit(content: bytes) -> None:
    """Raise OutsideError if an image is cut, or is made for another machine than the one that is emulated."""
    flags, = struct.unpack_from("<Q", content, FLAGS)
    if measure_image(content) > len(content):
        raise OutsideError(CUT)
    if flags & 1:
        raise OutsideError("it is a big-endian kernel, which cannot protect virtual machines")
    if flags >> 1 & 3 in PAGES:
        raise OutsideError(f"its pages have {PAGES[flags >> 1 & 3]} KB, and those of the model's kernels 4 KB")
    if PROTECTED not in content:
        raise OutsideError("it was built without KVM, or is too old to protect virtual machines")


def measure_image(content: bytes) -> int:
    """Return how long the file of an image must be, as its sections for EFI say; 0 if it has none."""
    begin = int.from_bytes(content[60:64], "little")
    if content[begin:begin + 4] != b"PE\0\0" or len(content) < begin + 24:
        return 0
    sections = int.from_bytes(content[begin + 6:begin + 8], "little")
    table = begin + 24 + int.from_bytes(content[begin + 20:begin + 22], "little")
    end = table + 40 * sections
    if len(content) < end:
        return end
    parts = struct.iter_unpack("<16xII16x", content[table:end])
    return max((size + place for size, place in parts), default=0)


def read_release(content: bytes) -> str:
    """Return the name that a kernel gives itself. Raise OutsideError if it has none."""
    match = RELEASE.search(content)
    if match is None:
        raise OutsideError("it does not say which version of Linux it is, so it is no whole kernel")
    return match[1].decode("ascii")
