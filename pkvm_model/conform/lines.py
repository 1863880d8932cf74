"""Read the lines of a file, packed or not, holding at most one line of limited length in memory."""
from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, cast

from ..outside import OutsideError, take_mark_off
from ..schema import JSON

PACKED = b"\x1f\x8b"
"""The first bytes of a gzip file, whatever its name is."""


class BadFile(ValueError):  # noqa: N818  # short, as it is caught by name
    """A file or a line of it is wrong; the message says how, in one line."""


class Duplicate(BadFile):
    """An object has two fields of the same name, so that two readers could read different things."""


def open_file(path: Path) -> BinaryIO:
    """Return the file, opened for reading bytes and unpacked if it is packed."""
    with path.open("rb") as file:
        packed = file.read(2) == PACKED
    return cast(BinaryIO, gzip.open(path)) if packed else path.open("rb")


def read_lines(path: Path, limit: int) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file with their numbers, from 1 on. Raise BadFile at the first that cannot be read."""
    number = 0
    try:
        with open_file(path) as file:
            while line := file.readline(limit + 1):
                number += 1
                line = take_mark_off(line) if number == 1 else line
                if len(line) > limit:
                    raise BadFile(f"line {number}: it has more than {limit} characters")
                yield number, line
    except OutsideError as error:
        raise BadFile(str(error)) from None
    except EOFError:
        raise BadFile(f"line {number + 1}: the file is cut short; fetch it again") from None
    except (gzip.BadGzipFile, zlib.error):
        raise BadFile(f"line {number + 1}: the packed file is damaged; fetch it again") from None
    except OSError as error:
        raise BadFile(f"{error.strerror}; give the path of a file") from None


def parse(line: bytes) -> JSON:
    """Return a line as a JSON object. Raise BadFile for anything else."""
    try:
        value = DECODER.decode(line.decode())
    except BadFile:
        raise
    except (ValueError, RecursionError):
        old = b"\r" in line.strip()
        raise BadFile("the lines end in CR alone, as on very old machines. Save the file with LF" if old else
                      "this is not one whole JSON object; is the file cut?") from None
    if not isinstance(value, dict):
        raise BadFile("this is not a JSON object")
    return value


def reject_float(text: str) -> NoReturn:
    """Raise BadFile: no number here has a fraction."""
    raise BadFile(f"{text[:20]} is not a whole number")


def reject_duplicates(pairs: list[tuple[str, Any]]) -> JSON:
    """Return the object of these names and values. Raise Duplicate if two names are the same."""
    value = dict(pairs)
    if len(value) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise Duplicate(f"{twice[:40]!r} occurs twice in one object")
    return value


DECODER = json.JSONDecoder(parse_float=reject_float, parse_constant=reject_float, object_pairs_hook=reject_duplicates)
