"""What a learner typed to start a command: the folder for their copy, and the words to name in messages.

It is read before anything else of the course is imported, and kept in two environment variables, so that the kernels
and other programs that the command starts know it, too. Standard library only.
"""
from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

HOME_VARIABLE = "PKVM_COURSE_HOME"
"""The environment variable that names another folder for the environments, the learner's copy and the kernels."""
COMMAND_VARIABLE = "PKVM_COURSE_COMMAND"
"""The environment variable in which the course itself keeps how it was started, as in `python3 course.py`."""
OPTION = "--home"


def adopt(words: Sequence[str], program: str) -> list[str]:
    """Remember how the course was started, and the folder that was named; return the command line without that.

    `program` is what follows the name of Python. A start that another one has made is named as that was.
    """
    rest, home = take_home(words)
    if home:
        os.environ[HOME_VARIABLE] = home = str(Path(home).expanduser().absolute())
    if home or COMMAND_VARIABLE not in os.environ or program.endswith(".py"):
        os.environ[COMMAND_VARIABLE] = " ".join([name_python(), program, *([OPTION, quote(home)] if home else [])])
    return rest


def take_home(words: Sequence[str]) -> tuple[list[str], str]:
    """Return the words without the option, and its value, '' if there is none; what follows `--` is not ours."""
    rest, home, waiting = list[str](), "", list(words)
    while waiting and waiting[0] != "--":
        word = waiting.pop(0)
        if word == OPTION and waiting:
            home = waiting.pop(0)
        elif word.startswith(f"{OPTION}="):
            home = word.removeprefix(f"{OPTION}=")
        else:
            rest.append(word)
    return [*rest, *waiting], home


def name_python() -> str:
    """Return how to start this Python: as it was typed, or python3 where that is the same."""
    typed = Path(sys.orig_argv[0] if sys.orig_argv else sys.executable)
    found = shutil.which("python3")
    if os.name == "nt" or (found and Path(found).parent == typed.parent and typed.samefile(found)):
        return "python3"
    return quote(str(typed))


def quote(path: str) -> str:
    """Return a path as it is typed in a shell."""
    return f'"{path}"' if os.name == "nt" else shlex.quote(path)
