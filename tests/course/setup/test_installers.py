"""pip fetches a lock's packages side by side and installs them from there; it does not stay in the environment."""
from __future__ import annotations

import re
import sys
import threading
from pathlib import Path

import pytest

from pkvm_model.course.errors import CourseError
from pkvm_model.course.setup import installers
from pkvm_model.course.setup.environment import Environment
from tests.patience import PATIENCE

LOCK = "".join(f"thing-{number}==1.0 ; os_name == 'posix' \\\n    --hash=sha256:{number}\n" for number in range(7))
WHEEL = installers.find_pip_wheel()


class Installer:
    """Stands in for the programs that are run: keeps their words, and the parts of the lock that they fetch."""

    def __init__(self, together: int) -> None:
        """Let a download wait until so many of them run."""
        self.commands: list[list[str]] = []
        self.fetched: list[str] = []
        self.all_run = threading.Barrier(together)

    def __call__(self, command: installers.PipCommand) -> None:
        """Do nothing but remember; a download that waits for others in vain fails."""
        self.commands.append([str(word) for word in command])
        if "download" in command:
            self.fetched.append(Path(command[-1]).read_text())
            self.all_run.wait(timeout=PATIENCE)


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """Return an environment that nobody has made, and its lock."""
    (tmp_path / "learn.lock").write_text(LOCK)
    return Environment(tmp_path / ".venv", tmp_path / "learn.lock")


def test_packages_are_fetched_side_by_side_and_every_entry_once(environment: Environment,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installers, "run_quietly", run := Installer(installers.PIPS))
    installers.install_with_pip(environment)
    entries = [entry for part in run.fetched for entry in re.split(r"\n(?=\S)", part)]
    assert len(run.fetched) == installers.PIPS
    assert sorted(entries) == re.split(r"\n(?=\S)", LOCK.strip())
    install = run.commands[-1]
    assert {"install", "--no-deps", "--require-hashes", "--no-index", str(environment.lock)} <= set(install)
    assert all(install[install.index("--find-links") + 1] in command for command in run.commands[1:-1])


def test_pip_comes_from_pythons_wheel_and_stays_outside(environment: Environment,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    assert WHEEL is not None
    monkeypatch.setattr(installers, "run_quietly", run := Installer(installers.PIPS))
    installers.install_with_pip(environment)
    assert "--without-pip" in run.commands[0]
    assert not any("-m" in command for command in run.commands[1:])


def test_without_that_wheel_the_environment_gets_its_own_pip(environment: Environment,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installers, "find_pip_wheel", lambda: None)
    monkeypatch.setattr(installers, "run_quietly", run := Installer(installers.PIPS))
    installers.install_with_pip(environment)
    assert "--without-pip" not in run.commands[0]
    assert all(command[1:4] == ["-I", "-m", "pip"] for command in run.commands[1:])


def test_an_installer_that_the_system_kills_lacks_memory() -> None:
    dies = "import os; print('Collecting', flush=True); os.kill(os.getpid(), 9)"
    with pytest.raises(CourseError, match="there is not enough memory, or a limit"):
        installers.run_quietly([sys.executable, "-c", dies])


def test_one_download_that_fails_is_the_failure(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(command: installers.PipCommand) -> None:
        if "download" in command and "thing-2" in Path(command[-1]).read_text():
            raise CourseError("thing-2 is not there.")

    monkeypatch.setattr(installers, "run_quietly", refuse)
    with pytest.raises(CourseError, match="thing-2 is not there"):
        installers.install_with_pip(environment)
