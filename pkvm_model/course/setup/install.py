"""Makes the environment where nothing else fits: with uv if it is there, otherwise with pip. Standard library only.

An active environment that already satisfies the lock is used as it is. In a bundle the packages come from its own
wheels, and the network is not used.
"""
from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ..errors import CourseError
from ..paths import HOME_VARIABLE, ROOT
from . import wheels
from .environment import COURSE, Environment, find_fault, has_locked_packages, hash_lock

NO_NETWORK = re.compile(
    r"resol|connect|network|offline|dns|timed? ?out|unreachable|no matching distribution|no index|cache", re.I)


def ensure_python(environment: Environment = COURSE) -> Path:
    """Return a Python with what an environment's lock names; make the environment if the running one will not do."""
    return Path(sys.executable) if has_locked_packages(environment) else ensure_environment(environment)


def ensure_environment(environment: Environment) -> Path:
    """Return the Python of an environment; make the environment if it is missing or not whole."""
    fault = find_fault(environment)
    if fault:
        make_environment(environment, fault)
    refresh_path_file(environment)
    return environment.python


def make_environment(environment: Environment, fault: str) -> None:
    """Make an environment from its lock; `fault` is the old one's. Raise CourseError if that fails."""
    wheels.refuse_foreign_bundle()
    refuse_to_develop_in_a_bundle(environment)
    again = "" if fault == "missing" else f" again (it was {fault})"
    print(f"Making the environment in {environment.name}{again}. This happens once and can take a few minutes.",
          flush=True)
    failures: list[str] = []
    for tool, install in list_installers():
        if failures:
            print(f"That did not work: {failures[0]} Trying again with {tool}.", flush=True)
        remove_environment(environment)
        try:
            install(environment)
        except CourseError as failure:
            failures.append(str(failure))
        else:
            compile_packages(environment)
            environment.stamp.write_text(hash_lock(environment), encoding="utf-8")
            return
    raise CourseError(failures[0])


def refuse_to_develop_in_a_bundle(environment: Environment) -> None:
    """Raise CourseError if this is a bundle, which carries what learners need, and more than that is needed."""
    if wheels.is_bundle() and environment != COURSE:
        raise CourseError(f"a bundle has only what learners need, not the packages of {environment.lock.name}. Run "
                          "this in the course itself, with a network.")


def list_installers() -> Iterator[tuple[str, Callable[[Environment], None]]]:
    """Yield the tools that can fill an environment, the fast one first."""
    if shutil.which("uv"):
        yield "uv", install_with_uv
    yield "pip", install_with_pip


def install_with_uv(environment: Environment) -> None:
    """Make and fill an environment with uv."""
    run_quietly(["uv", "venv", "--python", sys.executable, environment.venv])
    uv: list[str | Path] = ["uv", "pip", "install", "--no-deps", "--require-hashes", "--python", environment.python]
    run_quietly([*uv, *choose_sources(), "-r", environment.lock])


def install_with_pip(environment: Environment) -> None:
    """Make and fill an environment with what comes with Python."""
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise CourseError("this Python has no venv or no ensurepip. On Debian or Ubuntu: sudo apt install "
                          "python3-venv; then run the same command again.")
    run_quietly([sys.executable, "-m", "venv", environment.venv])
    pip: list[str | Path] = [environment.python, "-m", "pip", "--disable-pip-version-check", "--retries", "2"]
    run_quietly([*pip, "install", "--no-deps", "--no-compile", "--require-hashes", *choose_sources(), "-r",
                 environment.lock])


def choose_sources() -> list[str | Path]:
    """Return the installers' options that say where packages come from."""
    return ["--no-index", "--find-links", wheels.WHEELS] if wheels.is_bundle() else []


def compile_packages(environment: Environment) -> None:
    """Compile the packages now if Python is set to keep no bytecode; otherwise each start would compile them."""
    if sys.dont_write_bytecode:
        run_quietly([environment.python, "-m", "compileall", "-q", "-j", "0", environment.venv])


def run_quietly(command: Sequence[str | Path]) -> None:
    """Run one step of the set-up and show nothing of it. Raise CourseError with one line that says why it failed."""
    # Hubs like to set PIP_USER, which makes pip refuse to work in an environment.
    settings = {**os.environ, "PIP_USER": "0"}
    try:
        process = subprocess.run(command, capture_output=True, text=True, errors="replace", env=settings, check=False)
    except OSError as error:
        raise CourseError(f"{command[0]} cannot be started: {error.strerror}") from error
    if process.returncode:
        raise CourseError(explain_failure(process.stderr or process.stdout))


def explain_failure(output: str) -> str:
    """Turn the output of a failed installer into one line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["no reason given"]
    reason = next((line for line in reversed(lines) if re.match("error", line, re.I)), lines[-1])
    if wheels.is_bundle():
        return f"the wheels of this bundle could not be installed. Copy the whole bundle again. ({reason})"
    if NO_NETWORK.search(output):
        return f"the packages could not be fetched. Is there a network? Connect, then run it again. ({reason})"
    return f"the environment could not be made. ({reason})"


def remove_environment(environment: Environment) -> None:
    """Remove an environment, and check that its folder can be written. Raise CourseError if it cannot."""
    venv = environment.venv
    try:
        if venv.is_dir() and not venv.is_symlink():
            # The stamp goes first: what is left after a stop must not look finished.
            environment.stamp.unlink(missing_ok=True)
            shutil.rmtree(venv)
        else:
            venv.unlink(missing_ok=True)
        venv.mkdir(parents=True)
        venv.rmdir()
    except OSError as error:
        raise CourseError(f"the folder {venv.parent} cannot be written ({error.strerror}). Set {HOME_VARIABLE} to a "
                          "folder of your own.") from error


def refresh_path_file(environment: Environment) -> None:
    """Make the course importable in an environment, even after its folder was moved."""
    venv = environment.venv
    site_packages = next(venv.glob("[Ll]ib/python*/site-packages"), venv / "Lib" / "site-packages")
    path_file = site_packages / "pkvm_course.pth"
    # Python reads such files in the locale's encoding.
    if not path_file.is_file() or path_file.read_text(encoding="locale").strip() != str(ROOT):
        path_file.write_text(f"{ROOT}\n", encoding="locale")
