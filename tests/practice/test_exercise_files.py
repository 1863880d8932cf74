"""Exercise files are parsed strictly: a malformed one is refused in one line that names the file and the fault."""
from __future__ import annotations

from pathlib import Path

import pytest

from pkvm_model.practice.exercises import ExerciseError, WrongAnswer, find_exercise, load_exercises, parse

CHOICE = '''# A title

- kind: predict
- chapter: 05-one-shot
- road: main
- difficulty: 1
- why: One sentence.

## Task

Predict it.

## Options

### first

- "0": It is not.
- "-EBUSY": It is.

### second

- "yes": No.
- "no": Yes.

## Hints

1. A nudge.
2. A direction,
   in two lines.
3. Nearly everything.

## Solution

```python
first = "-EBUSY"
second = "no"
```

Because.
'''
CODE = CHOICE[:CHOICE.index("## Options")].replace("predict", "break it") + '''## Bench

```python
bench()
```

## Answer

```python
run = ...
```

''' + CHOICE[CHOICE.index("## Hints"):] + '''
## Wrong

```python
run = [0]
```

> Too short.

```python
run = [1]
```

> Too odd.
'''
FAULTS = [
    (CHOICE, "# A title", "A title", "it must begin with a title"),
    (CHOICE, "- road: main\n", "", "it must begin with a title and a list of kind, chapter, road, difficulty, why"),
    (CHOICE, "- road: main\n- difficulty: 1", "- difficulty: 1\n- road: main", "a list of kind, chapter, road"),
    (CHOICE, "- why: One sentence.", "- why: One sentence.\nAnd one more.", "it must begin with a title and a list"),
    (CHOICE, "kind: predict", "kind: guess", "the kind must be one of predict, break it"),
    (CHOICE, "05-one-shot", "../one-shot", "the chapter must be the name of a notebook"),
    (CHOICE, "road: main", "road: side", "the road must be main or more"),
    (CHOICE, "difficulty: 1", "difficulty: one", "difficulty must be a number from 1 to 3"),
    (CHOICE, "difficulty: 1", "difficulty: 0", "difficulty must be a number from 1 to 3"),
    (CHOICE, "difficulty: 1", "difficulty: 4", "difficulty must be a number from 1 to 3"),
    (CHOICE, "## Task", "## Tasks", "its sections are Tasks, Options"),
    (CHOICE, "## Hints", "## Task", "its sections are"),
    (CHOICE, "## Options", "## Wrong", "it needs Answer"),
    (CHOICE, '- "0": It is not.', "- 0: It is not.", "'- 0: It is not.' is not an option"),
    (CHOICE, '"-EBUSY"', '"0"', "appears twice"),
    (CHOICE, '- "yes": No.\n', "", "two options or more"),
    (CHOICE, "### second", "### the second", "a name that Python accepts"),
    (CHOICE, "3. Nearly everything.", "", "it has 2 hints and should have three"),
    (CHOICE, "```python\nfirst", "```\nfirst", "a section has 0 Python blocks"),
    (CODE, "Because.", "```python\nmore = 1\n```", "a section has 2 Python blocks"),
    (CODE, "```python\nbench()\n```", "bench()", "a section has 0 Python blocks"),
    (CODE, "```python\nrun = ...\n```", "run = ...", "a section has 0 Python blocks"),
    (CODE, "> Too odd.", "Too odd.", "it has 2 wrong answers and 1 sentences"),
    (CODE, CODE, "", "it must begin with a title")]
"""A text, a part of it, the replacement, and the message."""


def test_options_determine_the_stub_and_the_wrong_answers() -> None:
    parsed = parse("mine", CHOICE)
    assert parsed.stub == 'first = ...  # "0" or "-EBUSY"\nsecond = ...  # "yes" or "no"'
    assert parsed.wrong == (WrongAnswer('first = "0"\nsecond = "no"', "It is not."),
                            WrongAnswer('first = "-EBUSY"\nsecond = "yes"', "No."))
    assert parsed.hints == ("A nudge.", "A direction, in two lines.", "Nearly everything.")


def test_long_options_get_a_line_each() -> None:
    long = "no: " + "so " * 30 + "it is"
    stub = parse("mine", CHOICE.replace('"no"', f'"{long}"')).stub
    assert stub == f'first = ...  # "0" or "-EBUSY"\nsecond = ...\n#   "yes"\n#   "{long}"'


def test_code_exercises_have_a_place_to_edit_and_wrong_answers() -> None:
    parsed = parse("mine", CODE)
    assert (parsed.bench, parsed.stub, parsed.explanation) == ("bench()", "run = ...", "Because.")
    assert [wrong.sentence for wrong in parsed.wrong] == ["Too short.", "Too odd."]


@pytest.mark.parametrize(("text", "part", "replacement", "fault"), FAULTS)
def test_malformed_text_is_refused_in_one_line_that_names_file_and_fault(text: str, part: str, replacement: str,
                                                                         fault: str) -> None:
    assert part in text
    with pytest.raises(ExerciseError) as refused:
        parse("mine", text.replace(part, replacement))
    message = str(refused.value)
    assert message.startswith("exercises/mine.md: ")
    assert fault in message
    assert "\n" not in message


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_bytes(b"# A title \xff")
    with pytest.raises(ExerciseError, match=r"exercises/mine.md: it is not UTF-8 text: .* at byte 10"):
        load_exercises(tmp_path)


@pytest.mark.parametrize(("name", "message"), [("lived", "there is no exercise 'lived', but there is lived-to-see"),
                                               ("xyz", "there is no exercise 'xyz'")])
def test_an_unknown_exercise_is_refused_with_a_similar_name(name: str, message: str) -> None:
    with pytest.raises(ExerciseError) as refused:
        find_exercise(name)
    assert str(refused.value) == message
