"""The learner's copy of the notebooks: made once, never overwritten."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from pkvm_model.course.environment import ROOT
from pkvm_model.course.errors import CourseError

WORK = ROOT / "my_work"
ORIGINALS = ROOT / "notebooks"
RECORD = ".course.json"


def make_copy(originals: Path = ORIGINALS, work: Path = WORK) -> list[str]:
    """Copies each notebook that the learner has not got yet; gives the sentences to show."""
    try:
        work.mkdir(exist_ok=True)
        return list(_copy_missing(originals, work))
    except OSError as error:
        raise CourseError(f"{work} cannot be written ({error.strerror}). Copy the course elsewhere.") from error


def _copy_missing(originals: Path, work: Path) -> Iterator[str]:
    copied = recorded(work)
    for original in sorted(originals.glob("*.ipynb")):
        content, mine = original.read_bytes(), work / original.name
        digest = hashlib.sha256(content).hexdigest()
        if not mine.exists():
            write_whole(mine, content)
            copied[original.name] = digest
        elif copied.setdefault(original.name, digest) != digest:
            yield (
                f"{original.name}: the course has a newer version. Your copy in {work.name}/ is kept; "
                "to get the new one, rename yours and run this again."
            )
    write_whole(work / RECORD, json.dumps(copied, indent=1).encode())


def recorded(work: Path) -> dict[str, str]:
    """Gives the digest of each original as it was copied; a record that cannot be read counts as empty."""
    try:
        return dict(json.loads((work / RECORD).read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return {}


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file so that a stop at any moment leaves the old one or the whole new one."""
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(content)
    new.replace(path)
