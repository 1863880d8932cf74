"""A bundle has the course and its wheels, installs from them alone, and refuses another kind of machine."""
from __future__ import annotations

import argparse
import os
import subprocess
from pathlib import Path

import pytest

from pkvm_model.course.errors import CourseError
from pkvm_model.course.publish import bundle
from pkvm_model.course.setup import causes, installers, wheels
from pkvm_model.course.setup.environment import COURSE
from tests.course.conftest import Checkout
from tests.course.setup.test_environment import assert_one_line


def make(target: Path) -> int:
    return bundle.run(argparse.Namespace(output=str(target)))


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Replace the installers, and return the list of their commands."""
    commands: list[list[str]] = []

    def instead(command: list[str | Path]) -> None:
        commands.append([str(part) for part in command])
        if "-d" in command:
            folder = Path(command[command.index("-d") + 1])
            folder.mkdir()
            (folder / "tiny_thing-1.0-py3-none-any.whl").write_bytes(b"wheel")

    monkeypatch.setattr(installers, "run_quietly", instead)
    return commands


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make git name two files, even if the course is not a checkout."""
    output = {"ls-files": "course.py\0pkvm_model/course/cli.py\0", "describe": "abc123\n"}
    monkeypatch.setattr(bundle, "run_git", lambda *arguments: output[arguments[0]])


@pytest.mark.usefixtures("listed")
def test_a_bundle_has_the_files_of_the_course_its_wheels_and_a_note(tmp_path: Path, commands: list[list[str]],
                                                                    capsys: pytest.CaptureFixture[str]) -> None:
    assert make(tmp_path / "made") == 0
    names = {path.relative_to(tmp_path / "made").as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    files = {"wheels/made-for.txt", "wheels/tiny_thing-1.0-py3-none-any.whl"}
    assert names == {"course.py", "pkvm_model/course/cli.py", "README-FIRST.txt", *files}
    assert {"download", "--require-hashes", str(COURSE.lock)} <= set(commands[-1])
    output, note = capsys.readouterr().out, (tmp_path / "made" / "README-FIRST.txt").read_text()
    assert wheels.describe_machine() in output
    assert "1 wheels are 0.0 MB" in output
    assert wheels.describe_machine() in note
    assert "abc123" in note


@pytest.mark.usefixtures("listed", "commands")
def test_a_bundle_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(CourseError, match="already exists"):
        make(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.usefixtures("listed")
def test_a_failed_bundle_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(command: object) -> None:
        raise CourseError("no network")

    monkeypatch.setattr(installers, "run_quietly", offline)
    with pytest.raises(CourseError):
        make(tmp_path / "made")
    assert list(tmp_path.iterdir()) == []


def test_without_git_a_bundle_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "ROOT", tmp_path)
    with pytest.raises(CourseError, match="needs git and a git checkout"):
        make(tmp_path / "made")


def test_git_refuses_another_users_checkout_and_says_how_to_allow_it(tmp_path: Path,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    monkeypatch.setattr(bundle, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    with pytest.raises(CourseError, match=r"git refuses: detected dubious ownership .* run: git config --global --add "
                       r"safe\.directory .*test_git_refuses"):
        make(tmp_path / "made")


def test_git_without_a_reason_is_still_one_line() -> None:
    assert bundle.explain_refusal("") == "git refuses: no reason given."


@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_in_a_bundle_both_installers_use_only_its_wheels(tool: str, monkeypatch: pytest.MonkeyPatch,
                                                           commands: list[list[str]]) -> None:
    monkeypatch.setattr(wheels, "is_bundle", lambda: True)
    {"uv": installers.install_with_uv, "pip": installers.install_with_pip}[tool](COURSE)
    at = commands[-1].index("--no-index")
    assert commands[-1][at + 1 : at + 3] == ["--find-links", str(wheels.WHEELS)]


def as_bundle(checkout: Checkout, machine: str) -> subprocess.CompletedProcess[str]:
    """Start a checkout as a bundle for this kind of machine, with an index that does not answer."""
    checkout.lock_tiny_thing()
    (checkout.wheels / "made-for.txt").write_text(f"{machine}\n")
    closed = {"PIP_NO_INDEX": "", "PIP_FIND_LINKS": "", "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0"}
    return checkout.run("start", **closed)


def test_a_bundle_installs_from_its_wheels_without_an_index(checkout: Checkout) -> None:
    done = as_bundle(checkout, wheels.describe_machine())
    assert (done.returncode, done.stderr) == (0, "")
    assert list(checkout.venv.glob("lib/*/site-packages/tiny_thing.py"))


def test_on_another_kind_of_machine_a_bundle_changes_nothing(checkout: Checkout) -> None:
    done = as_bundle(checkout, "cpython 3.99 on amiga")
    assert_one_line(done, "this bundle is for cpython 3.99 on amiga", "Start it with that Python")
    assert not checkout.venv.exists()


def test_a_bundle_says_that_it_has_no_packages_for_tests(checkout: Checkout) -> None:
    checkout.lock_tiny_thing()
    (checkout.wheels / "made-for.txt").write_text(wheels.describe_machine())
    assert_one_line(checkout.run("test"), "only what learners need", "develop.lock", "in the course itself")
    assert not checkout.venv.exists()


def test_a_full_disk_is_not_blamed_on_the_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheels, "is_bundle", lambda: True)
    assert causes.explain_failure("OSError: [Errno 28] No space left on device").startswith("a disk is full")


def test_a_lost_wheel_is_not_blamed_on_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheels, "is_bundle", lambda: True)
    assert causes.explain_failure("ERROR: No matching distribution found for tiny-thing==1.0\n") == (
        "the wheels of this bundle could not be installed. Copy the whole bundle again. "
        "(ERROR: No matching distribution found for tiny-thing==1.0)")
