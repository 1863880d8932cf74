"""Makes a bundle: a folder with the course and its packages, which installs and runs without a network."""
from __future__ import annotations

import argparse
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..errors import CourseError
from ..paths import ROOT
from ..setup import installers
from ..setup.environment import COURSE
from ..setup.wheels import MADE_FOR, WHEELS, describe_machine

README = """\
THE COURSE WITHOUT A NETWORK

This folder has the course and all its packages. It is for {machine}, and for nothing else.
You need that Python, and a browser. In this folder, run:

    python3 course.py lab       makes the environment once, then opens the course
    python3 course.py doctor    reports what works, with a line for your teacher
    python3 course.py progress  shows what you have solved, and what to do next

On a machine of another kind the first command says so and changes nothing. Such a machine needs a bundle made on one
like it: there, with a network, run `python3 course.py bundle` in the course.

Your work is kept in my_work/. README.md describes the course.

Made from revision {revision}.
"""


def run(arguments: argparse.Namespace) -> int:
    """Make the bundle and print its size and what it is for."""
    target = Path(arguments.output).resolve()
    refuse_existing(target)
    files = list_files()
    print(f"Fetching the packages for {describe_machine()}.", flush=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    # A half-made bundle never has the bundle's name: after a stop it would look whole.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as temporary:
        folder = Path(temporary) / target.name
        copy_files(files, folder)
        fetch_wheels(folder / WHEELS.name)
        write_notes(folder)
        folder.rename(target)
    print(summarize(target))
    return 0


def refuse_existing(target: Path) -> None:
    """Raise CourseError if the bundle's name is taken by anything but an empty folder."""
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise CourseError(f"{target} already exists. Remove it, or name another folder with -o.")


def list_files() -> list[str]:
    """Return the names of the course's files, as git has them; a learner's work is not among them."""
    return run_git("ls-files", "-z").rstrip("\0").split("\0")


def describe_revision() -> str:
    """Return the revision, with a mark if files were changed since."""
    return run_git("describe", "--always", "--dirty=, changed since").strip()


def run_git(*arguments: str) -> str:
    """Return the output of git in the course. Raise CourseError if this is not a checkout, or if git refuses it."""
    try:
        # Without this check, a copy inside somebody else's repository would list their files.
        if not (ROOT / ".git").exists():
            raise FileNotFoundError
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, encoding="utf-8",
                              errors="surrogateescape", check=True).stdout
    except OSError as error:
        raise CourseError("bundle needs git and a git checkout of the course, to know which files belong to it. "
                          "Clone the course, and run bundle there.") from error
    except subprocess.CalledProcessError as error:
        raise CourseError(explain_refusal(error.stderr)) from error


def explain_refusal(complaint: str) -> str:
    """Return git's reason in one line, and the cure that git names, as where another user owns the files."""
    lines = [line.strip() for line in complaint.splitlines() if line.strip()] or ["no reason given"]
    cure = next((line for line in lines if line.startswith("git ")), "")
    how = f" If you trust these files, run: {cure}" if cure else ""
    return f"git refuses: {lines[0].removeprefix('fatal: ')}.{how}"


def copy_files(files: Sequence[str], folder: Path) -> None:
    """Copy the files of the course as they are now."""
    for name in files:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)


def fetch_wheels(wheels: Path) -> None:
    """Download the wheels of the lock for this kind of machine; pip compares each with its hash."""
    with tempfile.TemporaryDirectory() as spare:
        pip: list[str | Path] = [find_python_with_pip(Path(spare)), "-m", "pip"]
        installers.run_quietly([*pip, "download", "--no-deps", "--require-hashes", "--only-binary", ":all:",
                             "-d", wheels, "-r", COURSE.lock])


def find_python_with_pip(spare: Path) -> Path:
    """Return a Python of this version that has pip; environments made by uv have none."""
    if importlib.util.find_spec("pip"):
        return Path(sys.executable)
    installers.run_quietly([sys.executable, "-m", "venv", spare])
    return spare / COURSE.python.relative_to(COURSE.venv)


def write_notes(folder: Path) -> None:
    """Write what the bundle is for, for course.py and for people."""
    machine = describe_machine()
    (folder / MADE_FOR.relative_to(ROOT)).write_text(f"{machine}\n", encoding="utf-8")
    text = README.format(machine=machine, revision=describe_revision())
    (folder / "README-FIRST.txt").write_text(text, encoding="utf-8")


def summarize(target: Path) -> str:
    """Return the size of a bundle and what to do with it."""
    files, wheels = [path for path in target.rglob("*") if path.is_file()], [*(target / WHEELS.name).glob("*.whl")]
    return (f"{target}: {format_size(files)}, of which {len(wheels)} wheels are {format_size(wheels)}; for "
            f"{describe_machine()}.\nCopy the whole folder; README-FIRST.txt in it says how to start.")


def format_size(files: Sequence[Path]) -> str:
    """Return the size of some files in megabytes."""
    return f"{sum(path.stat().st_size for path in files) / 1_000_000:.1f} MB"
