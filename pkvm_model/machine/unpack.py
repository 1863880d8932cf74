"""Unpacks a file of which only the content says how it is packed. Standard library only."""
from __future__ import annotations

import importlib
import shutil
import subprocess
import zlib
from typing import Any

from ..outside import OutsideError

LARGEST = 512_000_000
"""The most bytes of what is unpacked."""
MARKS = {b"\x1f\x8b": "gzip", b"\xfd7zXZ\0": "xz", b"BZh": "bzip2", b"\x28\xb5\x2f\xfd": "zstd", b"\x5d\0\0": "lzma",
         b"\x02\x21\x4c\x18": "lz4", b"\x04\x22\x4d\x18": "lz4", b"\x89LZO": "lzo"}
"""How packed files begin."""
CLASSES = {"xz": "lzma.LZMADecompressor", "lzma": "lzma.LZMADecompressor", "bzip2": "bz2.BZ2Decompressor",
           "zstd": "compression.zstd.ZstdDecompressor"}
"""What unpacks each format; Python can be built without any of these, and has the last from 3.14 on."""


def find_method(content: bytes) -> str:
    """Return how a file is packed, '' if it is not."""
    return next((method for mark, method in MARKS.items() if content.startswith(mark)), "")


def unpack(content: bytes) -> bytes:
    """Return what is packed in a file; a file that is not packed is returned as it is."""
    method = find_method(content)
    return unpack_by(method, content) if method else content


def unpack_by(method: str, packed: bytes) -> bytes:
    """Unpack something. Raise OutsideError if it is damaged, too large, or packed in a way that cannot be read here."""
    unpacker = make_unpacker(method)
    if unpacker is None:
        return ask_zstd(packed)
    try:
        content: bytes = unpacker.decompress(packed, LARGEST + 1)
    except Exception:  # Each format has errors of its own.
        content = b""
    if len(content) > LARGEST:
        raise OutsideError(f"it is larger than {LARGEST // 10**6} MB when it is unpacked")
    if not unpacker.eof:
        raise OutsideError(f"it is cut or damaged and cannot be unpacked ({method}): copy it again")
    return content


def make_unpacker(method: str) -> Any:
    """Return an object that unpacks a format, None if only the program zstd can. Raise OutsideError if nothing can."""
    if method == "gzip":
        return zlib.decompressobj(wbits=31)
    module, _, name = CLASSES.get(method, "").rpartition(".")
    try:
        if module:
            return getattr(importlib.import_module(module), name)()
    except ImportError:
        if method == "zstd" and shutil.which("zstd"):
            return None
    cure = "install zstd, then run it again" if method == "zstd" else "unpack it yourself first"
    raise OutsideError(f"it is packed with {method}, which this Python cannot read: {cure}")


def ask_zstd(packed: bytes) -> bytes:
    """Return what the program zstd unpacks. Raise OutsideError if it cannot."""
    done = subprocess.run(["zstd", "-dcq"], input=packed, capture_output=True, check=False)
    if done.returncode:
        raise OutsideError("it is cut or damaged and cannot be unpacked (zstd): copy it again")
    return done.stdout
