"""The machines of the matrix: a checkout, a home, a Python and a shell's variables, each with one thing that is odd.

A door is a context manager that takes an ordinary desk and changes that one thing. What needs root (another user, a
read-only disk, a network of its own) is skipped without it.
"""
from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pkvm_model.course.paths import ROOT

ADDRESS = re.compile(r"http://\S+[?&]token=\w+")
STRANGER = 4242
"""The user id of somebody who owns nothing here; no such user has to exist."""
HOLD_STILL = ("unshare", "--mount", "bash", "-c")
# The Pythons may be below a home that only its owner may enter. What is mounted in a namespace ends with it.
LET_IN = """
if [ -d "$0/.pyenv/versions" ]; then
    mount --bind "$0/.pyenv/versions" /mnt && mount -t tmpfs -o mode=755 none "$0" &&
    mkdir -p "$0/.pyenv/versions" && mount --bind /mnt "$0/.pyenv/versions" || exit 70
fi
exec setpriv --reuid=4242 --regid=4242 --clear-groups "$@"
"""
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"'


@dataclass
class Desk:
    """Where a learner sits. `before` starts every command, `python` and `course` run the course."""

    python: Path
    top: Path
    course: Path
    variables: dict[str, str]
    before: tuple[str, ...] = ()
    command: tuple[str, ...] = ("course.py",)
    is_new: bool = False
    chromium: str = ""
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        """Name the file that shows what `lab` has printed."""
        self.log = self.top / "lab.log"

    def list_words(self, *words: str) -> list[str]:
        """Return a whole command line of this desk."""
        return [*self.before, str(self.python), *self.command, *words]

    def run(self, *words: str) -> tuple[int, str]:
        """Run a command of the course, and return its status and all that it printed."""
        result = subprocess.run(self.list_words(*words), cwd=self.course, env=self.variables, check=False,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return result.returncode, result.stdout.decode(errors="replace")

    @contextmanager
    def open_lab(self) -> Iterator[str]:
        """Yield the address that `lab` prints. Raise AssertionError with all that it printed if there is none."""
        with self.log.open("wb") as log, subprocess.Popen(
                self.list_words("lab", "--no-browser"), cwd=self.course, env=self.variables, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True) as lab:
            try:
                yield self.wait_for_address(lab)
            finally:
                end(lab)

    def wait_for_address(self, lab: subprocess.Popen[bytes]) -> str:
        """Wait, for minutes if an environment is made, until an address is printed."""
        until = time.monotonic() + 600
        while lab.poll() is None and time.monotonic() < until:
            if address := ADDRESS.search(self.log.read_text(errors="replace")):
                return address.group()
            time.sleep(0.1)
        raise AssertionError(self.log.read_text(errors="replace"))


def end(lab: subprocess.Popen[bytes]) -> None:
    """End JupyterLab and its kernels."""
    lab.terminate()
    try:
        lab.wait(60)
    except subprocess.TimeoutExpired:
        lab.kill()


Door = Callable[[Desk, Path], AbstractContextManager[None]]
"""Make a desk odd in one way. The second argument is a course that has its environment."""


def make_desk(python: Path, top: Path) -> Desk:
    """Return an ordinary desk: a copy of this checkout, an empty home, a quiet shell."""
    top.chmod(0o755)  # somebody else may have to read it
    course = top / "course"
    copy_checkout(course)
    (top / "home").mkdir()
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))}
    variables = {**kept, "HOME": str(top / "home"), "LANG": "C.UTF-8", "PATH": find_path_without_uv()}
    return Desk(python, top, course, variables)


def copy_checkout(course: Path) -> None:
    """Copy what git would give a learner, with the changes that are not committed yet."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in map(os.fsdecode, filter(None, listed.split(b"\0"))):
        if (ROOT / name).is_file():
            (course / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, course / name, follow_symlinks=False)


def find_path_without_uv() -> str:
    """Return PATH without the folders that have a uv, so that pip has to do."""
    folders = os.environ["PATH"].split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if not (Path(folder) / "uv").exists())


def copy_environment(seed: Path, workplace: Path) -> None:
    """Copy the environment of a course that has one; the copy is whole, since a course writes in its own."""
    workplace.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", "--reflink=auto", seed / ".venv", workplace / ".venv"], check=True)


@contextmanager
def have_no_environment(desk: Desk, seed: Path) -> Iterator[None]:
    """Start with nothing but this Python; pip makes the environment."""
    desk.is_new = True
    yield


@contextmanager
def have_uv(desk: Desk, seed: Path) -> Iterator[None]:
    """Start with nothing but this Python and uv, which makes the environment."""
    desk.is_new = True
    uv = shutil.which("uv") or fetch_uv(seed.parent)
    desk.variables["PATH"] = os.pathsep.join([str(Path(uv).parent), desk.variables["PATH"]])
    yield


def fetch_uv(folder: Path) -> str:
    """Install uv in a folder of its own, if it is not there yet, and return its path."""
    uv, python = (folder / "uv" / "bin" / name for name in ("uv", "python"))
    if not uv.exists():
        # The environment of these tests has no pip.
        subprocess.run([sys.executable, "-m", "venv", folder / "uv"], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "uv"], check=True)
    return str(uv)


@contextmanager
def use_own_environment(desk: Desk, seed: Path) -> Iterator[None]:
    """Use an active environment of one's own that pip has filled from the learners' lock."""
    own = copy_own_environment(desk, seed)
    desk.python = own / "bin" / "python"
    desk.variables |= {"VIRTUAL_ENV": str(own), "PATH": os.pathsep.join([str(own / "bin"), desk.variables["PATH"]])}
    yield


def copy_own_environment(desk: Desk, seed: Path) -> Path:
    """Make an environment that the course has not made: it has no stamp and does not know the course."""
    own = desk.top / "envs" / "mine"
    own.parent.mkdir()
    subprocess.run(["cp", "-a", "--reflink=auto", seed / ".venv", own], check=True)
    (own / "course.stamp").unlink()
    for path_file in own.glob("lib/python*/site-packages/pkvm_course.pth"):
        path_file.unlink()
    return own


@contextmanager
def use_conda(desk: Desk, seed: Path) -> Iterator[None]:
    """Use an environment as conda makes them, by the module, with conda's variables and its kernel's whole path."""
    own = copy_own_environment(desk, seed)
    (own / "conda-meta").mkdir()
    (own / "conda-meta" / "history").touch()
    kernel = own / "share" / "jupyter" / "kernels" / "python3" / "kernel.json"
    kernel.write_text(kernel.read_text().replace('"python"', f'"{own}/bin/python"'))
    desk.python, desk.command = own / "bin" / "python", ("-m", "pkvm_model.course")
    desk.variables |= {"CONDA_PREFIX": str(own), "CONDA_DEFAULT_ENV": "mine", "CONDA_SHLVL": "1",
                       "PATH": os.pathsep.join([str(own / "bin"), desk.variables["PATH"]])}
    yield


@contextmanager
def be_read_only(desk: Desk, seed: Path) -> Iterator[None]:
    """Have the course on a disk that cannot be written; environment and copy are in the home."""
    copy_environment(seed, desk.top / "home" / "pkvm-course")
    desk.before = (*HOLD_STILL, READ_ONLY, str(desk.course))
    yield


@contextmanager
def be_somebody_else(desk: Desk, seed: Path) -> Iterator[None]:
    """Use a checkout that belongs to another user, as a user who has only a home."""
    copy_environment(seed, desk.top / "home" / "pkvm-course")
    subprocess.run(["chown", "--recursive", f"{STRANGER}:{STRANGER}", desk.top / "home"], check=True)
    desk.before = (*HOLD_STILL, LET_IN, str(Path.home()))
    if subprocess.run([*desk.before, str(desk.python), "-c", ""], check=False, stderr=subprocess.DEVNULL).returncode:
        pytest.skip(f"only its owner can use {desk.python}")
    yield


@contextmanager
def have_no_network(desk: Desk, seed: Path) -> Iterator[None]:
    """Work in a network of one's own that has only loopback; the browser works there as well."""
    copy_environment(seed, desk.course)
    name = f"pkvm{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        desk.before = ("ip", "netns", "exec", name)
        desk.chromium = write_program(desk.top / "chromium", f'exec ip netns exec {name} "{desk.chromium}" "$@"')
        yield
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)


def write_program(path: Path, text: str) -> str:
    """Write a shell program and return its path."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@contextmanager
def speak_ascii(desk: Desk, seed: Path) -> Iterator[None]:
    """Have the C locale, and a Python that keeps to it."""
    copy_environment(seed, desk.course)
    desk.variables |= {"LC_ALL": "C", "LANG": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    yield


@contextmanager
def have_umlauts(desk: Desk, seed: Path) -> Iterator[None]:
    """Have the course in a folder whose name is not ASCII and has a space."""
    desk.course = desk.course.rename(desk.top / "Schülerkurs Łódź")
    copy_environment(seed, desk.course)
    yield


DOORS: dict[str, Door] = {
    "no environment": have_no_environment, "uv": have_uv, "pip": use_own_environment, "conda-like": use_conda,
    "read-only": be_read_only, "other user": be_somebody_else, "no network": have_no_network,
    "C locale": speak_ascii, "umlaut path": have_umlauts}
NEED_ROOT = {"read-only", "other user", "no network"}
