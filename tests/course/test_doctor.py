"""The doctor names what keeps a learner from working, and lab ends in the same words."""
from __future__ import annotations

import argparse
import errno
import importlib
import os
import re
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from pkvm_model.course import lab
from pkvm_model.course.doctor import (
    diagnosis,
    examination,
    folders,
    limits,
    machine,
    packages,
    preflight,
    trials,
    try_out,
)
from pkvm_model.course.errors import CourseError
from pkvm_model.course.learner import my_work
from pkvm_model.course.paths import ROOT
from pkvm_model.course.setup import lock, shadows
from pkvm_model.practice import fence, progress
from tests.course.conftest import Checkout
from tests.patience import PATIENCE


class Machine:
    """A learner's machine, on which everything works until a fault breaks it."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.patch = folder, patch
        self.copy = folder / "my_work"
        self.other = folder.parent / "other"
        patch.setattr(folders, "MY_WORK", self.copy)
        patch.setattr(folders, "NOTEBOOK_FOLDERS", (self.copy, self.copy / "exercises"))
        patch.setattr(shadows, "ROOT", folder)
        patch.setattr(folders, "ROOT", folder)
        patch.setattr(folders, "WORKPLACE", folder)
        patch.delenv("PYTHONPATH", raising=False)
        folder.mkdir()

    def fail(self, owner: object, name: str, error: BaseException) -> None:
        """Let a function raise an exception."""
        def fail(*_: object, **__: object) -> None:
            raise error

        self.patch.setattr(owner, name, fail)

    def write(self, path: Path, text: str = "") -> Path:
        """Write a file and make its folder."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def install(self, name: str, version: str, text: str) -> None:
        """Put a package into a folder on PYTHONPATH."""
        self.write(self.other / name / "__init__.py", text)
        self.search(self.write(self.other / f"{name}-{version}.dist-info" / "METADATA",
                               f"Name: {name}\nVersion: {version}\n"))

    def search(self, _: Path) -> None:
        """Name the other folder in PYTHONPATH, now that something is in it."""
        self.patch.setenv("PYTHONPATH", str(self.other))
        self.patch.syspath_prepend(self.other)

    def limit(self, name: str, soft: int, hard: int = resource.RLIM_INFINITY) -> None:
        """Set a limit, for those who ask."""
        real = resource.getrlimit
        self.patch.setattr(resource, "getrlimit", lambda number: (soft, hard) if number == getattr(resource, name)
                           else real(number))


@pytest.fixture
def learners_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Return a machine without a fault. No probe runs in it, which would take seconds."""
    monkeypatch.setattr(trials, "try_out", lambda _: try_out.Trial("fine"))
    return Machine(tmp_path / "course", monkeypatch)


def read_only(machine: Machine) -> None:
    machine.fail(tempfile, "NamedTemporaryFile", OSError(errno.EROFS, "Read-only file system"))


def fill_disk(machine: Machine) -> None:
    machine.fail(tempfile, "NamedTemporaryFile", OSError(errno.ENOSPC, "No space left on device"))


def fill_disk_nearly(machine: Machine) -> None:
    usage = shutil.disk_usage(machine.folder)._replace(free=3_999_999)
    machine.patch.setattr(shutil, "disk_usage", lambda _: usage)


def give_copy_away(machine: Machine) -> None:
    machine.copy.mkdir()
    real = folders.write_sample

    def write(folder: Path) -> None:
        if folder == machine.copy:
            raise PermissionError(errno.EACCES, "Permission denied")
        real(folder)

    machine.patch.setattr(folders, "write_sample", write)
    machine.patch.setattr(folders, "is_other_users", lambda folder: folder == machine.copy)


def empty_package(machine: Machine) -> None:
    machine.write(machine.other / "tiny_thing" / "__init__.py")
    machine.write(machine.other / "tiny_thing-1.dist-info" / "METADATA", "Name: tiny-thing\nVersion: 1\n")
    machine.patch.syspath_prepend(machine.other)
    machine.patch.setattr(packages, "NEEDED", {"tiny-thing": "tiny_thing"})


def empty_folder_of_package(machine: Machine) -> None:
    empty_package(machine)
    (machine.other / "tiny_thing" / "__init__.py").unlink()


class Fault(NamedTuple):
    """A fault: its name, how to break a machine, and the words of doctor and lab."""

    name: str
    break_machine: Callable[[Machine], object]
    words: str


QUICK_FAULTS = (
    Fault("my_work is a file", lambda m: m.write(m.copy), "my_work is a file, and the course needs a folder"),
    Fault("a part of my_work is a file", lambda m: m.write(m.copy / "exercises"), "exercises is a file, and"),
    Fault("a file of the course's is a folder", lambda m: m.write(m.copy / ".progress.lock" / "x"),
          ".progress.lock cannot be opened (Is a directory): give it another name"),
    Fault("my_work is a link to nowhere", lambda m: m.copy.symlink_to(m.folder / "nowhere"), "is a link to nowhere"),
    Fault("JupyterLab's folder is a file", lambda m: m.write(m.copy / ".jupyter"), ".jupyter is a file, and"),
    Fault("IPython's folder is a file", lambda m: m.write(m.copy / ".jupyter" / "ipython" / "profile_default"),
          "profile_default is a file, and the course"),
    Fault("another user's my_work", give_copy_away, "belongs to another user: sudo chown -R"),
    Fault("read-only", read_only, "cannot be written (Read-only file system): set PKVM_COURSE_HOME to a folder"),
    Fault("full disk", fill_disk, "cannot be written (No space left on device): make room"),
    Fault("nearly full disk", fill_disk_nearly, "has 3 MB free, and your notebooks need 10: make room"),
    Fault("no locks", lambda m: m.fail(progress, "lock_file", OSError(errno.ENOLCK, "No locks available")),
          "has no file locks (No locks available)"),
    Fault("no rights for a lock", lambda m: m.fail(progress, "lock_file", PermissionError(13, "Permission denied")),
          "course cannot be written (Permission denied)"),
    Fault("a module of Python's in the course", lambda m: m.write(m.folder / "random.py"),
          "random.py hides Python's own module random, so the course cannot start: give it another name"),
    Fault("a package of Python's on PYTHONPATH", lambda m: m.search(m.write(m.other / "json" / "__init__.py")),
          "json hides Python's own module json, so the course cannot start"),
    Fault("a colon in the path", lambda m: m.patch.setattr(shadows, "ROOT", Path(f"{m.folder}{os.pathsep}x")),
          "x has a :, which separates paths in PYTHONPATH, so the course cannot start: give the folder another name"),
    Fault("a package's name in the course", lambda m: m.write(m.folder / "anywidget.py"),
          "anywidget.py hides the package anywidget"),
    Fault("a package's name in my_work", lambda m: m.write(m.copy / "ipywidgets.py"),
          "ipywidgets.py hides the package ipywidgets from the notebooks beside it: give it another name"),
    Fault("an old package on PYTHONPATH", lambda m: m.install("ipywidgets", "7.0", "VERSION = 7"),
          "ipywidgets hides the course's ipywidgets 8"),
    Fault("a folder on PYTHONPATH", lambda m: m.search(m.write(m.other / "graphviz.py", "old = 1")),
          "graphviz.py hides the course's graphviz"),
    Fault("no package", lambda m: m.patch.setattr(packages, "NEEDED", {"no-such-thing": "x"}),
          "no-such-thing is not installed"),
    Fault("an emptied package", empty_package, "tiny_thing/__init__.py is empty"),
    Fault("an emptied folder of a package", empty_folder_of_package, "tiny-thing is not whole, its module"),
    Fault("memory", lambda m: m.limit("RLIMIT_AS", 2**28),
          "may be at most 262144 kB here (ulimit -v), and JupyterLab needs 800000: type ulimit -S -v 800000"),
    Fault("memory, for good", lambda m: m.limit("RLIMIT_AS", 2**28, 2**28), "needs 800000: ask the person who"),
    Fault("open files", lambda m: m.limit("RLIMIT_NOFILE", 64, 64), "may be at most 64 here (ulimit -n), and"),
    Fault("size of files", lambda m: m.limit("RLIMIT_FSIZE", 0), "size of a file may be at most 0 kB here"),
    Fault("computing time", lambda m: m.limit("RLIMIT_CPU", 60), "may be at most 60 seconds here (ulimit -t)"),
    Fault("threads", lambda m: m.fail(threading.Thread, "start", RuntimeError("can't start new thread")),
          "you may start no more programs or threads here (ulimit -u), and JupyterLab needs"),
    Fault("no temporary folder", lambda m: m.fail(tempfile, "gettempdir", FileNotFoundError(2, "No usable directory")),
          "no folder for temporary files can be written"),
    Fault("nothing on loopback", lambda m: m.fail(socket, "create_connection", OSError(101, "Network is unreachable")),
          "cannot reach another on this machine at 127.0.0.1 (Network is unreachable): let your firewall"),
    Fault("a firewall", lambda m: m.fail(socket, "create_connection", TimeoutError("timed out")),
          "at 127.0.0.1 (TimeoutError: timed out): let your firewall"),
    Fault("umask", lambda m: m.patch.setattr(os, "umask", lambda _: 0o777), "umask 777 takes your own rights"),
)
"""What `lab` sees before it starts."""


def run_lab() -> str:
    """Run `lab` and return the words in which it ends."""
    with pytest.raises(CourseError) as caught:
        lab.run(argparse.Namespace(port=None, no_browser=True))
    return str(caught.value)


@pytest.fixture
def no_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let lab get no further than to the learner's copy."""
    def make_copy() -> list[str]:
        raise AssertionError("lab goes on")

    monkeypatch.setattr(my_work, "make_copy", make_copy)


def test_a_machine_without_a_fault_misses_nothing(learners_machine: Machine) -> None:
    assert [*diagnosis.list_missing(examination.examine())] == []


@pytest.mark.usefixtures("no_copy")
@pytest.mark.parametrize("fault", QUICK_FAULTS, ids=lambda fault: fault.name)
def test_doctor_names_a_fault_and_lab_ends_in_the_same_words(fault: Fault, learners_machine: Machine) -> None:
    fault.break_machine(learners_machine)
    first = next(diagnosis.list_missing(examination.examine()))
    assert fault.words in first.text
    assert run_lab() == f"{first.text}."
    assert "\n" not in first.text


class Slow(NamedTuple):
    """A fault that only a start shows: the probe that fails, what it says, and the words of doctor and lab."""

    name: str
    faults: dict[str, str]
    words: str


SLOW_FAULTS = (
    Slow("a broken package", {"imports": "the import of zmq fails (ImportError: no _zmq, in zmq/__init__.py)"},
         "the import of zmq fails (ImportError: no _zmq, in zmq/__init__.py): "),
    Slow("a broken server", {"lab": "JupyterLab's page fails (404)", "empty lab": "JupyterLab's page fails (404)"},
         "JupyterLab's page fails (404). If nothing else is missing, please send this line"),
    Slow("a broken state", {"lab": "a kernel fails (it died)"},
         "a kernel fails (it died). JupyterLab works in an empty folder: give "))


@pytest.mark.parametrize("fault", SLOW_FAULTS, ids=lambda fault: fault.name)
def test_a_failed_start_of_lab_ends_in_the_words_of_the_doctor(fault: Slow, learners_machine: Machine,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "try_out", lambda name: try_out.Trial("fine", fault.faults.get(name, "")))
    monkeypatch.setattr(trials, "MY_WORK", learners_machine.folder)
    start_in_vain(RuntimeError("boom"), monkeypatch)
    first = next(diagnosis.list_missing(examination.examine()))
    assert first.text.startswith(fault.words)
    assert run_lab() == f"{first.text}."


@pytest.mark.usefixtures("learners_machine")
@pytest.mark.parametrize("error", [RuntimeError("boom\n\x1b[2J"), SystemExit(1), MemoryError()])
def test_a_failure_that_the_doctor_does_not_know_is_one_line(error: BaseException,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    start_in_vain(error, monkeypatch)
    assert re.fullmatch(r"JupyterLab failed \([\w: \\\[]+\), and doctor finds nothing missing\. Please send .*",
                        run_lab())


def start_in_vain(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let lab get as far as to the import of JupyterLab, which fails."""
    def load(name: str, package: str | None = None) -> ModuleType:
        if name == ".lab_server":
            raise error
        return real(name, package)

    real = importlib.import_module
    monkeypatch.setattr(my_work, "make_copy", list)
    monkeypatch.setattr(lab, "listen", lambda _: [])
    monkeypatch.setattr(lab, "set_variables", lambda *_: None)
    monkeypatch.setattr(importlib, "import_module", load)


@pytest.mark.usefixtures("learners_machine")
@pytest.mark.parametrize("error", [SystemExit(0), KeyboardInterrupt(), CourseError("in words"), BrokenPipeError()])
def test_an_end_that_is_no_failure_stays(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, preflight.explain_failures():
        raise error
    assert caught.value is error


def test_a_module_of_the_learners_is_named_if_a_cell_fails(learners_machine: Machine,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    shadow = learners_machine.write(learners_machine.copy / "fractions.py")
    monkeypatch.setattr(trials, "MY_WORK", learners_machine.copy)
    monkeypatch.setattr(trials, "NOTEBOOK_FOLDERS", (learners_machine.copy,))
    monkeypatch.setattr(trials, "try_out", lambda name: try_out.Trial(fault="a cell fails" if name == "lab" else ""))
    assert trials.check_lab().text == (f"a cell fails: {shadow} hides Python's own module fractions, give it another "
                                       "name")


def test_a_broken_package_is_named_with_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "psygnal" / "__init__.py"
    broken.parent.mkdir()
    broken.write_text("raise ValueError('half\\nupdated')")
    # In an environment of ours no PYTHONPATH reaches a probe: hand it one.
    variables = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    monkeypatch.setattr(try_out, "build_variables", lambda python: variables)
    assert trials.check_imports().text.startswith(
        f"the import of anywidget fails (ValueError: half updated, in {broken}): ")


STEP = '{"doctor-step": "a kernel"}\n'


@pytest.mark.parametrize(("status", "output", "errors", "fault"), [
    (0, f'{STEP}\n{{"doctor-fault": "InvalidStateError"}}', "  x\nOSError: no folder\n", "fails (OSError: no folder)"),
    (0, f'{STEP}noise\n[]\n{{"doctor-fault": "it\\n died"}}', "[W] no\n", "fails (it died)"),
    (-11, STEP, "", "ended Python (SIGSEGV)"),
    (-77, STEP, "", "ended Python (signal 77)"),
    (3, STEP, "nothing to see", "ended Python (exit status 3)")])
def test_a_probe_that_fails_or_dies_is_one_line(status: int, output: str, errors: str, fault: str) -> None:
    process = subprocess.CompletedProcess([], status, output, errors)
    assert try_out.read_result(process) == try_out.Trial(fault=f"a kernel {fault}")


class Ended(NamedTuple):
    """A probe that the machine ended: what `subprocess.run` returns or raises, the fault, and the cure."""

    end: subprocess.CompletedProcess[str] | Exception
    fault: str
    cure: str


@pytest.mark.parametrize("check", [trials.check_imports, trials.check_pictures, trials.check_lab])
@pytest.mark.parametrize(("end", "fault", "cure"), [
    Ended(subprocess.CompletedProcess([], -9, STEP, ""), "a kernel ended Python (SIGKILL, as where memory is short)",
          "close other programs, or give the machine or container more memory, then run doctor again"),
    Ended(subprocess.CompletedProcess([], 1, STEP, "a\nMemoryError\n"), "a kernel ended Python (MemoryError)",
          "close other programs, or give the machine or container more memory, then run doctor again"),
    Ended(subprocess.CompletedProcess([], -24, STEP, ""), "a kernel ended Python (SIGXCPU, a limit on computing)",
          "raise the limit on computing time (ulimit -t), then run doctor again"),
    Ended(subprocess.TimeoutExpired("", 180, STEP.encode()), "a kernel was not done after 180 seconds",
          "close other programs, then run doctor again; if this stays, this machine is too slow"),
    Ended(subprocess.CompletedProcess([], 1, STEP, "OSError: [Errno 12] Cannot allocate memory"),
          "a kernel ended Python (OSError: [Errno 12] Cannot allocate memory)",
          "close other programs, or give the machine or container more memory, then run doctor again"),
    Ended(BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"),
          "a second Python cannot be started (Resource temporarily unavailable)",
          "close other programs, or give the machine or container more memory, then run doctor again")])
def test_what_the_machine_is_to_blame_for_is_not_cured_by_a_new_environment(
        check: diagnosis.Check, end: subprocess.CompletedProcess[str] | Exception, fault: str, cure: str,
        monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        if isinstance(end, Exception):
            raise end
        return end

    monkeypatch.setattr(subprocess, "run", run)
    assert check().text.endswith(f"{fault}: {cure}")


@pytest.mark.parametrize("words", ["ImportError: no _zmq", "SIGSEGV", "exit status 1", "No such file or directory"])
def test_what_may_be_due_to_a_package_gets_no_cure_of_the_machines(words: str) -> None:
    assert try_out.find_cure(words) == ""


def test_a_probe_that_cannot_start_or_never_ends_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object, **__: object) -> None:
        raise next(errors)

    monkeypatch.setattr(subprocess, "run", run)
    errors = iter([BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"),
                   subprocess.TimeoutExpired("", 180, STEP.encode())])
    assert try_out.try_out("lab").fault == "a second Python cannot be started (Resource temporarily unavailable)"
    assert try_out.try_out("lab").fault == "a kernel was not done after 180 seconds"


@pytest.mark.parametrize(("damage", "fault"), [
    (lambda file: file.write_text("x"), "has 1 bytes, and had 5"),
    (lambda file: file.unlink(), "cannot be read (No such file or directory)")])
def test_a_damaged_file_of_a_package_is_named(damage: Callable[[Path], object], fault: str, tmp_path: Path,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    info, module = tmp_path / "tiny_thing-1.dist-info", tmp_path / "tiny_thing.py"
    info.mkdir()
    (info / "METADATA").write_text("Name: tiny-thing\nVersion: 1\n")
    (info / "RECORD").write_text("tiny_thing.py,sha256=0,5\n../../bin/tiny,sha256=0,7\ntiny.pyc,,\n")
    module.write_text("x = 1")
    monkeypatch.setattr(lock, "list_pins", lambda *_: [("tiny-thing", "1")])
    monkeypatch.syspath_prepend(tmp_path)
    assert packages.check_files().status == "ok"
    damage(module)
    assert packages.check_files().text.startswith(f"tiny-thing is not whole: {module} {fault}: ")


def test_what_can_be_worked_with_is_a_note(learners_machine: Machine, monkeypatch: pytest.MonkeyPatch,
                                           tmp_path: Path) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    monkeypatch.setattr(time, "time", lambda: 0)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [(0, 0, 0, "", ("10.0.0.1", 0))])
    monkeypatch.setattr(limits, "find_memory", lambda: 10**8)
    learners_machine.fail(sqlite3, "connect", sqlite3.OperationalError("database is locked"))
    checks = (machine.check_temporary, machine.check_clock, machine.check_localhost, limits.check_memory,
              folders.check_database)
    notes = [examination.try_check(check) for check in checks]
    assert [note.status for note in notes] == ["note"] * 5
    assert "10.0.0.1" in notes[2].text


def test_the_users_own_configuration_of_jupyter_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "jupyter_server_config.json").write_text("{")
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    assert folders.check_settings().text.startswith(
        f"Your own Jupyter configuration does not apply here: {tmp_path}/jupyter_server_config.json")


def test_a_check_that_fails_itself_is_a_note_of_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def check_things() -> diagnosis.Diagnosis:
        raise ValueError("one\ntwo\x1b[31m\r")

    assert examination.report([examination.try_check(check_things)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == (
        "note    things         could not be checked (ValueError: one two\\x1b[31m)")


def test_the_report_ends_with_what_to_do_and_where_to_send_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    missing = diagnosis.Diagnosis("missing", "folder", f"it cannot be written: {folders.ELSEWHERE}")
    assert examination.report([missing]) == 1
    _, what_next, setting, send, line = capsys.readouterr().out.splitlines()
    assert setting.startswith("To set PKVM_COURSE_HOME, type export PKVM_COURSE_HOME=/path/to/folder (in PowerShell: ")
    assert what_next == ('You cannot work yet. Each line that begins with "missing" says what to do: do that for the '
                         "first one, then run doctor again.")
    assert send.startswith("To get help, send your teacher, or those who gave you the course, this line")
    assert line.startswith("pkvm-course ")


def test_how_to_set_the_variable_is_said_only_where_it_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert examination.report([diagnosis.Diagnosis("ok", "folder", "it is PKVM_COURSE_HOME")]) == 0
    assert "export" not in capsys.readouterr().out


@pytest.mark.parametrize(("version", "status", "words"), [
    (4, "ok", "the kernel keeps answers from changing your files (Landlock 4)"),
    (0, "note", "this system has no Landlock, so only a list of what answers may not do keeps them from your files: ")])
def test_whether_the_kernel_fences_answers_in_is_said(version: int, status: str, words: str, learners_machine: Machine,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fence, "find_landlock", lambda: version)
    (said,) = [each for each in examination.examine() if each.subject == "fence"]
    assert (said.status, said.text[:len(words)]) == (status, words)


def test_a_folder_that_macos_protects_says_where_to_allow_it() -> None:
    refused, home = PermissionError(errno.EPERM, "Operation not permitted"), Path("/", "Users", "me")
    said = folders.explain_write_error(home / "Documents" / "course", refused)
    assert said.startswith(f"{home}/Documents/course cannot be written (Operation not permitted): macOS keeps this")
    assert "System Settings, Privacy & Security, Files & Folders" in said
    assert "macOS" not in folders.explain_write_error(home / "Documentation", refused)


def test_a_shadow_in_the_course_is_named_before_anything_fails(checkout: Checkout) -> None:
    (checkout.folder / "random.py").write_text("mine = 1")
    words = "random.py hides Python's own module random, so the course cannot start: give it another name"
    doctor, lab_run = checkout.run("doctor"), checkout.run("lab", "--no-browser")
    assert f"missing file names     {checkout.folder}/{words}\n" in doctor.stdout
    assert (lab_run.returncode, lab_run.stderr) == (1, f"course.py: {checkout.folder}/{words}.\n")


def test_a_shadow_in_the_folder_of_the_shell_does_no_harm(checkout: Checkout) -> None:
    elsewhere = checkout.folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "random.py").write_text("mine = 1")
    done = subprocess.run([sys.executable, checkout.folder / "course.py", "start"], cwd=elsewhere,
                          env=checkout.variables(), capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stderr) == (0, "")
