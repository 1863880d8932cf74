"""Checks of the folders that the course writes: room, rights, locks, the learner's copy. Standard library only."""
from __future__ import annotations

import contextlib
import errno
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from ...practice import progress
from .. import lab_place
from ..learner.my_work import EXERCISES, MY_WORK
from ..paths import HOME_VARIABLE, ROOT, WORKPLACE, name_command
from ..setup import shadows
from ..setup.causes import ALLOW, PROTECTED
from ..setup.turn import describe_lockless
from .diagnosis import Diagnosis, describe_error

LEAST_ROOM = 10_000_000
"""The bytes that a learner's copy and its checkpoints take."""
SAMPLE = bytes(100_000)
"""Some bytes to write: a quota or a full disk shows only then."""
STATE = MY_WORK / lab_place.STATE
"""Where JupyterLab and its kernels write."""
NOTEBOOK_FOLDERS = MY_WORK, MY_WORK / EXERCISES
FOLDERS = ("", EXERCISES, ".ipynb_checkpoints", f"{EXERCISES}/.ipynb_checkpoints", *(
    f"{lab_place.STATE}/{name}" for name in ("", "workspaces", "data", "ipython", "ipython/profile_default")))
FILES = progress.NAME, progress.COPY, progress.LOCK
"""What is written in the learner's copy while a learner works."""
ELSEWHERE = f"set {HOME_VARIABLE} to a folder of your own, on a disk of this machine"


def check_names() -> Diagnosis:
    """Look for files that are taken for modules: everywhere, or only by the kernels of the notebooks beside them."""
    if fault := shadows.explain_shadow():
        return Diagnosis("missing", "file names", fault)
    # A kernel has imported most of Python's modules before it looks there, so those may do no harm.
    for status, names in (("missing", shadows.MODULES), ("note", shadows.NAMES)):
        if shadow := shadows.find_shadow(NOTEBOOK_FOLDERS, names):
            return Diagnosis(status, "file names", f"{shadows.describe_shadow(shadow)} from the notebooks beside it: "
                             "give it another name")
    return Diagnosis("ok", "file names", "none hides a module")


def check_folder() -> Diagnosis:
    """Write where the environment and the learner's copy go."""
    try:
        WORKPLACE.mkdir(parents=True, exist_ok=True)
        write_sample(WORKPLACE)
    except OSError as error:
        return Diagnosis("missing", "folder", explain_write_error(WORKPLACE, error))
    return Diagnosis("ok", "folder", f"{WORKPLACE} can be written")


def check_room() -> Diagnosis:
    """Count the free bytes of the disk with the learner's copy."""
    try:
        free = shutil.disk_usage(WORKPLACE).free
    except OSError as error:
        return Diagnosis("note", "room", f"the free room of {WORKPLACE} is unknown ({describe_error(error)})")
    if free < LEAST_ROOM:
        return Diagnosis("missing", "room", f"the disk of {WORKPLACE} has {free // 10**6} MB free, and your notebooks "
                         f"need {LEAST_ROOM // 10**6}: make room")
    return Diagnosis("ok", "room", f"{free / 10**9:.1f} GB free")


def check_locks() -> Diagnosis:
    """Lock a file beside the learner's copy, as the course does before it writes."""
    folder = MY_WORK if MY_WORK.is_dir() else WORKPLACE
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
            progress.lock_file(file.fileno())
    except (PermissionError, FileNotFoundError) as error:
        return Diagnosis("missing", "locks", explain_write_error(folder, error))
    except OSError as error:
        return Diagnosis("missing", "locks", describe_lockless(folder, describe_error(error)))
    return Diagnosis("ok", "locks", "a file can be locked")


def check_database() -> Diagnosis:
    """Write a database with SQLite, which has locks of another kind, as a kernel and Jupyter do."""
    import sqlite3  # noqa: PLC0415  # Python can be built without it

    folder = MY_WORK if MY_WORK.is_dir() else WORKPLACE
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=folder, ignore_cleanup_errors=True) as scratch, \
                contextlib.closing(sqlite3.connect(Path(scratch) / "sample", timeout=0)) as database, database:
            database.execute("create table sample (number)")
    except (OSError, sqlite3.Error) as error:
        return Diagnosis("note", "database", f"SQLite cannot write in {folder} ({describe_error(error)}), so Jupyter "
                         f"forgets what you typed earlier, and nothing else: {ELSEWHERE}")
    return Diagnosis("ok", "database", "SQLite can write")


def check_settings() -> Diagnosis:
    """Name the user's own configuration of Jupyter, which does not apply here."""
    if sentences := " ".join(lab_place.describe_set_aside()):
        return Diagnosis("note", "settings", sentences.rstrip("."))
    return Diagnosis("ok", "settings", "the course's own, and those of JupyterLab that you choose")


def check_copy() -> Diagnosis:
    """Count the notebooks in the learner's copy, and write in its folders."""
    fault = next(chain(list_faulty_folders(), list_faulty_files()), None)
    if fault:
        return Diagnosis("missing", MY_WORK.name, fault)
    count = len(list(MY_WORK.glob("*.ipynb")))
    if count:
        return Diagnosis("ok", MY_WORK.name, f"{count} notebooks")
    return Diagnosis("ok", MY_WORK.name, f"not there yet: {name_command('lab')} makes it")


def list_faulty_folders() -> Iterator[str]:
    """Yield a sentence for each folder of the learner's copy that cannot be written."""
    for folder in list_present(FOLDERS):
        if not folder.is_dir():
            kind = "a link to nowhere" if folder.is_symlink() else "a file"
            yield f"{folder} is {kind}, and the course needs a folder of that name: give it another name"
            continue
        try:
            write_sample(folder)
        except OSError as error:
            yield explain_write_error(folder, error)


def list_faulty_files() -> Iterator[str]:
    """Yield a sentence for each of the course's own files in the copy that cannot be opened."""
    for file in list_present(FILES):
        try:
            file.open("r+b").close()
        except OSError as error:
            yield f"{file} cannot be opened ({describe_error(error)}): give it another name"


def list_present(names: Iterable[str]) -> Iterator[Path]:
    """Yield those files and folders of the learner's copy that are there."""
    return (MY_WORK / name for name in names if os.path.lexists(MY_WORK / name))


def write_sample(folder: Path) -> None:
    """Write a file into a folder and remove it again. Raise OSError if that fails."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
        file.write(SAMPLE)
        file.flush()


def explain_write_error(folder: Path, error: OSError) -> str:
    """Return a sentence on why a folder cannot be written, with the cure."""
    reason = f"{folder} cannot be written ({describe_error(error)})"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{reason}: make room"
    if error.errno == errno.EPERM and PROTECTED.match(f"{folder}/"):
        return f"{reason}: {ALLOW.rstrip('.')}"
    if error.errno in (errno.EACCES, errno.EPERM) and is_other_users(folder):
        return f"{reason}, since it belongs to another user: {suggest_owner(folder)}"
    return f"{reason}: {ELSEWHERE}"


def is_other_users(folder: Path) -> bool:
    """Return True if a folder is there and belongs to another user."""
    try:
        return hasattr(os, "geteuid") and folder.stat().st_uid != os.geteuid()
    except OSError:
        return False


def suggest_owner(folder: Path) -> str:
    """Return the cure for a folder of another user: below the course's own, root made it by mistake."""
    if folder.is_relative_to(MY_WORK) and not is_other_users(ROOT):
        return f"sudo chown -R {os.geteuid()} {shlex.quote(str(MY_WORK))}"
    return ELSEWHERE
