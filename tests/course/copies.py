"""A small course with newer versions, and a learner who does all that learners do to the files of their copy."""
from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

from pkvm_model.course.learner import handin, my_work
from pkvm_model.course.learner.handin import HandIn
from pkvm_model.course.learner.import_progress import import_progress
from pkvm_model.course.learner.my_work import CopyPaths, OpenCopy
from pkvm_model.course.learner.reset import reset
from pkvm_model.course.learner.update import update
from pkvm_model.practice import progress
from pkvm_model.practice.exercises import load_exercises
from pkvm_model.practice.notebook import make_code_cell, make_markdown_cell
from pkvm_model.practice.progress import ExerciseRecord

CHAPTERS = ("05-one-shot", "09-the-hole-in-the-patch")
EXERCISES = ("find-the-hole", "lived-to-see", "say-it")
TEXT = """# The title

- kind: say it
- chapter: {chapter}
- road: main
- difficulty: 1
- why: One sentence.

## Task

{task}

## Bench

```python
bench = {bench}
```

## Answer

```python
{stub}
```

## Hints

1. {hint}
2. Two.
3. Three.

## Solution

```python
answer = "the secret"
```

It is so.

## Wrong

```python
answer = 1
```

> No.
"""


class Course:
    """A course of two chapters and three exercises in its own folder; `copy` has the paths of a learner's copy."""

    def __init__(self, folder: Path) -> None:
        self.copy = CopyPaths(folder / "my_work", folder / "notebooks", folder / "exercises")
        self.copy.chapters.mkdir(parents=True)
        self.copy.exercises.mkdir()
        for name in CHAPTERS:
            self.write_chapter(name)
        for name in EXERCISES:
            self.write_exercise(name)

    def write_chapter(self, name: str, text: str = "old", shows: str = "old") -> None:
        """Write a chapter."""
        link = make_markdown_cell("link", f"Now do [it](../exercises/find-the-hole.md).\n{text}")
        output = {"output_type": "stream", "name": "stdout", "text": shows}
        code = make_code_cell("code", "1 + 1") | {"outputs": [output]}
        whole = {"cells": [link, code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (self.copy.chapters / f"{name}.ipynb").write_text(json.dumps(whole))

    def write_exercise(self, name: str, task: str = "old", bench: str = "1", stub: str = "answer = ...",
                 hint: str = "One.") -> None:
        """Write an exercise."""
        text = TEXT.format(chapter=CHAPTERS[0], task=task, bench=bench, stub=stub, hint=hint)
        (self.copy.exercises / f"{name}.md").write_text(text)
        load_exercises.cache_clear()


class Learner:
    """A learner who works in a copy, line by line; `lines` are those that they wrote and did not delete."""

    def __init__(self, course: Course, seed: int) -> None:
        self.course, self.folder = course, course.copy.folder
        self.random, self.lines, self.version = random.Random(seed), set[str](), 0

    def make_line(self) -> str:
        """Make up a new line, remember it and return it."""
        line = f"mine_{len(self.lines)}_{self.random.randrange(10**9)}"
        self.lines.add(line)
        return line

    def find_lost_lines(self) -> set[str]:
        """Return the lines that no file of the copy has; half-written files do not count."""
        kept = read_all(self.folder)
        return {line for line in self.lines if line not in kept}

    def write(self, name: str) -> None:
        """Put a line into the last cell of a notebook, or at the end of a file that is no longer a notebook."""
        path, line = self.folder / name, self.make_line()
        try:
            whole = json.loads(path.read_bytes())
            whole["cells"][-1]["source"] = "".join(whole["cells"][-1]["source"]) + f"\n{line} = 1"
            path.write_text(json.dumps(whole))
        except ValueError:
            path.write_bytes(path.read_bytes() + line.encode())

    def work(self) -> None:
        """Do a few of the things that learners do."""
        for _ in range(self.random.randrange(1, 5)):
            names = sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*.ipynb"))
            self.random.choice([self.write, self.write, self.write, self.split, self.double, self.damage, self.rename,
                                self.remove, self.add, self.note, self.spoil])(self.random.choice(names))

    def split(self, name: str) -> None:
        """Split the last cell of a notebook in two."""
        self.write(name)
        try:
            whole = json.loads((self.folder / name).read_bytes())
        except ValueError:
            return
        first, _, rest = "".join(whole["cells"][-1]["source"]).partition("\n")
        whole["cells"][-1:] = [make_code_cell("first", first), make_code_cell("rest", rest)]
        (self.folder / name).write_text(json.dumps(whole))

    def double(self, name: str) -> None:
        """Copy the last cell of a notebook, and continue in the copy."""
        try:
            whole = json.loads((self.folder / name).read_bytes())
        except ValueError:
            return
        whole["cells"].append(dict(whole["cells"][-1]))
        (self.folder / name).write_text(json.dumps(whole))
        self.write(name)

    def damage(self, name: str) -> None:
        """Break a notebook's JSON with a line of text."""
        (self.folder / name).write_text((self.folder / name).read_text() + f"\n{self.make_line()}")

    def rename(self, name: str) -> None:
        """Rename a notebook, and continue in it."""
        self.write(name)
        path = self.folder / name
        path.rename(path.with_name(f"mine-{self.random.randrange(10**6)}.ipynb"))

    def remove(self, name: str) -> None:
        """Delete a file; the learner loses lines that were only there, and means to."""
        (self.folder / name).unlink()
        self.lines -= self.find_lost_lines()

    def add(self, name: str) -> None:
        """Write a file next to a notebook, under a name that the course might also choose."""
        path = (self.folder / name).with_name(self.random.choice(
            ["notes.md", "find-the-hole-1.ipynb", "find-the-hole-imported-1.ipynb", "05-one-shot-1.ipynb"]))
        path.write_text((path.read_text() if path.exists() else "") + f"{self.make_line()}\n")

    def note(self, name: str) -> None:
        """Try an answer, as a cell does."""
        tried = self.make_line()
        self.lines |= {tried}
        name = self.random.choice(EXERCISES)
        before = progress.read_or_put_aside(self.folder).get(name, ExerciseRecord()).answer
        progress.update(self.folder, name, lambda done: done._replace(tries=done.tries + 1, answer=tried))
        # A later try takes the place of an earlier one: that is the learner's doing.
        self.lines -= self.find_lost_lines() & set(before.split())

    def spoil(self, name: str) -> None:
        """Damage the record or the progress by hand."""
        path = self.folder / self.random.choice([my_work.RECORD, progress.NAME])
        content = path.read_text() if path.exists() else "{"
        path.write_text(self.random.choice(["{", "null", "[1]", content[: len(content) // 2], f"{content} {{"]))
        self.lines -= self.find_lost_lines()

    def get_newer_course(self) -> None:
        """Get a version of the course in which something is newer."""
        self.version += 1
        for name in CHAPTERS:
            new = self.random.choices([f"{self.version}", "old"], k=2)
            self.course.write_chapter(name, f"text {new[0]}", f"shown {new[1]}")
        for name in EXERCISES:
            new = self.random.choices([f"{self.version}", "1"], k=3)
            self.course.write_exercise(name, f"task {new[0]}", new[1], f"answer = ...  # {new[2]}")

    def write_other_hand_in(self) -> Path:
        """Write a hand-in from another machine, and return its path."""
        name = self.random.choice(EXERCISES)
        done = ExerciseRecord(self.random.randrange(1, 9), solved=self.random.random() < 0.5,
                              answer=f"theirs = {self.version}")
        path = self.folder.parent / "other.json"
        path.write_text(handin.to_text(HandIn("", "0" * 12, {name: done})))
        return path

    def choose_command(self) -> Iterator[str]:
        """Choose a command and return its lines, which run it as they are read."""
        copy, name = self.course.copy, self.random.choice([*CHAPTERS, *EXERCISES])
        commands: list[Callable[[], Iterator[str]]] = [
            lambda: start(copy), lambda: update((), copy), lambda: update((), copy), lambda: update([name], copy),
            lambda: reset(name, copy), lambda: import_progress(self.write_other_hand_in(), copy)]
        return self.random.choice(commands)()

    def find_faults(self) -> list[str]:
        """Run a whole update and return what is wrong after it: nothing, if all went well."""
        list(update((), self.course.copy))
        names = [path.name for path in self.folder.rglob("*")]
        faults = [f"lost: {line}" for line in self.find_lost_lines()]
        faults += [f"half written: {name}" for name in names if name.endswith(".new")]
        faults += [f"still newer: {sentence}" for sentence in my_work.make_copy(self.course.copy)]
        for name, content in OpenCopy(self.course.copy).files.items():
            news = [new.encode() for new in (f"text {self.version}", f"task {self.version}")]
            mine = (self.folder / name).read_bytes()
            faults += [f"not taken over: {name}" for new in news if new in content and new not in mine]
        return faults


def start(copy: CopyPaths) -> Iterator[str]:
    """Run the command start, which like the others does nothing until its lines are read."""
    yield from my_work.make_copy(copy)


def read_all(folder: Path) -> str:
    """Return the text of all complete files of a copy."""
    return "\n".join(path.read_text(errors="replace") for path in folder.rglob("*")
                     if path.is_file() and not path.name.endswith(".new"))
