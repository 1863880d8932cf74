"""Digests of files and of notebooks' cells: they show what is newer in the course and what a learner has changed."""
from __future__ import annotations

import hashlib
import json
from typing import Any

from ...outside import unify_line_ends

WHOLE, ANSWER = "*", "answer"
Digests = dict[str, str]
"""The digest of a file under WHOLE, and short ones of its cells under their ids."""


def digest(content: bytes) -> str:
    """Return the SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def digest_file(content: bytes) -> str:
    """Return the SHA-256 of a text file; how its lines end does not count."""
    return digest(unify_line_ends(content))


def digest_cells(content: bytes) -> Digests:
    """Return the digest of a file and, if it is a notebook, a short one of each cell's text."""
    cells = {name: digest(text.encode())[:12] for name, text in read_cells(content).items()}
    return {WHOLE: digest_file(content)} | cells


def read_cells(content: bytes) -> dict[str, str]:
    """Return the text of each cell by its id; nothing if the content is not a notebook."""
    try:
        cells: dict[str, Any] = {str(cell["id"]): cell["source"] for cell in json.loads(content)["cells"]}
        return {name: source if isinstance(source, str) else "".join(source) for name, source in cells.items()}
    except (ValueError, TypeError, KeyError, RecursionError):
        return {}


def read_fixed_cells(content: bytes) -> dict[str, str]:
    """Return the text of each cell except the learner's answer."""
    return {name: text for name, text in read_cells(content).items() if name != ANSWER}
