"""The learner's own copy of the course: made once, brought up to date only when asked, never overwritten.

For each file that the course gives out, RECORD keeps digests of what was given; so it is known what is newer in the
course, and what the learner has changed. To replace a file, it first gets a second name in ASIDE, then the new one
takes its place, then the record follows. A stop in between leaves a file too many, never one too few.
"""

import contextlib
import difflib
import hashlib
import itertools
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from ...practice import progress
from ...practice.exercises import FOLDER, Exercise, ExerciseError, load_exercises
from ...practice.notebook import MAGIC, extract_answer, make_notebook
from ...practice.progress import ExerciseRecord, ProgressError, write_atomically
from ..errors import CourseError
from ..paths import ROOT

WORK = ROOT / "my_work"
ORIGINALS = ROOT / "notebooks"
RECORD = progress.COPY
EXERCISES, ASIDE = "exercises", "put-aside"
EXERCISE_LINK = re.compile(rb"\.\./exercises/([a-z0-9-]+)\.md\b")
LEFT_OVER = re.compile(r"\.(.+\.ipynb|progress\.json|\.course\.json)\.\d+\.new")
WHOLE, ANSWER = "*", "answer"
Digests = dict[str, str]


class Copy(NamedTuple):
    """Where a learner's copy is, and where the course has the chapters and exercises that it gives out."""

    folder: Path = WORK
    chapters: Path = ORIGINALS
    exercises: Path = FOLDER


class Work:
    """A learner's copy while it is open: what the course gives out, and what it gave, by the file's name there."""

    def __init__(self, copy: Copy) -> None:
        """Reads what the course gives out; nothing of the learner's is read or written yet."""
        self.folder = copy.folder
        self.exercises = exercises_of(copy.exercises)
        self.files = chapters_of(copy.chapters) | {name: make_notebook(one) for name, one in self.exercises.items()}
        self.now = {name: digests(content) for name, content in self.files.items()}
        self.given: dict[str, Digests] = {}
        self.made: list[str] = []

    def begin(self) -> None:
        """Puts right what an earlier stop has left, and makes what is missing."""
        sweep(self.folder)
        self.given = recorded(self.folder)
        self.made = [name for name in self.files if not os.path.lexists(self.folder / name)]
        current = [name for name in self.files if name in self.made or self.is_as_given_out_now(name)]
        # What is missing is recorded first: a stop leaves it missing, and the next run makes it.
        self.record(current)
        for name in self.made:
            self.write(name, self.files[name])

    def mine(self, name: str) -> bytes:
        """What the learner has under a name; nothing where it cannot be read as a file."""
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            return b""

    def is_as_given_out_now(self, name: str) -> bool:
        """True for the course's own bytes; where the record is lost, also for the course's text with other outputs."""
        mine, new = self.mine(name), self.files[name]
        return mine == new or (name not in self.given and bool(cells(mine)) and cells(mine) == cells(new))

    def is_untouched(self, name: str) -> bool:
        """True if the file is, to the byte, as the course gave it out."""
        return self.mine(name) == self.files[name] or digest(self.mine(name)) == self.given.get(name, {}).get(WHOLE)

    def newer(self, name: str) -> str:
        """What a newer course has changed in a file, '' for nothing."""
        given, new = self.given.get(name), self.now[name]
        if given is None:
            return "or yours is from elsewhere"
        if given[WHOLE] == new[WHOLE]:
            return ""
        changed = [cell for cell in new if cell != WHOLE and given.get(cell) != new[cell]]
        if name in self.exercises:
            return ", ".join(changed) or "its form"
        return f"{len(changed)} of {len(new) - 1} cells" if changed else "what its cells show"

    def news(self) -> Iterator[str]:
        """A sentence for each file of which the course has a newer version, and one on how to take it over."""
        newer = {name: changed for name in self.files if (changed := self.newer(name))}
        yield from (f"{plain(name)}: the course has a newer version ({changed})." for name, changed in newer.items())
        if newer:
            one = self.short(next(iter(newer)))
            yield (
                "Yours is kept. To take over what is new: python3 course.py update; "
                f"only some of it: python3 course.py update {one}"
            )

    def take_over(self, name: str) -> str:
        """Puts the course's version in the place of the learner's, which is put aside if it was touched."""
        answer = self.answer(name)
        new = self.files[name] if answer is None else make_notebook(self.exercises[name], answer)
        # It is the new one already where an earlier run was stopped just before the record.
        keep = not self.is_untouched(name) and self.mine(name) != new
        aside = f" Yours as it was: {self.put_aside(name)}" if keep else ""
        self.replace(name, new)
        return f"{plain(name)}: taken over{', with your answer' if answer else ''}.{aside}"

    def reset(self, name: str) -> str:
        """Makes a file pristine again; the learner's is put aside if it is another one."""
        if self.mine(name) == self.files[name]:
            return f"{plain(name)}: it is as the course gives it."
        aside = "" if self.is_untouched(name) else f" Yours as it was: {self.put_aside(name)}"
        self.replace(name, self.files[name])
        return f"{plain(name)}: as the course gives it again.{aside}"

    def answer(self, name: str) -> str | None:
        """The learner's own answer in an exercise's notebook, None where there is none."""
        one = self.exercises.get(name)
        answer = extract_answer(self.mine(name), one.id) if one else None
        if not one or answer is None or not answer.strip():
            return None
        is_stub = digest(f"{MAGIC} {one.id}\n{answer}".encode())[:12] == self.given.get(name, {}).get(ANSWER)
        return None if is_stub or answer == one.stub else answer

    def put_aside(self, name: str) -> str:
        """Gives the learner's file a second name in ASIDE, one that is free, and says which."""
        (self.folder / ASIDE).mkdir(exist_ok=True)
        for number in itertools.count(1):
            aside = f"{ASIDE}/{stem(name)}-{number}.ipynb"
            if gave_second_name(self.folder / name, self.folder / aside):
                return aside
        raise AssertionError

    def replace(self, name: str, content: bytes) -> None:
        """Writes a file that the course gives out now, and then its record."""
        self.write(name, content)
        self.record([name])

    def write(self, name: str, content: bytes) -> None:
        """Writes a file, and the folder it is in."""
        (self.folder / name).parent.mkdir(exist_ok=True)
        write_atomically(self.folder / name, content)

    def record(self, names: list[str]) -> None:
        """Notes that these are as the course gives them out now."""
        given = self.given | {name: self.now[name] for name in names}
        if given != self.given or not (self.folder / RECORD).is_file():
            write_atomically(self.folder / RECORD, json.dumps(given, indent=1).encode())
        self.given = given

    def named(self, text: str) -> str:
        """The file that a learner means: its path in the copy, or the name of an exercise or chapter."""
        path = text.replace("\\", "/").removeprefix("./").removeprefix(f"{WORK.name}/")
        # An exercise may have the name of a chapter; it comes later, so it is the one that is meant.
        known = {stem(name): name for name in self.files} | {name: name for name in self.files}
        wanted = path if path in known else stem(path)
        if wanted not in known:
            near = difflib.get_close_matches(wanted, known, 1)
            what_next = f"Did you mean {stem(near[0])}?" if near else "python3 course.py progress lists them."
            raise CourseError(f"there is no chapter or exercise {wanted!r:.60}. {what_next}")
        return known[wanted]

    def short(self, name: str) -> str:
        """What to type for a file."""
        return stem(name) if self.named(stem(name)) == name else name

    def noted(self) -> tuple[dict[str, ExerciseRecord], str]:
        """The learner's progress, and a sentence if it was damaged and had to be put aside."""
        try:
            return progress.read(self.folder), ""
        except ProgressError as error:
            aside = progress.put_damaged_aside(self.folder)
            return {}, f"{progress.NAME}: {error}. It is now {aside.name}, and a new one begins."

    def keep_noted(self, noted: dict[str, ExerciseRecord]) -> None:
        """Writes the learner's progress."""
        write_atomically(self.folder / progress.NAME, progress.to_text(noted).encode())


@contextlib.contextmanager
def opened(copy: Copy | None = None) -> Iterator[Work]:
    """While this lasts a learner's copy is ours alone; it is made where there is none, and made whole."""
    work = Work(copy or Copy())
    try:
        work.folder.mkdir(exist_ok=True)
        with progress.lock_progress(work.folder):
            work.begin()
            yield work
    except OSError as error:
        raise CourseError(
            f"{work.folder} cannot be written ({error.strerror or error}). Make room, or copy the course elsewhere, "
            "and run this again. What you wrote is kept."
        ) from error


def make_copy(copy: Copy | None = None) -> list[str]:
    """Makes what the learner has not got yet; gives the sentences to show."""
    with opened(copy) as work:
        return list(work.news())


def exercises_of(folder: Path) -> dict[str, Exercise]:
    """The exercises of the course by their name in the learner's copy."""
    try:
        return {f"{EXERCISES}/{name}.ipynb": one for name, one in load_exercises(folder).items()}
    except ExerciseError as error:
        raise CourseError(f"{error}. Get the whole course again.") from error


def chapters_of(folder: Path) -> dict[str, bytes]:
    """The notebooks of the course as the learner gets them: their links lead to the learner's own exercises."""
    return {
        path.name: EXERCISE_LINK.sub(rb"exercises/\1.ipynb", path.read_bytes())
        for path in sorted(folder.glob("*.ipynb"))
    }


def digest(content: bytes) -> str:
    """The sha256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def digests(content: bytes) -> Digests:
    """The digest of a file, and, if it is a notebook, a short one of each cell's text."""
    return {WHOLE: digest(content)} | {name: digest(text.encode())[:12] for name, text in texts(content).items()}


def texts(content: bytes) -> dict[str, str]:
    """The text of each cell by the cell's id; empty for what is no notebook."""
    try:
        found: dict[str, Any] = {str(cell["id"]): cell["source"] for cell in json.loads(content)["cells"]}
        return {name: source if isinstance(source, str) else "".join(source) for name, source in found.items()}
    except (ValueError, TypeError, KeyError, RecursionError):
        return {}


def cells(content: bytes) -> dict[str, str]:
    """The texts of a notebook without the learner's answer."""
    return {name: text for name, text in texts(content).items() if name != ANSWER}


def recorded(folder: Path) -> dict[str, Digests]:
    """What was given out, by name; a record that cannot be read counts as empty."""
    try:
        found = json.loads((folder / RECORD).read_bytes())
        return {name: row for name, row in found.items() if isinstance(row, dict) and isinstance(row.get(WHOLE), str)}
    except (FileNotFoundError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def sweep(folder: Path) -> None:
    """Takes away what a stopped run has left half written; whoever writes holds the lock, so nobody writes it now."""
    for place in (folder, folder / EXERCISES, folder / ASIDE):
        for path in place.glob(".*.new"):
            if LEFT_OVER.fullmatch(path.name):
                path.unlink(missing_ok=True)


def gave_second_name(path: Path, second: Path) -> bool:
    """Lets a file be found under a second name as well; False where that name is another file's."""
    if os.path.lexists(second):
        return second.exists() and second.samefile(path)
    try:
        os.link(path, second)
    except FileExistsError:
        return False
    except OSError:  # a file system without second names gets a copy, whole or not at all
        write_atomically(second, path.read_bytes())
    return True


def stem(name: str) -> str:
    """The name of a chapter or exercise without folder and ending."""
    return PurePath(name).stem


def plain(name: str) -> str:
    """The name of a file in the copy without its ending."""
    return name.removesuffix(".ipynb")
