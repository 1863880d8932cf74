"""Closed, full and poor streams, and Ctrl-C at any moment, end in at most one line."""
from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pkvm_model.course import streams
from tests.course.conftest import Checkout, hear_ctrl_c

INTERRUPTED = """
import sys

class Interrupt:
    def find_spec(self, name, *others):
        if name == {module!r}:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupt())
import runpy
"""


def run_shell(checkout: Checkout, redirection: str) -> subprocess.CompletedProcess[str]:
    """Run a short command of the course with redirected streams."""
    command = f"exec '{sys.executable}' course.py start {redirection}"
    return subprocess.run(["/bin/sh", "-c", command], cwd=checkout.folder, env=checkout.variables(),
                          capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("redirection", "status", "errors"), [
    ("<&- >&-", 0, ""), ("2>&-", 0, ""), ("<&- >&- 2>&-", 0, ""),
    (">/dev/full", 1, "course.py: No space left on device\n")])
def test_odd_streams_cause_no_traceback(redirection: str, status: int, errors: str, checkout: Checkout) -> None:
    done = run_shell(checkout, redirection)
    assert (done.returncode, done.stderr) == (status, errors)
    assert (checkout.folder / "my_work" / "01-start-here.ipynb").is_file()


def test_what_an_encoding_cannot_write_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    poor = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", poor)
    streams.prepare_streams()
    print("Schüler", flush=True)
    assert poor.buffer.getvalue() == b"Sch\\xfcler\n"


@pytest.mark.parametrize(("module", "start"), [
    ("pkvm_model.course.cli", "runpy.run_path('course.py', run_name='__main__')"),
    ("pkvm_model.course.cli", "runpy.run_module('pkvm_model.course', run_name='__main__')"),
    ("pkvm_model.course.learner.start", "runpy.run_path('course.py', run_name='__main__')")])
def test_ctrl_c_during_imports_is_quiet(module: str, start: str, checkout: Checkout) -> None:
    (checkout.folder / "sitecustomize.py").write_text(INTERRUPTED.format(module=module))
    script = f"import runpy, sys; sys.argv = ['course.py', 'start']; sys.path.insert(0, '.'); {start}"
    done = subprocess.run([sys.executable, "-c", script], cwd=checkout.folder, capture_output=True, text=True,
                          check=False, env=checkout.variables(PYTHONPATH=str(checkout.folder)))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "\nStopped.\n")


def test_ctrl_c_while_the_command_is_handed_over_is_heard_when_it_is_ready(checkout: Checkout) -> None:
    # The signal comes before Python begins in the new process, where a traceback could not be helped.
    script = ("import os, signal; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}); "
              "os.kill(os.getpid(), signal.SIGINT); import sys; "
              "os.execv(sys.executable, [sys.executable, '-m', 'pkvm_model.course', 'start'])")
    done = subprocess.run([sys.executable, "-c", script], cwd=checkout.folder, capture_output=True, text=True,
                          check=False, env=checkout.variables(PYTHONPATH=str(checkout.folder)),
                          preexec_fn=hear_ctrl_c)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "\nStopped.\n")


def test_a_closed_number_is_not_given_to_another_file(tmp_path: Path) -> None:
    script = ("import os, sys; sys.path.insert(0, sys.argv[1]); from pkvm_model.course import streams; "
              "streams.prepare_streams(); file = open(sys.argv[2], 'w'); print('lost'); os.write(1, b'lost')")
    command = f"exec '{sys.executable}' -c \"$0\" \"$1\" \"$2\" >&- 2>/dev/null"
    place = str(Path(streams.__file__).parents[2])
    subprocess.run(["/bin/sh", "-c", command, script, place, str(tmp_path / "file")], check=True,
                   env={**os.environ, "PYTHONPATH": ""})
    assert (tmp_path / "file").read_text() == ""
