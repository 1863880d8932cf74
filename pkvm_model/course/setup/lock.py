"""Reads requirements.lock and compares it with what is installed; run as a script it describes its interpreter.

Standard library only: this decides whether an environment is there at all.
"""

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
COMPARE: dict[str, Callable[..., bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}


def describe_interpreter() -> dict[str, str]:
    """Gives the values that the lock's markers ask for, and the folder this interpreter installs into."""
    return {
        "implementation_name": sys.implementation.name,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_system": platform.system(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
        "packages": sysconfig.get_path("purelib"),
    }


def pinned(lock: str, interpreter: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yields name and version of each package of the lock that this interpreter needs."""
    for line in lock.splitlines():
        entry = ENTRY.match(line)
        if entry and (not entry["marker"] or applies(entry["marker"], interpreter)):
            yield entry["name"], entry["version"]


def differences(lock: str, interpreter: dict[str, str], path: Sequence[str]) -> Iterator[str]:
    """Yields a phrase for each package of the lock that is not found on `path` in its version."""
    for name, wanted in pinned(lock, interpreter):
        found = next((each.version for each in metadata.distributions(name=name, path=list(path))), None)
        if found is None:
            yield f"{name} is missing"
        elif found != wanted:
            yield f"{name} is {found}, the lock says {wanted}"


def applies(marker: str, interpreter: dict[str, str]) -> bool:
    """Says whether an environment marker holds for an interpreter."""
    tokens = TOKEN.findall(marker)
    holds = _either(tokens, interpreter)
    if tokens:
        raise ValueError(f"cannot read the marker: {marker}")
    return holds


def _either(tokens: list[str], interpreter: dict[str, str]) -> bool:
    holds = _both(tokens, interpreter)
    while tokens and tokens[0] == "or":
        tokens.pop(0)
        holds = _both(tokens, interpreter) or holds
    return holds


def _both(tokens: list[str], interpreter: dict[str, str]) -> bool:
    holds = _one(tokens, interpreter)
    while tokens and tokens[0] == "and":
        tokens.pop(0)
        holds = _one(tokens, interpreter) and holds
    return holds


def _one(tokens: list[str], interpreter: dict[str, str]) -> bool:
    if tokens[0] == "(":
        tokens.pop(0)
        holds = _either(tokens, interpreter)
        tokens.pop(0)
        return holds
    name, compare, value = tokens.pop(0), COMPARE[tokens.pop(0)], tokens.pop(0).strip("'\"")
    if "version" in name:
        return compare(_numbers(interpreter[name]), _numbers(value))
    return compare(interpreter[name], value)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


if __name__ == "__main__":
    print(json.dumps(describe_interpreter()))
