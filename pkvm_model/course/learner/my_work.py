"""The learner's own copy of the course, my_work/: made once, updated only on request, never overwritten.

For each file that the course gives out, RECORD keeps digests of the version given; they show what is newer in the
course and what the learner has changed. A file to be replaced first moves into ASIDE as it is at that moment; there it
is compared, and kept if it has something of the learner's. Then the new file takes its place unless the learner has
saved once more, then the record is updated. So neither a save nor a stop at any moment loses a line.
"""
from __future__ import annotations

import contextlib
import difflib
import json
import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePath
from typing import NamedTuple

from ...outside import OutsideError, read_file, unify_line_ends
from ...practice import progress, quizzes
from ...practice.exercises import FOLDER, Exercise, ExerciseError, load_exercises
from ...practice.notebook import MAGIC, extract_answer, make_notebook
from ...practice.progress import ExerciseRecord, ProgressError, write_atomically, write_beside
from ...text import list_words
from ..errors import CourseError
from ..paths import CONTENT, HOME_VARIABLE, WORKPLACE, name_command
from .digests import ANSWER, WHOLE, Digests, digest, digest_cells, digest_file, read_fixed_cells
from .renaming import add_name, find_free_name, move_aside

MY_WORK, ORIGINALS = WORKPLACE / "my_work", CONTENT / "notebooks"
RECORD, LARGEST_NOTEBOOK = progress.COPY, 200_000_000
EXERCISES, ASIDE = "exercises", "put-aside"
RENAMED = {"three-questions.ipynb": "before-and-after.ipynb"}
"""The old and the new names of files that the course gives out under another name now."""
EXERCISE_LINK = re.compile(rb"\.\./exercises/([a-z0-9-]+)\.md\b")
LEFTOVER = re.compile(r"\.(.+\.ipynb|progress\.json|quizzes(?:-\d+)?\.json|\.course\.json)\.\d+\.new")


class CopyPaths(NamedTuple):
    """The folders of a learner's copy and of the chapters and exercises that it is made from."""

    folder: Path = MY_WORK
    chapters: Path = ORIGINALS
    exercises: Path = FOLDER


class OpenCopy:
    """A learner's copy while a command works on it. Names are paths in the copy, such as exercises/one.ipynb.

    `files` is what the course gives out now and `digests` its digests; `recorded` are the digests of what it gave out
    before; `created` are the files that were missing.
    """

    def __init__(self, paths: CopyPaths) -> None:
        """Read what the course gives out; nothing of the learner's is read or written yet."""
        self.folder = paths.folder
        self.exercises = read_exercises(paths.exercises)
        self.files = read_chapters(paths.chapters)
        self.files |= {name: make_notebook(exercise) for name, exercise in self.exercises.items()}
        self.digests = {name: digest_cells(content) for name, content in self.files.items()}
        self.recorded: dict[str, Digests] = {}
        self.created: list[str] = []

    def begin(self) -> None:
        """Clean up after an earlier stop, and make what is missing."""
        remove_leftovers(self.folder)
        self.recorded = read_record(self.folder)
        self.rename()
        self.created = [name for name in self.files if not os.path.lexists(self.folder / name)]
        current = [name for name in self.files if name in self.created or self.is_current(name)]
        # Missing files are recorded first: after a stop they are still missing, and the next run makes them.
        self.record(current)
        for name in self.created:
            self.create(name, self.files[name])

    def rename(self) -> None:
        """Give files their new names, with what the learner wrote in them, where no file has the new name yet."""
        for old, new in RENAMED.items():
            if new in self.files and old in self.recorded:
                self.recorded[new] = self.recorded.pop(old)
                self.write_record()
            path = self.folder / old
            if new in self.files and os.path.lexists(path) and add_name(path, self.folder / new):
                path.unlink()

    def read(self, name: str) -> bytes:
        """Return the learner's file of this name, b"" if it cannot be read or is far too large."""
        try:
            return read_file(self.folder / name, LARGEST_NOTEBOOK)
        except (OSError, OutsideError):
            return b""

    def is_current(self, name: str) -> bool:
        """Return True for the course's own bytes; without a record, also for its text with other outputs."""
        mine, new = self.read(name), self.files[name]
        same_text = bool(read_fixed_cells(mine)) and read_fixed_cells(mine) == read_fixed_cells(new)
        return mine == new or (name not in self.recorded and same_text)

    def is_untouched(self, name: str, mine: bytes) -> bool:
        """Return True if a file's content is as the course gave it out; how its lines end does not count."""
        return mine == self.files[name] or digest_file(mine) == self.recorded.get(name, {}).get(WHOLE)

    def describe_news(self, name: str) -> str:
        """Return what a newer course has changed in a file, '' for nothing."""
        old, new = self.recorded.get(name), self.digests[name]
        if old is None:
            return "or yours comes from elsewhere"
        if old[WHOLE] == new[WHOLE]:
            return ""
        changed = [cell for cell in new if cell != WHOLE and old.get(cell) != new[cell]]
        if name in self.exercises:
            return ", ".join(changed) or "its form"
        return f"{len(changed)} of {len(new) - 1} cells" if changed else "the output of its cells"

    def list_news(self) -> Iterator[str]:
        """Yield a sentence for each file of which the course has a newer version, and one more on how to get it."""
        newer = {name: changed for name in self.files if (changed := self.describe_news(name))}
        for name, changed in newer.items():
            yield f"{drop_ending(name)}: the course has a newer version ({changed})."
        if newer:
            example = self.shorten(next(iter(newer)))
            yield (f"Yours is kept. To get what is new: {name_command('update')}; "
                   f"to get only some of it: {name_command(f'update {example}')}")

    def update(self, name: str) -> str:
        """Replace the learner's file by the course's, put it aside if it was changed, and say so."""
        new, kept = self.replace(name, partial(self.carry_over, name))
        return f"{drop_ending(name)}: updated{', with your answer' if new != self.files[name] else ''}.{kept}"

    def carry_over(self, name: str, mine: bytes) -> bytes:
        """Return the course's file, with the answer in the learner's if there is one."""
        answer = self.find_answer(name, mine)
        return self.files[name] if answer is None else make_notebook(self.exercises[name], answer)

    def reset(self, name: str) -> str:
        """Restore the course's file, put the learner's aside if it differs, and say so."""
        if self.read(name) == self.files[name]:
            return f"{drop_ending(name)}: it is already the course's version."
        _, kept = self.replace(name, lambda mine: self.files[name])
        return f"{drop_ending(name)}: the course's version again.{kept}"

    def reset_quizzes(self, name: str, keys: set[str]) -> str:
        """Forget the answers to some questions, but keep a copy of them aside, and say so; '' if there are none."""
        answers = quizzes.read(self.folder)
        forgotten = {key: place for key, place in answers.items() if key in keys}
        if not forgotten:
            return ""
        (self.folder / ASIDE).mkdir(exist_ok=True)
        aside = f"{ASIDE}/{find_free_name(quizzes.NAME, self.folder / ASIDE)}"
        write_atomically(self.folder / aside, quizzes.to_text(forgotten).encode())
        left = {key: place for key, place in answers.items() if key not in keys}
        write_atomically(self.folder / quizzes.NAME, quizzes.to_text(left).encode())
        return f"{drop_ending(name)}: its questions are open again. Your answers: {aside}"

    def find_answer(self, name: str, mine: bytes) -> str | None:
        """Return the learner's own answer in an exercise's notebook, None if there is none."""
        exercise = self.exercises.get(name)
        answer = extract_answer(mine, exercise.id) if exercise else None
        if not exercise or answer is None or not answer.strip():
            return None
        stub = self.recorded.get(name, {}).get(ANSWER)
        is_stub = digest(f"{MAGIC} {exercise.id}\n{answer}".encode())[:12] == stub
        return None if is_stub or answer == exercise.stub else answer

    def replace(self, name: str, make: Callable[[bytes], bytes]) -> tuple[bytes, str]:
        """Make a new file from the learner's, put it in its place, and record that the course gives it out now.

        Return what is in the new file, and a sentence on where the learner's is kept, '' if the course has it too. A
        program may save the learner's file at any moment: what it saved is compared, not what was read before.
        """
        path, kept = self.folder / name, list[str]()
        while True:
            new = make(self.read(name))
            with write_beside(path, new) as ready, move_aside(path, self.folder / ASIDE) as free:
                is_placed = add_name(ready, path)
            aside = f"{ASIDE}/{free}"
            taken = self.read(aside)
            if free and not self.is_untouched(name, taken) and taken != new:
                kept.append(aside)
            elif free:
                (self.folder / aside).unlink()
                with contextlib.suppress(OSError):  # It is not empty.
                    (self.folder / ASIDE).rmdir()
            if is_placed:
                self.record([name])
                return new, f" Your version: {list_words(kept)}" if kept else ""

    def create(self, name: str, content: bytes) -> bool:
        """Write a file and make its folder, unless there is a file of this name; return False if there is."""
        (self.folder / name).parent.mkdir(exist_ok=True)
        with write_beside(self.folder / name, content) as ready:
            return add_name(ready, self.folder / name)

    def record(self, names: list[str]) -> None:
        """Record that these files are as the course gives them out now."""
        recorded = self.recorded | {name: self.digests[name] for name in names}
        is_written = recorded == self.recorded and (self.folder / RECORD).is_file()
        self.recorded = recorded
        if not is_written:
            self.write_record()

    def write_record(self) -> None:
        """Write what the course has given out, under its names."""
        write_atomically(self.folder / RECORD, json.dumps(self.recorded, indent=1).encode())

    def resolve(self, text: str) -> str:
        """Return the file that a learner means by a path or a name. Raise CourseError if there is no such file."""
        path = text.replace("\\", "/").removeprefix("./").removeprefix(f"{MY_WORK.name}/")
        # An exercise may share its name with a chapter. The exercises come later, so the exercise is meant.
        known = {cut_stem(name): name for name in self.files} | {name: name for name in self.files}
        key = path if path in known else cut_stem(path)
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            what_next = f"Did you mean {cut_stem(near[0])}?" if near else f"{name_command('progress')} lists them."
            raise CourseError(f"there is no chapter or exercise {key!r:.60}. {what_next}")
        return known[key]

    def shorten(self, name: str) -> str:
        """Return the shortest text by which a learner can name a file."""
        return cut_stem(name) if self.resolve(cut_stem(name)) == name else name

    def read_progress(self) -> tuple[dict[str, ExerciseRecord], str]:
        """Return the learner's progress, and a sentence if it was damaged and had to be put aside.

        Raise CourseError if it is whole, but cannot be used here.
        """
        warnings = list[str]()
        try:
            return progress.read_or_put_aside(self.folder, warnings.append), "".join(warnings)
        except ProgressError as error:
            raise CourseError(f"{self.folder / progress.NAME} cannot be used: {error}.") from None

    def write_progress(self, progress_by_exercise: dict[str, ExerciseRecord]) -> None:
        """Write the learner's progress."""
        write_atomically(self.folder / progress.NAME, progress.to_text(progress_by_exercise).encode())


@contextlib.contextmanager
def open_copy(paths: CopyPaths | None = None) -> Iterator[OpenCopy]:
    """Lock a learner's copy, make what is missing in it, and yield it. Raise CourseError if it cannot be written."""
    copy = OpenCopy(paths or CopyPaths())
    try:
        copy.folder.mkdir(parents=True, exist_ok=True)
        with progress.lock_progress(copy.folder):
            copy.begin()
            yield copy
    except OSError as error:
        cure = f"{'Make room, or set' if error.errno in progress.FULL else 'Set'} {HOME_VARIABLE} to another folder"
        raise CourseError(f"{copy.folder} cannot be written ({error.strerror or error}). {cure}, and run this again. "
                          "What you wrote is kept.") from error


def make_copy(paths: CopyPaths | None = None) -> list[str]:
    """Make the files that the learner does not have yet, and return sentences on what is newer in the course."""
    with open_copy(paths) as copy:
        return [*progress.list_conflicts(copy.folder), *copy.list_news()]


def read_exercises(folder: Path) -> dict[str, Exercise]:
    """Return the exercises of the course by their name in the learner's copy. Raise CourseError if that fails."""
    try:
        return {f"{EXERCISES}/{name}.ipynb": exercise for name, exercise in load_exercises(folder).items()}
    except ExerciseError as error:
        raise CourseError(f"{error}. Get the whole course again.") from error


def read_chapters(folder: Path) -> dict[str, bytes]:
    """Return the notebooks with links to the learner's own exercises. Raise CourseError if there are none."""
    chapters = {path.name: EXERCISE_LINK.sub(rb"exercises/\1.ipynb", unify_line_ends(path.read_bytes()))
                for path in sorted(folder.glob("*.ipynb"))}
    if not chapters:
        raise CourseError(f"there are no notebooks in {folder}, so no copy can be made. Get the whole course again.")
    return chapters


def read_record(folder: Path) -> dict[str, Digests]:
    """Return the digests of what was given out, by name; a record that cannot be read counts as empty."""
    try:
        rows = json.loads((folder / RECORD).read_bytes())
        return {name: row for name, row in rows.items() if isinstance(row, dict) and isinstance(row.get(WHOLE), str)}
    except (FileNotFoundError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def remove_leftovers(folder: Path) -> None:
    """Remove what a stopped run left half written; we hold the lock, so nobody is writing it now."""
    for place in (folder, folder / EXERCISES, folder / ASIDE):
        for path in [path for path in place.glob(".*.new") if LEFTOVER.fullmatch(path.name)]:
            path.unlink(missing_ok=True)


def cut_stem(name: str) -> str:
    """Return the name of a chapter or exercise without folder and ending."""
    return PurePath(name).stem


def drop_ending(name: str) -> str:
    """Return the name of a file in the copy without its ending."""
    return name.removesuffix(".ipynb")
