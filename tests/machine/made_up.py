"""Kernels and packages that are made up: they have what the course looks at, and nothing else."""
from __future__ import annotations

import io
import lzma
import struct
import tarfile

DEBIAN = "7.3.4+deb13-arm64"


def make_image(release: str = DEBIAN, *, flags: int = 0b1010, options: bytes = b"kvm-arm.mode\0") -> bytes:
    """Return an image for arm64 with one section for EFI, in which its name is."""
    text = options + b"Linux version %s (someone@somewhere) #1 SMP\n\0" % release.encode() if release else options
    header = struct.pack("<4sIQQQ24x4sI", b"MZ\0\0", 0, 0, 1 << 20, flags, b"ARMd", 64)
    table = struct.pack("<4sHHIIIHH", b"PE\0\0", 0xAA64, 1, 0, 0, 0, 0, 0)
    section = struct.pack("<8sIIII16x", b".text", len(text), 0, len(text), len(header) + len(table) + 40)
    return header + table + section + text


def make_zboot(packed: bytes, kind: bytes = b"gzip") -> bytes:
    """Return a kernel that unpacks itself."""
    return struct.pack("<4s4sII8x32s4sI", b"MZ\0\0", b"zimg", 64, len(packed), kind, b"\xcd\x23\x82\x81", 64) + packed


def make_package(files: dict[str, bytes], method: str = "xz") -> bytes:
    """Return a package of Debian's with these files."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    data = lzma.compress(stream.getvalue()) if method == "xz" else stream.getvalue()
    members = {"debian-binary": b"2.0\n", "control.tar.xz": lzma.compress(b""),
               f"data.tar.{method}".rstrip("."): data}
    return b"!<arch>\n" + b"".join(
        f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode() + content + b"\n" * (len(content) % 2)
        for name, content in members.items())
