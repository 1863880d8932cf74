"""A lock: parsed, and compared with what is installed. Run as a script, it describes its interpreter.

Standard library only, and no import from the course: this module decides whether there is an environment at all, and
`python -I lock.py` must work in one that is broken.
"""
from __future__ import annotations

import json
import operator
import os
import platform
import re
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata

ENTRY = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[^\]]*\])?==(?P<version>[^\s;]+)\s*(;\s*(?P<marker>[^\\]*))?")
TOKEN = re.compile(r"\s*([()]|'[^']*'|\"[^\"]*\"|[<>=!~]+|\w+)")
COMPARE: dict[str, Callable[..., bool]] = {"<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne,
                                           ">=": operator.ge, ">": operator.gt}


def describe_interpreter() -> dict[str, str]:
    """Return the values that the lock's markers ask for, and the folder that this interpreter installs into."""
    return {"implementation_name": sys.implementation.name, "os_name": os.name, "platform_machine": platform.machine(),
            "platform_python_implementation": platform.python_implementation(), "platform_system": platform.system(),
            "python_full_version": platform.python_version(),
            "python_version": ".".join(platform.python_version_tuple()[:2]), "sys_platform": sys.platform,
            "packages": sysconfig.get_path("purelib")}


def list_pins(lock: str, interpreter: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield name and version of each package of the lock that this interpreter needs."""
    for line in lock.splitlines():
        entry = ENTRY.match(line)
        if entry and (not entry["marker"] or evaluate_marker(entry["marker"], interpreter)):
            yield entry["name"], entry["version"]


def find_differences(lock: str, interpreter: dict[str, str], path: Sequence[str]) -> Iterator[str]:
    """Yield a phrase for each package of the lock that is missing on `path`, or there in another version."""
    for name, version in list_pins(lock, interpreter):
        installed = next((each.version for each in metadata.distributions(name=name, path=list(path))), None)
        if installed is None:
            yield f"{name} is missing"
        elif installed != version:
            yield f"{name} is {installed}, the lock says {version}"


def evaluate_marker(marker: str, interpreter: dict[str, str]) -> bool:
    """Return whether an environment marker holds for an interpreter. Raise ValueError if it cannot be parsed."""
    tokens = TOKEN.findall(marker)
    holds = evaluate_or(tokens, interpreter)
    if tokens:
        raise ValueError(f"cannot parse the marker: {marker}")
    return holds


def evaluate_or(tokens: list[str], interpreter: dict[str, str]) -> bool:
    """Consume a chain of `or` and return its value; both sides are always consumed."""
    holds = evaluate_and(tokens, interpreter)
    while tokens and tokens[0] == "or":
        tokens.pop(0)
        holds = evaluate_and(tokens, interpreter) or holds
    return holds


def evaluate_and(tokens: list[str], interpreter: dict[str, str]) -> bool:
    """Consume a chain of `and` and return its value."""
    holds = evaluate_term(tokens, interpreter)
    while tokens and tokens[0] == "and":
        tokens.pop(0)
        holds = evaluate_term(tokens, interpreter) and holds
    return holds


def evaluate_term(tokens: list[str], interpreter: dict[str, str]) -> bool:
    """Consume one comparison, or an expression in parentheses, and return its value."""
    if tokens[0] == "(":
        tokens.pop(0)
        holds = evaluate_or(tokens, interpreter)
        tokens.pop(0)
        return holds
    name, compare, value = tokens.pop(0), COMPARE[tokens.pop(0)], tokens.pop(0).strip("'\"")
    if "version" in name:
        return compare(parse_version(interpreter[name]), parse_version(value))
    return compare(interpreter[name], value)


def parse_version(version: str) -> tuple[int, ...]:
    """Return the first three numbers of a version."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


if __name__ == "__main__":
    # Whoever reads this may write paths in another encoding, so each byte of the path is a character here.
    print(json.dumps({name: os.fsencode(value).decode("latin-1") for name, value in describe_interpreter().items()}))
