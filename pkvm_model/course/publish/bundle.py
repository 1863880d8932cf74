"""Makes a bundle: a folder with the course and its packages, which installs and runs on a machine without network."""

import argparse
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..errors import CourseError
from ..setup import environment
from ..paths import ROOT
from ..setup.environment import LOCK, MADE_FOR, WHEELS

DEFAULT = "_bundle"
README = """\
THE COURSE WITHOUT A NETWORK

This folder has the course and all its packages. It is for {machine}, and for no other.
You need that Python, and a browser. In this folder, run:

    python3 course.py lab       makes the environment once, then opens the course
    python3 course.py doctor    says what is there, with a line for your teacher
    python3 course.py test      runs every test

If this machine is another kind, the first command says so and changes nothing. Then a bundle has to be made on a
machine like yours: there, with a network, run `python3 course.py bundle` in the course.

What you do is kept in my_work/. The course is described in README.md.

Made from revision {revision}.
"""


def run(arguments: argparse.Namespace) -> int:
    """Makes the bundle and says how large it is and what it is for."""
    target = Path(arguments.output).resolve()
    refuse_taken(target)
    files = tracked()
    print(f"Fetching the packages for {environment.kind_of_machine()}.", flush=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    # A bundle that is half made never stands under its name: a stop would leave one that looks whole.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as made:
        folder = Path(made) / target.name
        copy(files, folder)
        fetch(folder / WHEELS.name)
        describe(folder)
        folder.rename(target)
    print(summary(target))
    return 0


def refuse_taken(target: Path) -> None:
    """Raises where something stands in the place of the bundle."""
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise CourseError(f"{target} is there already. Remove it, or name another folder with -o.")


def tracked() -> list[str]:
    """Gives the files of the course by name, as git has them; what a learner wrote is not among them."""
    return ask_git("ls-files", "-z").rstrip("\0").split("\0")


def revision() -> str:
    """Names the revision, with a mark where files were changed since."""
    return ask_git("describe", "--always", "--dirty=, changed since").strip()


def ask_git(*question: str) -> str:
    """Gives what git says of the course."""
    try:
        # A checkout inside somebody else's repository must not give that one's files.
        if not (ROOT / ".git").exists():
            raise FileNotFoundError
        return subprocess.run(["git", *question], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise CourseError(
            "bundle needs a git checkout of the course, and git: they say which files belong to it. "
            "Clone the course, and run bundle there."
        ) from error


def copy(files: Sequence[str], folder: Path) -> None:
    """Copies the files of the course as they are now."""
    for name in files:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)


def fetch(wheels: Path) -> None:
    """Fetches the wheels of the lock for this kind of machine, each compared with its hash."""
    with tempfile.TemporaryDirectory() as spare:
        pip = python_with_pip(Path(spare))
        command: list[str | Path] = [pip, "-m", "pip", "--disable-pip-version-check", "download", "--no-deps"]
        environment.run_quietly([*command, "--require-hashes", "--only-binary", ":all:", "-d", wheels, "-r", LOCK])


def python_with_pip(spare: Path) -> Path:
    """Gives a Python of this version that has pip; uv makes environments without it."""
    if importlib.util.find_spec("pip"):
        return Path(sys.executable)
    environment.run_quietly([sys.executable, "-m", "venv", spare])
    return spare / environment.venv_python().relative_to(environment.VENV)


def describe(folder: Path) -> None:
    """Writes what the bundle is for, for course.py and for people."""
    machine = environment.kind_of_machine()
    (folder / MADE_FOR.relative_to(ROOT)).write_text(f"{machine}\n", encoding="utf-8")
    text = README.format(machine=machine, revision=revision())
    (folder / "README-FIRST.txt").write_text(text, encoding="utf-8")


def summary(target: Path) -> str:
    """Says what was made."""
    wheels = list((target / WHEELS.name).glob("*.whl"))
    return (
        f"{target}: {megabytes([each for each in target.rglob('*') if each.is_file()])}, of which "
        f"{len(wheels)} wheels are {megabytes(wheels)}; for {environment.kind_of_machine()}.\n"
        "Copy the whole folder; README-FIRST.txt in it says how to start."
    )


def megabytes(files: Sequence[Path]) -> str:
    """Gives the size of some files."""
    return f"{sum(each.stat().st_size for each in files) / 1_000_000:.1f} MB"
