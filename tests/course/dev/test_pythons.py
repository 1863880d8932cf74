"""`test --python` finds the Pythons of a machine, runs the tests under each, and hides no version that failed."""
from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from pkvm_model.course import cli
from pkvm_model.course.dev import pythons
from pkvm_model.course.paths import HOME_VARIABLE

PASSES = '<testsuites><testsuite tests="5" failures="0" errors="0" skipped="1"/></testsuites>'
NOTHING = '<testsuites><testsuite tests="0" failures="0" errors="0" skipped="0"/></testsuites>'
FAILS = '<testsuites><testsuite tests="5" failures="1" errors="1" skipped="0"/></testsuites>'


class Machine:
    """A folder with made-up Pythons, which write down how they are called and report what they are told to."""

    def __init__(self, folder: Path) -> None:
        """Begin with none."""
        self.folder, self.log = folder, folder / "log.jsonl"

    def add(self, path: str, version: str, report: str = PASSES, kind: str = "cpython") -> Path:
        """Put a Python there whose tests end with this report; with '' its environment cannot be made."""
        described = json.dumps({"python_full_version": version, "implementation_name": kind})
        program = self.folder / path
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"""#!{sys.executable}
import json, os, sys
if sys.argv[1] == "-I":
    sys.exit(print({described!r}))
with open({str(self.log)!r}, "a") as log:
    print(json.dumps([{version!r}, os.environ[{HOME_VARIABLE!r}], *sys.argv[1:]]), file=log)
report = sys.argv[sys.argv.index("--") + 1].removeprefix("--junitxml=")
if {report!r}:
    open(report, "w").write({report!r})
sys.exit({0 if report == PASSES else 1})
""")
        program.chmod(0o755)
        return program

    def read_log(self) -> list[list[str]]:
        """Return the calls that ran tests: version, folder of the environment, arguments."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Return a machine on which this Python is an old one that does not count."""
    machine = Machine(tmp_path)
    monkeypatch.setattr(sys, "_base_executable", str(machine.add("usr/python3.9", "3.9.1")))
    monkeypatch.setattr(pythons, "PLACES", ((tmp_path / "pyenv", "*/bin/python"),))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    return machine


def test_pythons_are_found_on_path_and_where_pyenv_puts_them(machine: Machine) -> None:
    machine.add("bin/python3.12", "3.12.4")
    machine.add("pyenv/3.13.0/bin/python", "3.13.0")
    machine.add("pyenv/3.14.1/bin/python", "3.14.1")
    assert [python.version for python in pythons.choose_pythons([])] == ["3.12.4", "3.13.0", "3.14.1"]


def test_of_each_minor_version_the_newest_counts(machine: Machine) -> None:
    for version in ("3.13.9", "3.13.10", "3.13.2"):
        machine.add(f"pyenv/{version}/bin/python", version)
    assert [python.version for python in pythons.choose_pythons([])] == ["3.13.10"]


def test_pythons_that_are_too_old_of_another_kind_or_do_not_start_are_not_used(machine: Machine) -> None:
    machine.add("bin/python3.10", "3.10.3")
    machine.add("pyenv/pypy/bin/python", "3.11.13", kind="pypy")
    (machine.folder / "bin" / "python3.12").write_text("#!/no/such/program\n")
    (machine.folder / "bin" / "python3.12").chmod(0o755)
    assert pythons.choose_pythons([]) == []


def test_tests_run_under_each_in_an_environment_of_its_own_and_a_table_ends_it(
        machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.add("bin/python3.12", "3.12.4")
    machine.add("bin/python3.13", "3.13.1")
    assert cli.run_inside(["test", "model", "--python", "--", "-x"]) == 0
    calls = machine.read_log()
    assert [(call[0], call[-1]) for call in calls] == [("3.12.4", "-x"), ("3.13.1", "-x")]
    assert all(call[3:5] == ["test", "model"] for call in calls)
    assert [Path(call[1]).name for call in calls] == ["3.12", "3.13"]
    *_, first, second = capsys.readouterr().out.splitlines()
    assert first.split()[:4] == ["3.12.4", "4", "0", "1"]
    assert second.split()[:4] == ["3.13.1", "4", "0", "1"]


@pytest.mark.parametrize(("report", "row"), [(FAILS, ["3", "2", "0"]), ("", ["0", "0", "0"]),
                                               (NOTHING, ["0", "0", "0"])])
def test_one_version_that_fails_or_has_no_environment_fails_all_and_is_named(
        machine: Machine, capsys: pytest.CaptureFixture[str], report: str, row: list[str]) -> None:
    machine.add("bin/python3.12", "3.12.4", report)
    machine.add("bin/python3.13", "3.13.1")
    assert cli.run_inside(["test", "--python"]) == 1
    *_, first, second = capsys.readouterr().out.splitlines()
    assert first.split()[:4] == ["3.12.4", *row]
    assert ("no tests ran (exit 1)" in first) == (report != FAILS)
    assert second.split()[:4] == ["3.13.1", "4", "0", "1"]


def test_only_the_named_pythons_are_used(machine: Machine) -> None:
    machine.add("bin/python3.12", "3.12.4")
    machine.add("bin/python3.13", "3.13.1")
    elsewhere = machine.add("elsewhere/my-python", "3.13.7")
    assert cli.run_inside(["test", "--python", "3.12", str(elsewhere)]) == 0
    assert [call[0] for call in machine.read_log()] == ["3.12.4", "3.13.7"]


def test_a_python_that_is_not_there_is_an_error_with_a_list_of_those_that_are(
        machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.add("bin/python3.12", "3.12.4")
    for name in ("3.15", f"no{os.sep}such", "notebooks"):
        assert cli.run_inside(["test", "--python", name]) != 0
        assert f"there is no Python {name} here that the course can use; there are 3.12." in capsys.readouterr().err


def test_nbgrader_is_tried_under_one_python_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run_inside(["test", "--nbgrader", "--python"]) != 0
    assert "takes no part and no --python" in capsys.readouterr().err
