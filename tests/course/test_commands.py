"""The command line: its commands, their errors, and what lab and doctor print."""
from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pkvm_model.course import cli, doctor
from pkvm_model.course.dev import run_tests
from pkvm_model.course.doctor import packages, trials
from pkvm_model.course.doctor.try_out import Trial
from pkvm_model.course.paths import ROOT, WORKPLACE
from pkvm_model.course.setup import install, process
from pkvm_model.course.setup.environment import COURSE, DEVELOP, Environment
from pkvm_model.course.setup.others import NEEDED
from pkvm_model.course.setup.signed_line import is_intact
from pkvm_model.typed import quote
from tests.course.conftest import Checkout

COMMANDS = "lab test doctor kernel build site kit bench bundle start update progress reset handin import"
CACHE = f"--override-ini=cache_dir={WORKPLACE / '.pytest_cache'}"
"""Where pytest keeps what it remembers: beside the environments, since the checkout may be read-only."""


@pytest.mark.parametrize("name", COMMANDS.split())
def test_every_command_has_a_module_that_runs_it(name: str) -> None:
    arguments = cli.parse([name, "x"] if name in ("reset", "import") else [name])
    assert arguments.command == name
    assert importlib.import_module(f"pkvm_model.course.{cli.COMMANDS[name].module}").run


def test_learners_commands_never_ask_for_the_developers_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    handed: dict[str, Path] = {}
    monkeypatch.setattr(install, "ensure_python", lambda environment: environment.python)
    monkeypatch.setattr(process, "hand_over", lambda python, words: handed.update({words[-1]: python}) or 0)
    for name in ("lab", "start", "progress", "handin", "bundle", "kit", "test", "build", "site", "bench"):
        assert cli.run_outside([name]) == 0
    assert {name for name, python in handed.items() if python == DEVELOP.python} == {"test", "build", "site", "bench"}
    assert set(handed.values()) == {COURSE.python, DEVELOP.python}
    assert cli.run_outside(["test", "notebooks"]) == 0
    assert handed["notebooks"] == COURSE.python
    assert cli.run_outside(["site", "--without-python"]) == 0
    assert handed["--without-python"] == COURSE.python


def test_a_full_disk_is_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(environment: Environment) -> Path:
        raise OSError(28, "No space left on device", "course.stamp")

    monkeypatch.setattr(install, "ensure_python", full)
    assert cli.run_outside(["start"]) == 1
    assert capsys.readouterr().err == "course.py: No space left on device: course.stamp\n"


@pytest.mark.parametrize("typed", [[], ["--help"]])
def test_help_lists_every_command(typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.run_outside(typed)
    offered = capsys.readouterr().out.split()
    assert {"lab", "start", "update", "progress", "reset", "handin", "import", "test", "doctor"} <= set(offered)


@pytest.fixture
def pytest_call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Return the folder and the arguments that pytest is called with."""
    call: list[str] = []
    monkeypatch.chdir(tmp_path)
    def main(arguments: list[str]) -> int:
        call.extend([str(Path.cwd()), *arguments])
        return 0

    monkeypatch.setattr(pytest, "main", main)
    return call


def test_one_pytest_runs_notebooks_and_tests(pytest_call: list[str]) -> None:
    assert cli.run_inside(["test"]) == 0
    assert pytest_call[:-6] == [str(ROOT), *run_tests.DISTRIBUTION, CACHE]
    assert pytest_call[-6:] == ["--nbval", "notebooks", "docs", "tests", "--ignore=tests/doors", "--ignore=tests/hub"]


def test_what_follows_two_dashes_goes_to_pytest(pytest_call: list[str]) -> None:
    cli.run_inside(["test", "browser", "--", "-x", "--lf"])
    assert pytest_call[-3:] == ["tests/browser", "-x", "--lf"]


def test_notebooks_are_tested_in_a_learners_environment_too(pytest_call: list[str],
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert cli.run_inside(["test", "notebooks"]) == 0
    assert pytest_call == [str(ROOT), CACHE, "--nbval", "notebooks", "docs"]


def test_only_test_accepts_two_dashes(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run_inside(["build", "--", "-x"]) == 1
    assert capsys.readouterr().err == "course.py: build takes nothing after --.\n"


@pytest.mark.parametrize("port", ["0", "65536", "-1", "eighty"])
def test_invalid_ports_are_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.parse(["lab", f"--port={port}"])
    assert f"{port} is not a port number" in capsys.readouterr().err


@pytest.fixture(scope="module")
def doctors_report() -> list[str]:
    """Return the lines of the doctor's report on this environment; shared, since it starts a JupyterLab."""
    report = subprocess.run([sys.executable, "-m", "pkvm_model.course", "doctor"], capture_output=True, text=True,
                            check=False)
    assert (report.returncode, report.stderr) == (0, ""), report.stdout
    return report.stdout.splitlines()


def test_doctor_finds_nothing_missing_in_a_working_environment(doctors_report: list[str]) -> None:
    assert not [line for line in doctors_report if line.startswith("missing")]
    subjects = ["Python", "folder", *NEEDED, "imports", "pictures", "lab"]
    assert not [subject for subject in subjects if not any(line.split()[:2] == ["ok", subject]
                                                           for line in doctors_report)]


def test_doctor_names_what_is_missing_and_the_cure(capsys: pytest.CaptureFixture[str],
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "try_out", lambda _: Trial("fine"))
    monkeypatch.setattr(packages, "NEEDED", {"no-such-thing": "no_such_thing"})
    assert cli.run_inside(["doctor"]) == 1
    output = capsys.readouterr().out
    assert "missing no-such-thing  no-such-thing is not installed: " in output


def test_doctor_works_without_an_environment(checkout: Checkout) -> None:
    checkout.lock_tiny_thing()
    done = checkout.run("doctor")
    assert (done.returncode, done.stderr) == (1, "")
    assert f"missing environment    .venv is missing: {quote(sys.executable)} course.py lab makes it" in done.stdout
    assert not checkout.venv.exists()


def test_doctor_ends_with_a_line_that_names_no_path(doctors_report: list[str]) -> None:
    line = doctors_report[-1]
    assert re.fullmatch(r"pkvm-course [\d.]+ \| \w+ 3\.\d+ on \S+ \| jupyterlab \d\S+ \| ok \d+ \| note [^/\\]+ "
                        r"\| missing nothing \| code [0-9a-f]{6}", line)
    assert is_intact(f"  {line.replace(' | ', '  |  ')}\n")


def test_a_line_that_lost_or_changed_a_part_is_not_intact() -> None:
    line = doctor.format_line([doctor.Diagnosis("ok", "Python", "3.11"), doctor.Diagnosis("missing", "nbval", "none")])
    assert is_intact(line)
    assert "missing nbval" in line
    for broken in (line[:-1], line[3:], line.replace("missing nbval", "missing nothing"), "", "| code"):
        assert not is_intact(broken)


def test_a_closed_pipe_causes_no_complaint() -> None:
    command = [sys.executable, "-m", "pkvm_model.course", "progress"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as listed:
        assert listed.stdout
        assert listed.stderr
        listed.stdout.close()
        assert (listed.stderr.read(), listed.wait()) == (b"", 0)
