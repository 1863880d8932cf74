"""The text of an exercise: one Markdown file, from the task to the answers that must be refused.

    # The title
    - kind: predict              one of KINDS
    - chapter: 05-one-shot       the notebook that teaches what is needed
    - minutes: 5
    - difficulty: 1              1 to 3
    - why: One sentence.
    ## Task
    ## Bench                     a Python block for a cell of its own; only where there is one
    ## Options                   what can be chosen: `### name` and a list of `- "value": sentence`
    ## Answer                    or the one place to edit, as a Python block
    ## Hints                     1., 2., 3.
    ## Solution                  a Python block, and why
    ## Wrong                     Python blocks, each with `> the sentence that it gets` below it

Everything is parsed, nothing evaluated. Where there are options, the place to edit and the wrong answers follow from
them.
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import NamedTuple, NoReturn

FOLDER = Path(__file__).parents[2] / "exercises"
KINDS = ("predict", "break it", "say it", "mend it", "explain", "capstone")
FIELDS = ("kind", "chapter", "minutes", "difficulty", "why")
SECTIONS = ("Task", "Bench", "Options", "Answer", "Hints", "Solution", "Wrong")
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CHAPTER = re.compile(r"\d\d-[a-z][a-z-]*")
OPTION = re.compile(r'- "([^"\n]+)": (.+)')
WIDE = 110
"""So many characters of a cell are seen without scrolling, also with JupyterLab's side bar open."""
FIELD = re.compile(r"- (\w+): (.+)")


class ExerciseError(ValueError):
    """The text of an exercise is not as it must be; the message names file and fault."""


class WrongAnswer(NamedTuple):
    """An answer that must be refused, and the sentence that it gets."""

    code: str
    sentence: str


@dataclass(frozen=True)
class Exercise:
    """An exercise as its file tells it; `options` are sentences by value by the name that holds the choice."""

    id: str
    title: str
    kind: str
    chapter: str
    minutes: int
    difficulty: int
    why: str
    task: str
    bench: str
    options: dict[str, dict[str, str]]
    stub: str
    hints: tuple[str, ...]
    solution: str
    explained: str
    wrong: tuple[WrongAnswer, ...]


@cache
def load_exercises(folder: Path = FOLDER) -> dict[str, Exercise]:
    """All exercises by id, in the order of the chapters and of their difficulty. Raises ExerciseError."""
    found = [parse(path.stem, read_text(path)) for path in sorted(folder.glob("*.md")) if path.name != "README.md"]
    return {one.id: one for one in sorted(found, key=lambda one: (one.chapter, one.difficulty, one.id))}


def find_exercise(name: str) -> Exercise:
    """The exercise with this id. Raises ExerciseError for one that there is not, with those of a name like it."""
    if name not in load_exercises():
        near = " or ".join(get_close_matches(name, load_exercises(), cutoff=0.5))
        raise ExerciseError(f"there is no exercise {name!r}{near and f'; there is {near}'}")
    return load_exercises()[name]


def read_text(path: Path) -> str:
    """A file's text. Raises ExerciseError for one that is none."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        fail(path.stem, f"it is no text: {error.reason} at byte {error.start}")


def parse(name: str, text: str) -> Exercise:
    """An exercise from its file's text; `name` is its id. Raises ExerciseError."""
    head, *rest = re.split(r"^## ", text, flags=re.MULTILINE)
    titled = [part.partition("\n") for part in rest]
    parts = {title.strip(): body.strip() for title, _, body in titled}
    title, fields = parse_head(name, head)
    needed = {"Task", "Hints", "Solution", "Options" if "Options" in parts else "Answer"}
    if len(parts) != len(rest) or not needed <= parts.keys() <= {*SECTIONS}:
        fail(name, f"its sections are {', '.join(parts)}; it needs {', '.join(sorted(needed))}")
    options = parse_options(name, parts.get("Options", ""))
    solution, explained = take_block(name, parts["Solution"])
    wrong = tuple(parse_wrong_answers(name, parts.get("Wrong", "")))
    return Exercise(
        name, title, fields["kind"], fields["chapter"], parse_number(name, fields, "minutes", 60),
        parse_number(name, fields, "difficulty", 3), fields["why"], parts["Task"],
        take_block(name, parts["Bench"])[0] if "Bench" in parts else "", options,
        take_block(name, parts["Answer"])[0] if "Answer" in parts else make_stub(options),
        parse_hints(name, parts["Hints"]), solution, explained, wrong or tuple(derive_wrong_answers(solution, options)))


def fail(name: str, fault: str) -> NoReturn:
    """Refuse a file."""
    raise ExerciseError(f"exercises/{name}.md: {fault}")


def parse_head(name: str, head: str) -> tuple[str, dict[str, str]]:
    """The title and the fields."""
    first, *rows = [row for row in head.strip().splitlines() if row.strip()] or [""]
    fields = {found[1]: found[2] for row in rows if (found := FIELD.fullmatch(row))}
    if not first.startswith("# ") or tuple(fields) != FIELDS or len(rows) != len(FIELDS):
        fail(name, f"it begins with a title and a list of {', '.join(FIELDS)}")
    if fields["kind"] not in KINDS:
        fail(name, f"the kind is one of {', '.join(KINDS)}")
    if not CHAPTER.fullmatch(fields["chapter"]):
        fail(name, "the chapter is the name of a notebook, as in 05-one-shot")
    return first.removeprefix("# "), fields


def parse_number(name: str, fields: dict[str, str], field: str, most: int) -> int:
    """A field that is a number from 1 on."""
    text = fields[field]
    if not text.isdecimal() or not 1 <= int(text) <= most:
        fail(name, f"{field} is a number from 1 to {most}")
    return int(text)


def take_block(name: str, part: str) -> tuple[str, str]:
    """The one Python block of a section, and the prose around it."""
    blocks = BLOCK.findall(part)
    if len(blocks) != 1:
        fail(name, f"a section has {len(blocks)} Python blocks where it should have one")
    return blocks[0].rstrip("\n"), BLOCK.sub("", part).strip()


def parse_options(name: str, part: str) -> dict[str, dict[str, str]]:
    """The options by the name that the learner gives a value; without a heading the name is `answer`."""
    found: dict[str, dict[str, str]] = {}
    variable = "answer"
    for row in filter(None, map(str.strip, part.splitlines())):
        if row.startswith("### "):
            variable = row.removeprefix("### ")
        elif (option := OPTION.fullmatch(row)) and option[1] not in found.get(variable, ()):
            found.setdefault(variable, {})[option[1]] = option[2]
        else:
            fail(name, f"{row[:60]!r} is no option, or is there twice; one is written - \"value\": sentence")
    if not all(variable.isidentifier() and len(choices) > 1 for variable, choices in found.items()):
        fail(name, "each choice has a name that Python accepts, and two options or more")
    return found


def make_stub(options: dict[str, dict[str, str]]) -> str:
    """The place to edit where something is to be chosen; options that are too long for a line get one each."""
    return "\n".join(make_choice(name, [*map(quote, values)]) for name, values in options.items())


def make_choice(name: str, values: list[str]) -> str:
    """One choice in the place to edit."""
    line = f"{name} = ...  # {' or '.join(values)}"
    return line if len(line) <= WIDE else "\n".join([f"{name} = ...", *(f"#   {value}" for value in values)])


def quote(value: str) -> str:
    """A value as it is written in Python."""
    return f'"{value}"'


def parse_hints(name: str, part: str) -> tuple[str, ...]:
    """The three hints, from a nudge to nearly everything."""
    hints = [" ".join(text.split()) for text in re.split(r"^\d\. ", part, flags=re.MULTILINE)[1:]]
    if len(hints) != 3:
        fail(name, f"it has {len(hints)} hints and should have three")
    return tuple(hints)


def parse_wrong_answers(name: str, part: str) -> Iterator[WrongAnswer]:
    """The wrong answers, each with its sentence."""
    codes, sentences = BLOCK.findall(part), re.findall(r"^> (.+)$", part, re.MULTILINE)
    if len(codes) != len(sentences):
        fail(name, f"it has {len(codes)} wrong answers and {len(sentences)} sentences for them")
    yield from (WrongAnswer(code.rstrip("\n"), sentence) for code, sentence in zip(codes, sentences, strict=True))


def derive_wrong_answers(solution: str, options: dict[str, dict[str, str]]) -> Iterator[WrongAnswer]:
    """Where something is to be chosen: the solution with one choice changed, in each way there is."""
    for name, values in options.items():
        for value, sentence in values.items():
            line = f'{name} = {quote(value)}'
            changed = re.sub(rf"^{name} = .*$", lambda _, line=line: line, solution, flags=re.MULTILINE)  # type: ignore[misc]
            if changed != solution:
                yield WrongAnswer(changed, sentence)
