"""Takes the kernel out of a package of Debian's or Ubuntu's, without their programs. Standard library only."""
from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterator

from ...machine.unpack import find_method, unpack
from ...outside import OutsideError

MAGIC = b"!<arch>\n"
HEADER = 60
"""The bytes before each member of the outer archive."""
KERNEL = re.compile(r"(?:\./)?(?:boot/vmlinuz-[^/]+|(?:usr/)?lib/modules/[^/]+/vmlinuz)")
"""Where packages keep a kernel: at its old place and at its new one."""
DAMAGED = "it is a damaged package: copy it again"


def is_package(content: bytes) -> bool:
    """Return True if a file begins as a package does."""
    return content.startswith(MAGIC + b"debian-binary")


def find_kernel(content: bytes) -> bytes:
    """Return the kernel in a package. Raise OutsideError if it has none, or is damaged."""
    data = next((data for name, data in list_members(content) if name.startswith("data.tar")), None)
    if data is None:
        raise OutsideError(DAMAGED)
    plain = unpack(data) if find_method(data) == "zstd" else data
    try:
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r|*") as archive:
            kernel = next((archive.extractfile(member) for member in archive
                           if member.isfile() and KERNEL.fullmatch(member.name)), None)
            if kernel is not None:
                return kernel.read()
    except Exception:  # Each format has errors of its own.
        raise OutsideError(DAMAGED) from None
    raise OutsideError("it is a package without a kernel: Debian's kernels are in linux-binary-...-arm64, or in "
                       "linux-image-...-arm64 if that has many MB")


def list_members(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each member of the outer archive. Raise OutsideError if it is cut."""
    place = len(MAGIC)
    while place < len(content):
        header = content[place:place + HEADER]
        size = header[48:58].decode("ascii", "replace").strip()
        begin = place + HEADER
        if len(header) < HEADER or not size.isdecimal() or begin + int(size) > len(content):
            raise OutsideError(DAMAGED)
        yield header[:16].decode("ascii", "replace").strip().rstrip("/"), content[begin:begin + int(size)]
        place = begin + int(size) + int(size) % 2
