"""Writes the two files that the emulated machine starts with: an archive with its only program, and an empty disk."""
from __future__ import annotations

import gzip
import struct
from collections.abc import Mapping

TRAILER = "TRAILER!!!"
EXECUTABLE = 0o100755
CLUSTER_BITS = 16
CLUSTER = 1 << CLUSTER_BITS
DISK_BYTES = 1 << 20


def make_archive(files: Mapping[str, bytes]) -> bytes:
    """Return a packed archive that the kernel unpacks into its first file system; every file is a program."""
    entries = [make_entry(name, content, number) for number, (name, content) in enumerate(files.items(), 1)]
    return gzip.compress(b"".join([*entries, make_entry(TRAILER, b"", 0)]), mtime=0)


def make_entry(name: str, content: bytes, number: int) -> bytes:
    """Return one entry of a `newc` archive: a header in hexadecimal, the name and the content, both padded."""
    mode = EXECUTABLE if number else 0
    fields = [number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0]
    header = b"070701" + b"".join(b"%08x" % field for field in fields)
    return pad(header + name.encode() + b"\0") + pad(content)


def pad(data: bytes) -> bytes:
    """Return data filled up with zero bytes to a multiple of four."""
    return data + bytes(-len(data) % 4)


def make_disk() -> bytes:
    """Return an empty disk in the format `qcow2`, in which the emulator keeps snapshots.

    Its four clusters are the header, the table of reference counts, the counts, and the first table of the disk.
    """
    header = struct.pack(">4sIQIIQIIQQIIQ", b"QFI\xfb", 2, 0, 0, CLUSTER_BITS, DISK_BYTES, 0, 1, 3 * CLUSTER, CLUSTER,
                         1, 0, 0)
    table = struct.pack(">Q", 2 * CLUSTER)
    counts = struct.pack(">4H", 1, 1, 1, 1)
    return b"".join(part.ljust(CLUSTER, b"\0") for part in (header, table, counts, b""))
