"""What the title cell of each chapter states: number, title, promise, minutes, and what to read first."""
from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

from ..errors import CourseError
from ..paths import CONTENT
from .minutes import Length, measure

NOTEBOOKS = CONTENT / "notebooks"
TITLE = re.compile(
    r"# (?P<title>.+)\n\n\*\*(?P<promise>.+)\*\*\n\nTime: (?P<minutes>\d+) minutes\. You need: (?P<needs>.+)")
LINK = re.compile(r"\]\(([\w-]+)\.ipynb")


class Chapter(NamedTuple):
    """One chapter; `minutes` are stated, `length` is measured, `needs` are the notebooks to read before it."""

    name: str
    title: str
    promise: str
    minutes: int
    needs: tuple[str, ...]
    length: Length

    @property
    def number(self) -> str:
        """Its place in the course, such as 07."""
        return self.name[:2]


def read_chapters(folder: Path = NOTEBOOKS) -> list[Chapter]:
    """Return all chapters of a folder in their order. Raise CourseError as `read_chapter` does."""
    return [read_chapter(path) for path in sorted(folder.glob("[0-9][0-9]-*.ipynb"))]


def read_chapter(path: Path) -> Chapter:
    """Return what a notebook's title cell states. Raise CourseError if the cell does not have the form of a title."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    first = "".join(cells[0]["source"])
    title = TITLE.fullmatch(re.sub(r"(?<!\n)\n(?!\n)", " ", first))
    if not title:
        raise CourseError(f"{path.name}: the first cell is not `# Title`, `**Promise.**`, `Time: … You need: …`.")
    needs = tuple(LINK.findall(title["needs"]))
    return Chapter(path.stem, title["title"], title["promise"], int(title["minutes"]), needs, measure(cells))
