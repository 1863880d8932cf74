"""Makes an environment where nothing else fits, or goes on with the old one. Standard library only.

A new environment is made beside the old one, checked, stamped and then swapped in: a stop at any moment leaves the old
one, or a whole new one that waits for its place. An active environment that satisfies the lock is used as it is.
"""
from __future__ import annotations

import itertools
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from ..errors import CourseError
from ..paths import shorten_path
from . import causes, installers, place
from .environment import (COURSE, Environment, Stamp, ask_interpreter, find_defect, find_fault, has_locked_packages,
                          hash_lock)
from .fitness import refuse_misfits
from .turn import take_turn


def ensure_python(environment: Environment = COURSE) -> Path:
    """Return a Python with what an environment's lock names; make the environment if the running one will not do."""
    return Path(sys.executable) if has_locked_packages(environment) else ensure_environment(environment)


def ensure_environment(environment: Environment) -> Path:
    """Return the Python of an environment; make the environment if it is missing or not whole.

    If that fails and the old one still starts, say so and go on with that.
    """
    fault = find_fault(environment)
    if fault:
        try:
            renew_environment(environment)
        except CourseError as failure:
            if not environment.is_ours or ask_interpreter(environment) is None:
                raise
            print(f"Going on with the environment in {environment.name}, which is {fault}, as no new one could be "
                  f"made: {failure}", flush=True)
    place.settle(environment)
    return environment.python


def renew_environment(environment: Environment) -> None:
    """Make an environment anew, unless another start does. Raise CourseError if that fails."""
    try:
        environment.venv.parent.mkdir(parents=True, exist_ok=True)
        with take_turn(environment):
            finish_swap(environment)
            fault = find_fault(environment)  # Another start may have mended it.
            if fault:
                make_environment(environment, fault)
    except OSError as error:
        raise CourseError(causes.explain_failure(str(error))) from error


def make_environment(environment: Environment, fault: str) -> None:
    """Make an environment from its lock; `fault` is the old one's. Raise CourseError if that fails."""
    refuse_misfits(environment)
    again, once = (f" again (it was {fault})", "") if environment.is_ours else ("", "happens once and ")
    print(f"Making the environment in {environment.name}{again}. This {once}can take a few minutes.", flush=True)
    target = find_target(environment)
    new = target._replace(venv=target.beside(".new"))
    fill_environment(new)
    installers.compile_packages(new)
    place.free_scripts(new.venv)
    place.rename_place(new.venv, str(new.venv), str(environment.venv))
    place.refresh_path_file(new.venv)
    new.write_stamp(Stamp(hash_lock(environment), str(environment.venv)))
    swap_in(new, target)


def find_target(environment: Environment) -> Environment:
    """Return the environment where it really is: a link to another disk stays if what it leads to is ours, or empty."""
    target = environment._replace(venv=environment.venv.resolve())
    return target if target.is_ours or is_empty(target.venv) else environment


def is_empty(folder: Path) -> bool:
    """Return True for a folder with nothing in it."""
    return folder.is_dir() and not any(folder.iterdir())


def fill_environment(new: Environment) -> None:
    """Make an environment with the first installer that can. Raise CourseError if none can."""
    failure = ""
    for tool, install in installers.list_installers():
        if failure:
            print(f"Trying {tool}, since the first attempt failed: {failure}", flush=True)
        remove_folder(new.venv)
        failure = try_installer(install, new)
        if not failure:
            return
    remove_folder(new.venv)
    raise CourseError(failure)


def try_installer(install: Callable[[Environment], None], new: Environment) -> str:
    """Make an environment with an installer; return why it failed, '' if it is whole."""
    try:
        install(new)
    except CourseError as failure:
        return str(failure)
    defect = find_defect(new)
    return f"the environment was made, but is not whole ({defect})." if defect else ""


def swap_in(new: Environment, environment: Environment) -> None:
    """Put a new environment into its place; what was there is removed, or put aside if the course has not made it."""
    old = environment._replace(venv=environment.beside(".old"))
    clear_away(old)
    if environment.is_ours or is_empty(environment.venv):
        environment.venv.rename(old.venv)
    elif os.path.lexists(environment.venv):
        print(f"{environment.name} was not made by the course. It is now {put_aside(environment)}.", flush=True)
    new.venv.rename(environment.venv)
    clear_away(old)


def finish_swap(environment: Environment) -> None:
    """Finish what an earlier start did not: put a whole new environment into its place, or else the old one back."""
    target = find_target(environment)
    if os.path.lexists(target.venv):
        return
    for ending in (".new", ".old"):
        whole = target._replace(venv=target.beside(ending))
        if whole.is_ours and not os.path.lexists(target.venv):
            whole.venv.rename(target.venv)


def clear_away(old: Environment) -> None:
    """Remove an old environment; what cannot be removed, as with another user's files in it, is put aside."""
    try:
        remove_folder(old.venv)
    except OSError as error:
        print(f"{old.name} cannot be removed ({error.strerror}). It is now {put_aside(old)}; nothing needs it.",
              flush=True)


def put_aside(environment: Environment) -> str:
    """Give what is in an environment's place another name, and return that."""
    names = (environment.beside(f"-put-aside-{number}") for number in itertools.count(1))
    return shorten_path(environment.venv.rename(next(name for name in names if not os.path.lexists(name))))


def remove_folder(folder: Path) -> None:
    """Remove one of our own folders, stamp first: what is left after a stop must not look whole."""
    if folder.is_dir():
        (folder / "course.stamp").unlink(missing_ok=True)
        shutil.rmtree(folder)
