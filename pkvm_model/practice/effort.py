"""How long reading, clicking and answering take: the one place for the rates by which the course states minutes."""
from __future__ import annotations

import math
import re

PROSE, CODE = 180, 90
"""Words a minute. Code is read at half the speed of prose: each sign counts, and most lines are read twice."""
GLANCE = 1 / 3
"""Minutes for a click with its sentence, a prediction, a question, a picture or a table."""
WALK = 5
"""The clicks of a walk on a bench from its beginning to what it is about."""
THOUGHT = 1
"""Minutes before a choice is tried."""
NEW_LINE = 1
"""Minutes for a line of code that a learner thinks of and writes."""
STEP = 5
"""Stated minutes are rounded up to a multiple of this."""
WORD = re.compile(r"[^\W_][\w'’-]*")
CODE_WORD = re.compile(r"\w+")
PASTED = re.compile(r'""".*?"""', re.DOTALL)


def time_prose(text: str) -> float:
    """Return the minutes for reading a text."""
    return len(WORD.findall(text)) / PROSE


def time_code(text: str) -> float:
    """Return the minutes for reading code."""
    return len(CODE_WORD.findall(text)) / CODE


def round_up(minutes: float) -> int:
    """Return the minutes to state."""
    return math.ceil(minutes / STEP) * STEP


def time_choices(choices: int, difficulty: int, has_bench: bool) -> float:
    """Return the minutes for choosing: each choice, as many tries as it is difficult, and one walk on the bench."""
    return choices * GLANCE + difficulty * (THOUGHT + GLANCE) + WALK * has_bench * GLANCE


def time_writing(stub: str, solution: str, difficulty: int) -> float:
    """Return the minutes for writing an answer: each line that is new, and twice as many tries as it is difficult.

    A try is a walk and a verdict. A run that is pasted between three quotes is a walk of its own in each try.
    """
    pasted = max(1, len(PASTED.findall(solution)))
    known = {line.strip() for line in [*stub.splitlines(), ""]}
    lines = sum(line.strip() not in known for line in PASTED.sub("", solution).splitlines())
    return lines * NEW_LINE + 2 * difficulty * (pasted * WALK + 1) * GLANCE
