"""Reads files and texts from outside, which may be damaged, endless, in another encoding, or meant to harm."""
from __future__ import annotations

import codecs
import os
import stat
import unicodedata
from typing import TYPE_CHECKING

from .text import count

if TYPE_CHECKING:
    from pathlib import Path  # every command imports this module, and few need a path

WIDE_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
WIDE_ZEROS: dict[tuple[bool, ...], str] = {
    (False, True, True, True): "utf-32-le", (True, True, True, False): "utf-32-be",
    (False, True, False, True): "utf-16-le", (True, False, True, False): "utf-16-be"}
"""The encodings of mostly Latin text, by which of four bytes are mostly zero."""
SAMPLE = 4_000
"""How many bytes of a file show its encoding."""
JOINERS = "\u200c\u200d\u200e\u200f\u061c"
"""Invisible characters that names need, as in Persian; every other one may hide something or turn a line around."""


class OutsideError(ValueError):
    """Something from outside cannot be used; the message says why, as a phrase of one line that follows a colon."""


class EncodingError(OutsideError):
    """A text is whole, but not UTF-8: a program can save it again."""


def read_text(path: Path, limit: int, *, pipe: bool = False) -> str:
    """Return the text of a file: see `read_file` and `decode`. Raise OutsideError or OSError."""
    return decode(read_file(path, limit, pipe=pipe))


def read_file(path: Path, limit: int, *, pipe: bool = False) -> bytes:
    """Return the bytes of a file, `limit` at most. Raise OutsideError if it is larger, OSError if it cannot be opened.

    Whatever is not a file, such as a pipe in which nobody writes, is refused without waiting, unless `pipe` is true.
    """
    wait = 0 if pipe else getattr(os, "O_NONBLOCK", 0)
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | wait)) as file:
        status = os.fstat(file.fileno())
        if not pipe and not stat.S_ISREG(status.st_mode):
            raise OutsideError("it is not a file")
        content = file.read(limit + 1) if status.st_size <= limit else b""
    if len(content) > limit or status.st_size > limit:
        raise OutsideError(f"it is larger than {count(limit, 'byte') if limit < 10**6 else f'{limit // 10**6} MB'}")
    return content


def decode(content: bytes, *, wide: bool = False) -> str:
    """Return bytes as text without a byte order mark, each line ended by LF. Raise OutsideError if it is not UTF-8.

    With `wide` it may be UTF-16 or UTF-32, too; what was cut in the middle of a letter ends with a replacement mark.
    """
    codec = find_wide_codec(content) if wide else ""
    if codec and content.strip(b"\0"):
        return tidy(content.decode(codec, "replace"))
    check_encoding(content)
    try:
        return tidy(content.decode())
    except UnicodeDecodeError as error:
        raise OutsideError(f"it is not UTF-8: byte {error.start + 1} is {content[error.start]:#04x}. Save it as UTF-8"
                           ) from None


def tidy(text: str) -> str:
    """Return a text without a byte order mark, each line ended by LF."""
    return text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def unify_line_ends(content: bytes) -> bytes:
    """Return a text's bytes with each line ended by LF: git may have stored them on this machine with CRLF."""
    return content.replace(b"\r\n", b"\n")


def take_mark_off(line: bytes) -> bytes:
    """Return the first line of a file without a byte order mark. Raise OutsideError if the file is not UTF-8."""
    check_encoding(line)
    return line.removeprefix(codecs.BOM_UTF8)


def check_encoding(content: bytes) -> None:
    """Raise EncodingError if the beginning of a file is UTF-16 or UTF-32, OutsideError if a crash emptied it."""
    sample = content[:SAMPLE]
    if sample and not sample.strip(b"\0"):
        raise OutsideError("it has only zero bytes, as after a crash")
    if codec := find_wide_codec(content):
        raise EncodingError(f"it is {codec[:6].upper()}. Save it as UTF-8")


def find_wide_codec(content: bytes) -> str:
    """Return UTF-16 or UTF-32 as Python names it, by the mark or the zeros of a file's beginning; '' for others."""
    sample = content[:SAMPLE]
    zeros = tuple(sample[place::4].count(0) * 8 > len(sample) for place in range(4))
    if sample.startswith(WIDE_MARKS):
        return "utf-32" if sample.startswith(WIDE_MARKS[:2]) else "utf-16"
    return WIDE_ZEROS.get(zeros, "")


def escape(text: str) -> str:
    """Return a text for a line of a message: with escapes for what a terminal obeys, hides, turns round or lacks."""
    return "".join(each if is_harmless(each) else escape_character(each) for each in text)


def is_harmless(character: str) -> bool:
    """Return True for a character that shows as itself, in every script, and for the joiners that some scripts need."""
    return character.isprintable() or character in JOINERS or unicodedata.category(character) in {"Zs", "Co", "Cn"}


def escape_character(character: str) -> str:
    """Return a character as Python writes it, and a byte of a file name that is no text as that byte."""
    byte = ord(character) - 0xDC00
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else character.encode("unicode_escape").decode()
