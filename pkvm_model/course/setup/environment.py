"""Finds or makes the environment that the course runs in, with the standard library only.

`.venv` is made from the hash-locked requirements.lock. Its stamp is written last, so a set-up that was stopped at any
moment is seen as half made and is made again. An active environment that already satisfies the lock is used as it is.
In a bundle (see bundle.py) the packages come from its folder of wheels, and no network is asked.
"""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import CourseError
from ..paths import ROOT
from . import lock

VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
WHEELS = ROOT / "wheels"
MADE_FOR = WHEELS / "made-for.txt"
NO_NETWORK = re.compile(
    r"resol|connect|network|offline|dns|timed? ?out|unreachable|no matching distribution|no index|cache", re.I
)


class Place(NamedTuple):
    """An environment: its folder, and the lock that it is made from."""

    venv: Path
    lock: Path

    @property
    def stamp(self) -> Path:
        """The file that is written last, and holds the lock's digest."""
        return self.venv / "course.stamp"

    @property
    def python(self) -> Path:
        """The interpreter in it."""
        return self.venv / "Scripts" / "python.exe" if os.name == "nt" else self.venv / "bin" / "python"


USUAL = Place(VENV, LOCK)
"""The environment of the course itself."""


def ready() -> Path:
    """Gives the Python to run the course with, after making `.venv` where nothing else fits."""
    return Path(sys.executable) if active_fits() else filled(USUAL)


def filled(place: Place) -> Path:
    """Gives the Python of an environment, after making it where it is not there or not whole."""
    fault = venv_fault(place)
    if fault:
        make(fault, place)
    refresh_path_file(place)
    return place.python


def active_fits() -> bool:
    """Says whether the running Python has everything the lock names."""
    return next(lock.differences(lock_text(), lock.describe_interpreter(), sys.path), None) is None


def venv_python() -> Path:
    """Gives the path of the interpreter in `.venv`."""
    return USUAL.python


def venv_fault(place: Place = USUAL) -> str:
    """Says in a phrase why an environment cannot be used, or gives an empty string when it can."""
    if not os.path.lexists(place.venv):
        return "missing"
    if not place.stamp.is_file():
        return "half made"
    if place.stamp.read_text(encoding="utf-8") != lock_digest(place):
        return f"older or newer than {place.lock.name}"
    interpreter = ask_interpreter(place)
    if interpreter is None:
        return "broken (its Python does not start)"
    difference = next(lock.differences(lock_text(place), interpreter, [interpreter["packages"]]), None)
    return f"broken ({difference})" if difference else ""


def lock_text(place: Place = USUAL) -> str:
    """Gives the text of a lock."""
    try:
        return place.lock.read_text(encoding="utf-8")
    except OSError as error:
        raise CourseError(f"{place.lock} cannot be read ({error.strerror}). Get the whole course again.") from error


def lock_digest(place: Place = USUAL) -> str:
    """Gives the digest of a lock, which is what the stamp holds."""
    return hashlib.sha256(lock_text(place).encode()).hexdigest()


def ask_interpreter(place: Place = USUAL) -> dict[str, str] | None:
    """Lets the Python in an environment describe itself; None when it does not start."""
    try:
        answer = subprocess.run(
            [place.python, "-I", lock.__file__], capture_output=True, text=True, check=True, timeout=60
        )
        return dict(json.loads(answer.stdout))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def kind_of_machine() -> str:
    """Names what wheels depend on, as in "cpython 3.11 on linux-x86_64"."""
    return f"{sys.implementation.name} {sys.version_info[0]}.{sys.version_info[1]} on {sysconfig.get_platform()}"


def is_bundle() -> bool:
    """Says whether this is a bundle, which has its packages with it."""
    return MADE_FOR.is_file()


def refuse_foreign_bundle() -> None:
    """Raises where the wheels of a bundle are for another kind of machine."""
    made_for = MADE_FOR.read_text(encoding="utf-8").strip() if is_bundle() else kind_of_machine()
    if made_for != kind_of_machine():
        raise CourseError(
            f"this bundle is for {made_for}, and this is {kind_of_machine()}. Start it with that Python, "
            "or get a bundle that was made on a machine like this one."
        )


def sources() -> list[str | Path]:
    """Gives the installers' options that say where packages come from."""
    return ["--no-index", "--find-links", WHEELS] if is_bundle() else []


def make(fault: str, place: Place = USUAL) -> None:
    """Makes an environment from its lock: with uv where it is found, otherwise with pip."""
    refuse_foreign_bundle()
    again = "" if fault == "missing" else f" again (it was {fault})"
    name = place.venv.name
    print(f"Making the environment in {name}{again}. This happens once and can take a few minutes.", flush=True)
    failures: list[str] = []
    for tool, install in ways_to_install():
        if failures:
            print(f"That did not work: {failures[0]} Trying again with {tool}.", flush=True)
        remove_venv(place)
        try:
            install(place)
        except CourseError as failure:
            failures.append(str(failure))
        else:
            compile_once(place)
            place.stamp.write_text(lock_digest(place), encoding="utf-8")
            return
    raise CourseError(failures[0])


def ways_to_install() -> Iterator[tuple[str, Callable[[Place], None]]]:
    """Yields the tools that can fill an environment, the quick one first."""
    if shutil.which("uv"):
        yield "uv", install_with_uv
    yield "pip", install_with_pip


def install_with_uv(place: Place) -> None:
    """Makes and fills an environment with uv."""
    run_quietly(["uv", "venv", "--python", sys.executable, place.venv])
    install: list[str | Path] = ["uv", "pip", "install", "--no-deps", "--require-hashes", "--python", place.python]
    run_quietly([*install, *sources(), "-r", place.lock])


def install_with_pip(place: Place) -> None:
    """Makes and fills an environment with what comes with Python."""
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise CourseError(
            "this Python has no venv or no ensurepip. On Debian or Ubuntu: sudo apt install python3-venv; "
            "then run the same command again."
        )
    run_quietly([sys.executable, "-m", "venv", place.venv])
    pip: list[str | Path] = [place.python, "-m", "pip", "--disable-pip-version-check", "--retries", "2"]
    run_quietly([*pip, "install", "--no-deps", "--no-compile", "--require-hashes", *sources(), "-r", place.lock])


def compile_once(place: Place) -> None:
    """Compiles the packages now where Python is told not to keep bytecode; otherwise each start would do it again."""
    if sys.dont_write_bytecode:
        run_quietly([place.python, "-m", "compileall", "-q", "-j", "0", place.venv])


def run_quietly(command: Sequence[str | Path]) -> None:
    """Runs one step of the set-up without a word; raises with one line that says why it failed."""
    # Hubs like to set PIP_USER, which makes pip refuse to work in an environment.
    settings = {**os.environ, "PIP_USER": "0"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=settings, check=False)
    except OSError as error:
        raise CourseError(f"{command[0]} cannot be started: {error.strerror}") from error
    if done.returncode:
        raise CourseError(explain(done.stderr or done.stdout))


def explain(output: str) -> str:
    """Makes one line out of what a failed installer wrote."""
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["no reason given"]
    reason = next((line for line in reversed(lines) if re.match("error", line, re.I)), lines[-1])
    if is_bundle():
        return f"the wheels of this bundle could not be installed. Copy the whole bundle again. ({reason})"
    if NO_NETWORK.search(output):
        return f"the packages could not be fetched. Is there a network? Connect, then run it again. ({reason})"
    return f"the environment could not be made. ({reason})"


def remove_venv(place: Place) -> None:
    """Removes what stands in the place of an environment and makes sure that the folder can be written."""
    try:
        if place.venv.is_dir() and not place.venv.is_symlink():
            # The stamp goes first: what is left after a stop must not look finished.
            place.stamp.unlink(missing_ok=True)
            shutil.rmtree(place.venv)
        else:
            place.venv.unlink(missing_ok=True)
        place.venv.mkdir()
        place.venv.rmdir()
    except OSError as error:
        raise CourseError(
            f"the folder {ROOT} cannot be written ({error.strerror}). Copy the course to a folder of your own."
        ) from error


def refresh_path_file(place: Place) -> None:
    """Makes the course importable in an environment, also after its folder was moved."""
    site_packages = next(place.venv.glob("[Ll]ib/python*/site-packages"), place.venv / "Lib" / "site-packages")
    path_file = site_packages / "pkvm_course.pth"
    # Python reads such files in the locale's encoding.
    if not path_file.is_file() or path_file.read_text(encoding="locale").strip() != str(ROOT):
        path_file.write_text(f"{ROOT}\n", encoding="locale")


def variables(python: Path) -> dict[str, str]:
    """Gives the environment variables for a command that runs with `python`."""
    course = {
        "PYTHONPATH": _before(str(ROOT), "PYTHONPATH"),
        "JUPYTER_PATH": _before(str(ROOT / "pkvm_model" / "widgets" / "jupyter"), "JUPYTER_PATH"),
        "JUPYTER_CONFIG_PATH": _before(str(ROOT / "pkvm_model" / "course" / "jupyter"), "JUPYTER_CONFIG_PATH"),
        # Our own kernel comes first, whatever kernels the user has elsewhere.
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    if python == venv_python():
        course |= {"PATH": _before(str(python.parent), "PATH"), "VIRTUAL_ENV": str(VENV)}
    return {**os.environ, **course}


def _before(folder: str, name: str) -> str:
    others = [each for each in os.environ.get(name, "").split(os.pathsep) if each and each != folder]
    return os.pathsep.join([folder, *others])


def hand_over(python: Path, arguments: Sequence[str]) -> int:
    """Goes on as `python` with these arguments; on Windows, waits for it and gives its status."""
    command = [str(python), *arguments]
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name != "nt":
        os.execve(command[0], command, variables(python))
    with subprocess.Popen(command, env=variables(python)) as child:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                continue  # The child hears Ctrl-C as well, and ends in its own way.
