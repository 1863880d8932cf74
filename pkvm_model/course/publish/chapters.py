"""What the chapters say of themselves in their title cells: number, title, promise, minutes, what they need first."""

import json
import re
from pathlib import Path
from typing import NamedTuple

from ..errors import CourseError
from ..paths import ROOT

NOTEBOOKS = ROOT / "notebooks"
TITLE = re.compile(
    r"# (?P<title>.+)\n\n\*\*(?P<promise>.+)\*\*\n\nTime: (?P<minutes>\d+) minutes\. You need: (?P<needs>.+)"
)
LINK = re.compile(r"\]\(([\w-]+)\.ipynb")


class Chapter(NamedTuple):
    """One chapter; `needs` are the names of the notebooks that come before it."""

    name: str
    title: str
    promise: str
    minutes: int
    needs: tuple[str, ...]

    @property
    def number(self) -> str:
        """Its place in the course, such as 07."""
        return self.name[:2]


def chapters(folder: Path = NOTEBOOKS) -> list[Chapter]:
    """All chapters of a folder in their order."""
    return [chapter(path) for path in sorted(folder.glob("[0-9][0-9]-*.ipynb"))]


def chapter(path: Path) -> Chapter:
    """What one notebook says of itself."""
    first = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
    found = TITLE.fullmatch(re.sub(r"(?<!\n)\n(?!\n)", " ", first))
    if not found:
        raise CourseError(f"{path.name}: the first cell is not `# Title`, `**Promise.**`, `Time: … You need: …`.")
    needs = tuple(LINK.findall(found["needs"]))
    return Chapter(path.stem, found["title"], found["promise"], int(found["minutes"]), needs)
