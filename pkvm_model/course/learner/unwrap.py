"""The texts that a hand-in may have become on its way: mail wraps lines, quotes, encodes, and changes spaces.

Editors and learning platforms also save it in another encoding, or read UTF-8 as if it were one.

A hand-in has a digest, so a guess can do no harm: only the text that was handed in passes.
"""
from __future__ import annotations

import base64
import binascii
import codecs
import contextlib
import html
import itertools
import quopri
import re
from collections.abc import Callable, Iterator

from ...outside import OutsideError, decode

ENCODED = re.compile(r"(?:ewog|ew0K|eyJm|77u/)[A-Za-z0-9+/\s>]+={0,2}")
"""Base64 of what a hand-in begins with: a brace and a line end, CRLF or the first name; or a byte order mark."""
BEGIN = re.compile('\\{\\s*["\u201c\u201d\u201e]')
QUOTE = re.compile(r"^[ \t]*(>[> \t]*)\{", re.MULTILINE)
MOST_QUOTES = 50
INDENT = re.compile(r"\\n[ \t]*\n[ \t]*")
INDENTS = ("    ", "        ", "            ", "")
MOST_INDENTS, LONGEST_INDENTED = 5, 20_000
"""How many indents are tried in one text, and in a text of which length: each try is read as a whole."""
TAG = re.compile(r"<[^<>]{0,1000}>")
LINE_TAG = re.compile(r"<(?:br|/p|/div)\b[^<>]{0,1000}>", re.IGNORECASE)
STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\Z)', re.DOTALL)
"""A JSON string in which line ends may stand; one that never ends goes to the end, so that nothing is read twice."""
SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u3000": " ", "\u00ad": None, "\u200b": None, "\u2060": None,
                        "\ufeff": None, "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2018": "'", "\u2019": "'"})
"""What mail programs put in the place of spaces and quotation marks, or between letters."""
CODECS = ("cp1252", "mac_roman", "cp1250", "cp1251")
"""What programs on Windows and old Macs write. UTF-8 is often read as if it were the first."""
KEEP_CONTROLS = "pkvm-keep-controls"


def list_decodings(content: bytes) -> Iterator[str]:
    """Yield what bytes may say as text, the likeliest first. Raise OutsideError if they are no text after all."""
    try:
        yield (text := decode(content, wide=True))
    except OutsideError:
        yield from (decode(content.decode(codec).encode()) for codec in CODECS if can_decode(content, codec))
        raise
    with contextlib.suppress(UnicodeError):
        if not text.isascii():
            yield text.encode(CODECS[0], KEEP_CONTROLS).decode()


def encode_control(error: UnicodeError) -> tuple[bytes, int]:
    """Return the byte of a control character that cp1252 lacks, as programs of Windows do; raise UnicodeError else."""
    assert isinstance(error, UnicodeEncodeError)
    return error.object[error.start:error.end].encode("latin-1"), error.end


codecs.register_error(KEEP_CONTROLS, encode_control)


def can_decode(content: bytes, codec: str) -> bool:
    """Return True if bytes may be a text in an encoding: there is a letter for each, and not only zeros."""
    try:
        return bool(content.strip(b"\0") and content.decode(codec))
    except UnicodeDecodeError:
        return False


def list_readings(text: str) -> Iterator[str]:
    """Yield a text as it is, and then what may have been handed in if it came by mail."""
    yield text
    for body in list_bodies(text):
        match = BEGIN.search(inner := remove_quotes(body))
        inner = inner[match.start():] if match else ""
        for clean in dict.fromkeys([inner, inner.translate(SPACES)]):
            yield clean
            if is_wrapped(clean):
                yield from dict.fromkeys(join_strings(clean, join) for join in JOINS)
                yield from restore_indents(clean)


def is_wrapped(text: str) -> bool:
    """Return True if a string in a text goes on in the next line, which JSON does not allow."""
    return any("\n" in string[0] for string in STRING.finditer(text))


def join_strings(text: str, join: Callable[[str], str]) -> str:
    """Return a text in which each string that goes on in the next line is joined."""
    return STRING.sub(lambda string: join(string[0]) if "\n" in string[0] else string[0], text)


def restore_indents(text: str) -> Iterator[str]:
    """Yield a text with usual indents where a line was broken before an indent of Python code, which is gone."""
    marked = join_strings(text, lambda string: join_by_space(INDENT.sub(r"\\n\0", string)))
    first, *rest = marked.split("\0")
    if len(text) < LONGEST_INDENTED and 0 < len(rest) <= MOST_INDENTS and "\0" not in text:
        for indents in itertools.product(INDENTS, repeat=len(rest)):
            yield first + "".join(map(str.__add__, indents, rest))


def list_bodies(text: str) -> Iterator[str]:
    """Yield a text, and the text behind base64, quoted-printable or HTML if there may be one."""
    yield text
    if match := ENCODED.search(text):
        yield decode_base64(match[0])
    if "=\n" in text or "=3D" in text:
        yield quopri.decodestring(text.encode()).decode(errors="replace")
    if "&quot;" in text or LINE_TAG.search(text):
        yield html.unescape(TAG.sub("", LINE_TAG.sub("\n", text)))


def decode_base64(text: str) -> str:
    """Return the text behind base64, '' if it is damaged."""
    try:
        return base64.b64decode(re.sub(r"[\s>]", "", text), validate=True).decode(errors="replace")
    except binascii.Error:
        return ""


def remove_quotes(text: str) -> str:
    """Return a text without the marks before each line that a mail program puts before what it quotes."""
    match = QUOTE.search(text)
    depth = min(match[1].count(">"), MOST_QUOTES) if match else 0
    return re.sub(rf"^[ \t]?(?:> ?){{1,{depth}}}", "", text, flags=re.MULTILINE) if depth else text


def join_by_space(string: str) -> str:
    """Return a string whose lines were broken at a space; it is gone, and so are others beside it."""
    first, *rest = string.split("\n")
    return " ".join([first.rstrip(), *(part.strip() for part in rest[:-1]), *(part.lstrip() for part in rest[-1:])])


def join_flowed(string: str) -> str:
    """Return a string whose lines were broken after a space, which is there, as in format=flowed."""
    return re.sub(r"\n ?", "", string)


def join_by_one_space(string: str) -> str:
    """Return a string whose lines were broken at a space; it is gone, others beside it are there."""
    return string.replace("\n", " ")


def join_cut(string: str) -> str:
    """Return a string whose lines were cut anywhere."""
    return string.replace("\n", "")


JOINS: tuple[Callable[[str], str], ...] = (
    join_by_space, join_by_one_space, join_flowed, join_cut)
