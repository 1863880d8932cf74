"""The text of an exercise: one Markdown file, from the task to the answers that the check must refuse.

    # The title
    - kind: predict              one of KINDS
    - chapter: 05-one-shot       the notebook that teaches what is needed
    - road: main                 main, or more: what the course needs, and what is more practice
    - difficulty: 1              1 to 3
    - why: One sentence.
    ## Task
    ## Bench                     optional: a Python block for a cell of its own
    ## Options                   the choices: `### name` and a list of `- "value": sentence`
    ## Answer                    instead of Options: the place to edit, as a Python block
    ## Hints                     1., 2., 3.
    ## Solution                  a Python block, and why
    ## Wrong                     Python blocks, each followed by `> the verdict's sentence`

Everything is parsed, nothing is evaluated. Options determine the place to edit and the wrong answers.
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import NamedTuple, NoReturn

from ..place import CONTENT
from .effort import round_up, time_choices, time_code, time_prose, time_writing

FOLDER = CONTENT / "exercises"
KINDS = ("predict", "break it", "say it", "mend it", "explain", "capstone")
ROADS = ("main", "more")
FIELDS = ("kind", "chapter", "road", "difficulty", "why")
SECTIONS = ("Task", "Bench", "Options", "Answer", "Hints", "Solution", "Wrong")
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CHAPTER = re.compile(r"\d\d-[a-z][a-z-]*")
OPTION = re.compile(r'- "([^"\n]+)": (.+)')
WIDE = 110
"""Characters of a cell's line that are visible without scrolling, even with JupyterLab's side bar open."""
FIELD = re.compile(r"- (\w+): (.+)")


class ExerciseError(ValueError):
    """An exercise is missing or malformed; the message names it and the fault."""


class WrongAnswer(NamedTuple):
    """An answer that the check must refuse, and the sentence of the verdict."""

    code: str
    sentence: str


@dataclass(frozen=True)
class Exercise:
    """An exercise as its file describes it; `options` maps each name to choose to its values and their sentences."""

    id: str
    title: str
    kind: str
    chapter: str
    road: str
    difficulty: int
    why: str
    task: str
    bench: str
    options: dict[str, dict[str, str]]
    stub: str
    hints: tuple[str, ...]
    solution: str
    explanation: str
    wrong: tuple[WrongAnswer, ...]

    @property
    def effort(self) -> float:
        """How many minutes it takes, by the rates of the course."""
        sentences = (sentence for values in self.options.values() for pair in values.items() for sentence in pair)
        read = time_prose(" ".join([self.task, *self.hints, self.explanation, *sentences]))
        act = (time_choices(len(self.options), self.difficulty, bool(self.bench)) if self.options else
               time_writing(self.stub, self.solution, self.difficulty))
        return read + time_code(f"{self.bench}\n{self.stub}") + act

    @property
    def minutes(self) -> int:
        """The minutes to state."""
        return round_up(self.effort)


@cache
def load_exercises(folder: Path = FOLDER) -> dict[str, Exercise]:
    """Return all exercises by id: each chapter's main road, then more. Raise ExerciseError if one is malformed."""
    paths = sorted(path for path in folder.glob("*.md") if path.name != "README.md")
    parsed = [parse(path.stem, read_text(path)) for path in paths]
    ordered = sorted(parsed, key=lambda each: (each.chapter, ROADS.index(each.road), each.difficulty, each.id))
    return {each.id: each for each in ordered}


def find_exercise(name: str) -> Exercise:
    """Return the exercise with this id. Raise ExerciseError, with similar names, if there is none."""
    if name not in load_exercises():
        near = " or ".join(get_close_matches(name, load_exercises(), cutoff=0.5))
        raise ExerciseError(f"there is no exercise {name!r}{near and f', but there is {near}'}")
    return load_exercises()[name]


def read_text(path: Path) -> str:
    """Return a file's text. Raise ExerciseError if it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        fail(path.stem, f"it is not UTF-8 text: {error.reason} at byte {error.start}")


def parse(name: str, text: str) -> Exercise:
    """Return the exercise that a file's text describes; `name` is its id. Raise ExerciseError if it is malformed."""
    head, *rest = re.split(r"^## ", text, flags=re.MULTILINE)
    parts = {title.strip(): body.strip() for title, _, body in (part.partition("\n") for part in rest)}
    title, fields = parse_head(name, head)
    needed = {"Task", "Hints", "Solution", "Options" if "Options" in parts else "Answer"}
    if len(parts) != len(rest) or not needed <= parts.keys() <= {*SECTIONS}:
        fail(name, f"its sections are {', '.join(parts)}; it needs {', '.join(sorted(needed))}")
    options = parse_options(name, parts.get("Options", ""))
    solution, explanation = take_block(name, parts["Solution"])
    wrong = tuple(parse_wrong_answers(name, parts.get("Wrong", "")))
    return Exercise(
        name, title, fields["kind"], fields["chapter"], fields["road"], parse_number(name, fields, "difficulty", 3),
        fields["why"], parts["Task"],
        take_block(name, parts["Bench"])[0] if "Bench" in parts else "", options,
        take_block(name, parts["Answer"])[0] if "Answer" in parts else make_stub(options),
        parse_hints(name, parts["Hints"]), solution, explanation,
        wrong or tuple(derive_wrong_answers(solution, options)))


def fail(name: str, fault: str) -> NoReturn:
    """Raise the ExerciseError for a fault in a file."""
    raise ExerciseError(f"exercises/{name}.md: {fault}")


def parse_head(name: str, head: str) -> tuple[str, dict[str, str]]:
    """Return the title and the fields."""
    first, *rows = [row for row in head.strip().splitlines() if row.strip()] or [""]
    fields = {match[1]: match[2] for row in rows if (match := FIELD.fullmatch(row))}
    if not first.startswith("# ") or tuple(fields) != FIELDS or len(rows) != len(FIELDS):
        fail(name, f"it must begin with a title and a list of {', '.join(FIELDS)}")
    if fields["kind"] not in KINDS:
        fail(name, f"the kind must be one of {', '.join(KINDS)}")
    if fields["road"] not in ROADS:
        fail(name, f"the road must be {' or '.join(ROADS)}")
    if not CHAPTER.fullmatch(fields["chapter"]):
        fail(name, "the chapter must be the name of a notebook, as in 05-one-shot")
    return first.removeprefix("# "), fields


def parse_number(name: str, fields: dict[str, str], field: str, most: int) -> int:
    """Return a field's number, from 1 to `most`."""
    text = fields[field]
    if not text.isdecimal() or not 1 <= int(text) <= most:
        fail(name, f"{field} must be a number from 1 to {most}")
    return int(text)


def take_block(name: str, part: str) -> tuple[str, str]:
    """Return the only Python block of a section, and the prose around it."""
    blocks = BLOCK.findall(part)
    if len(blocks) != 1:
        fail(name, f"a section has {len(blocks)} Python blocks where it should have one")
    return blocks[0].rstrip("\n"), BLOCK.sub("", part).strip()


def parse_options(name: str, part: str) -> dict[str, dict[str, str]]:
    """Return the options by the name that the learner sets; without a heading the name is `answer`."""
    options: dict[str, dict[str, str]] = {}
    variable = "answer"
    for row in filter(None, map(str.strip, part.splitlines())):
        if row.startswith("### "):
            variable = row.removeprefix("### ")
        elif (option := OPTION.fullmatch(row)) and option[1] not in options.get(variable, ()):
            options.setdefault(variable, {})[option[1]] = option[2]
        else:
            fail(name, f"{row[:60]!r} is not an option or appears twice; write - \"value\": sentence")
    if not all(variable.isidentifier() and len(choices) > 1 for variable, choices in options.items()):
        fail(name, "each choice needs a name that Python accepts, and two options or more")
    return options


def make_stub(options: dict[str, dict[str, str]]) -> str:
    """Return the place to edit for choices; options that do not fit on one line get a line each."""
    return "\n".join(make_choice(name, [*map(quote, values)]) for name, values in options.items())


def make_choice(name: str, values: list[str]) -> str:
    """Return the place to edit for one choice."""
    line = f"{name} = ...  # {' or '.join(values)}"
    return line if len(line) <= WIDE else "\n".join([f"{name} = ...", *(f"#   {value}" for value in values)])


def quote(value: str) -> str:
    """Return a value as Python writes it."""
    return f'"{value}"'


def parse_hints(name: str, part: str) -> tuple[str, ...]:
    """Return the three hints, from a nudge to nearly everything."""
    hints = [" ".join(text.split()) for text in re.split(r"^\d\. ", part, flags=re.MULTILINE)[1:]]
    if len(hints) != 3:
        fail(name, f"it has {len(hints)} hints and should have three")
    return tuple(hints)


def parse_wrong_answers(name: str, part: str) -> Iterator[WrongAnswer]:
    """Yield the wrong answers, each with its sentence."""
    codes, sentences = BLOCK.findall(part), re.findall(r"^> (.+)$", part, re.MULTILINE)
    if len(codes) != len(sentences):
        fail(name, f"it has {len(codes)} wrong answers and {len(sentences)} sentences for them")
    yield from (WrongAnswer(code.rstrip("\n"), sentence) for code, sentence in zip(codes, sentences, strict=True))


def derive_wrong_answers(solution: str, options: dict[str, dict[str, str]]) -> Iterator[WrongAnswer]:
    """Yield the solution with one choice changed, in every possible way."""
    for name, values in options.items():
        for value, sentence in values.items():
            line = f'{name} = {quote(value)}'
            changed = re.sub(rf"^{name} = .*$", lambda _, line=line: line, solution, flags=re.MULTILINE)  # type: ignore[misc]
            if changed != solution:
                yield WrongAnswer(changed, sentence)
