"""Why an environment could not work, known before it is made. Standard library only."""
from __future__ import annotations

import errno
import os
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

from ..errors import CourseError
from ..paths import HOME_VARIABLE
from . import wheels
from .environment import COURSE, ROOM, Environment
from .installers import describe_missing_venv, find_base_python

EXTENSIONS = {"_ssl": "ssl", "zlib": "zlib", "_ctypes": "ctypes", "_sqlite3": "sqlite3"}
"""The parts of Python that need a library of the system: a Python that somebody built without them lacks them."""

OTHER_REASONS = (errno.EACCES, errno.ENOENT, errno.ENOSPC, errno.EDQUOT)
"""Why a link cannot be made on a disk that has links. A read-only one is found before: no file can be made there."""


def refuse_misfits(environment: Environment) -> None:
    """Raise CourseError if an environment of this Python, in this place, could not work; OSError if it is read-only."""
    wheels.refuse_foreign_bundle()
    refuse_to_develop_in_a_bundle(environment)
    refuse_a_python_without_parts()
    refuse_a_python_without_venv()
    refuse_a_disk_without_programs(environment.venv.parent)
    refuse_a_disk_without_links(environment.venv.parent)
    refuse_a_disk_without_room(environment.venv.parent)
    refuse_to_move_this_python(environment)


def refuse_to_develop_in_a_bundle(environment: Environment) -> None:
    """Raise CourseError if this is a bundle, which carries what learners need, and more than that is needed."""
    if wheels.is_bundle() and environment != COURSE:
        raise CourseError(f"a bundle has only what learners need, not the packages of {environment.lock.name}. Run "
                          "this in the course itself, with a network.")


def refuse_a_python_without_parts() -> None:
    """Raise CourseError if this Python was built without a part that the course, or pip, needs."""
    missing = [name for module, name in EXTENSIONS.items()
               if not find_spec(module) and not (name == "ssl" and wheels.is_bundle())]
    if missing:
        raise CourseError(f"this Python ({find_base_python()}) was built without {', '.join(missing)}. Start the "
                          "course with another one, or build it again where the libraries' headers are installed.")


def refuse_a_python_without_venv() -> None:
    """Raise CourseError if this Python cannot make environments, and there is no uv to do it."""
    if sentence := describe_missing_venv():
        raise CourseError(sentence)


def refuse_a_disk_without_programs(folder: Path) -> None:
    """Raise CourseError if a folder is on a disk that is mounted so that nothing on it can run."""
    if hasattr(os, "ST_NOEXEC") and os.statvfs(folder).f_flag & os.ST_NOEXEC:
        raise CourseError(f"{folder} is on a disk on which no programs run (it is mounted noexec), so no environment "
                          f"works there. Set {HOME_VARIABLE} to a folder on another disk.")


def refuse_a_disk_without_links(folder: Path) -> None:
    """Raise CourseError if a folder is on a disk without symbolic links, of which an environment has some.

    Raise OSError if nothing at all can be written there.
    """
    if os.name == "nt":
        return
    tempfile.NamedTemporaryFile(dir=folder, prefix=".link-").close()
    link = folder / f".link-{os.getpid()}"
    try:
        link.symlink_to("nothing")
    except OSError as error:
        if error.errno in OTHER_REASONS:
            raise
        raise CourseError(f"{folder} is on a disk without symbolic links ({error.strerror}), as folders are that two "
                          f"systems share, and no environment works there. Set {HOME_VARIABLE} to a folder on another "
                          "disk.") from error
    finally:
        link.unlink(missing_ok=True)


def refuse_a_disk_without_room(folder: Path) -> None:
    """Raise CourseError if a folder is on a disk that has no room for an environment."""
    free = shutil.disk_usage(folder).free
    if free < ROOM:
        raise CourseError(f"the disk of {folder} has {free // 10**6} MB free, and the environment needs "
                          f"{ROOM // 10**6}. Make room, or set {HOME_VARIABLE} to a folder on another disk.")


def refuse_to_move_this_python(environment: Environment) -> None:
    """Raise CourseError if the folder that would be put aside has the Python that makes the environment."""
    python = find_base_python()
    if python.is_relative_to(environment.venv) and not environment.is_ours:
        raise CourseError(f"{environment.name} was not made by the course, and it has the Python that you run, "
                          f"{python}. Start the course with another one, or set {HOME_VARIABLE} to another folder.")
