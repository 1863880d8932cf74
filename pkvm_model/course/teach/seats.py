"""The last lines of doctor's reports, collected from a class before the day, as they come out of mails.

Mail programs wrap a line, quote it, and change its spaces. The check code at its end shows when it is whole again.
"""
from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from ...outside import escape
from ...show.table import Table
from ..learner.unwrap import SPACES
from ..setup.signed_line import is_intact

PARTS = ("pkvm-course ", "", "jupyterlab ", "ok ", "note ", "missing ", "code ")
"""How the parts of a line begin."""
BEGIN, WHOLE = re.compile(r"(?=pkvm-course )"), re.compile(r"pkvm-course .*?\| code [0-9a-f]{6}(?![0-9a-f])")
QUOTES = re.compile(r"^[>\s]+|=$", re.MULTILINE)
"""What a mail program puts before a line that it quotes, and behind a line that it breaks as quoted-printable."""
PIECE = re.compile(r"pkvm-course |\| ?(jupyterlab|ok|note|missing|code)\b|^code [0-9a-f]{6}$")
"""What shows that some text is a piece of a doctor's line."""
MOST_PIECES = 8
JOINTS = (" ", "")


def seats(text: str) -> Table:
    """Return a table with a row for each line: whether this learner can work, or that the line did not arrive whole."""
    rows = [make_row(number, line) for number, line in enumerate(list_lines(text), 1)]
    counts = Counter(answer for _, _, answer in rows)
    note = ", ".join(f"{number} × {answer}" for answer, number in counts.most_common()) or "There is no line here"
    return Table("The seats", ("line", "machine", "can it work?"), rows, f"{note}.")


def list_lines(text: str) -> Iterator[str]:
    """Yield the lines in a text, put together again, or as they are if that fails; other text does not count."""
    clean = re.sub(r"pkvm-\s*course", "pkvm-course", QUOTES.sub("", text.translate(SPACES)))
    pieces = [piece for line in clean.splitlines() for piece in BEGIN.split(line) if piece.strip()]
    place = 0
    while place < len(pieces):
        line, number = join_pieces(pieces[place:place + MOST_PIECES])
        if line or PIECE.search(pieces[place]):
            yield line or " ".join(" ".join(pieces[place:place + number]).split())
        place += number


def join_pieces(pieces: Sequence[str]) -> tuple[str, int]:
    """Return the intact line that the first pieces make, '' if they make none, and how many pieces belong to it."""
    later = next((n for n, piece in enumerate(pieces) if n and BEGIN.match(piece)), len(pieces))
    for number in range(1, later + 1):
        for joints in itertools.product(JOINTS, repeat=number - 1):
            text = "".join(itertools.chain(*zip(pieces, (*joints, ""), strict=False)))
            match = WHOLE.match(" ".join(text.split()))
            if match and is_intact(match[0]):
                return match[0], number
    return "", next((n for n in range(1, later) if not PIECE.search(pieces[n])), later)


def make_row(number: int, line: str) -> tuple[str, str, str]:
    """Return the row of one line: its number, the machine, and whether it can work."""
    parts = line.split(" | ")
    if not is_intact(line):
        return str(number), "", "the line is not whole: ask for it again"
    if len(parts) != len(PARTS) or not all(map(str.startswith, parts, PARTS)):
        return str(number), "", "a part of the line is missing: ask for it again"
    machine, missing = escape(parts[1]), escape(parts[5])
    return str(number), machine, "yes" if missing == "missing nothing" else f"no: {missing}"
