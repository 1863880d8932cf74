"""The environments and the learner's copy are in a folder of the user's own, and messages name it."""
from __future__ import annotations

import os
from pathlib import Path

import pytest

from pkvm_model.course import paths
from pkvm_model.place import HUB_VARIABLE, choose_workplace


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home of this test's own."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a checkout with nothing but course.py."""
    (tmp_path / "course.py").touch()
    return tmp_path


def be_user(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: number)


def test_a_checkout_of_ours_is_the_workplace(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    be_user(root.stat().st_uid, monkeypatch)
    assert choose_workplace(root) == root


def test_another_users_checkout_is_not_the_workplace(root: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    be_user(root.stat().st_uid + 1, monkeypatch)
    assert choose_workplace(root) == home / "pkvm-course"


def test_on_a_hub_a_checkout_is_the_workplace_only_in_the_home(root: Path, home: Path,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    be_user(root.stat().st_uid, monkeypatch)
    monkeypatch.setenv(HUB_VARIABLE, "ada")
    assert choose_workplace(root) == home / "pkvm-course"
    monkeypatch.setenv("HOME", str(root))
    assert choose_workplace(root) == root


def test_an_installed_course_is_not_the_workplace(tmp_path: Path, home: Path) -> None:
    assert choose_workplace(tmp_path) == home / "pkvm-course"


@pytest.mark.parametrize(("named", "place"), [("/elsewhere", "/elsewhere"), ("~/here", "{home}/here"),
                                              ("here", "{cwd}/here"), (" ", "{root}")])
def test_the_variable_names_the_workplace(named: str, place: str, root: Path, home: Path,
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    be_user(root.stat().st_uid, monkeypatch)
    monkeypatch.setenv(paths.HOME_VARIABLE, named)
    assert str(choose_workplace(root)) == place.format(home=home, cwd=Path.cwd(), root=root)


def test_without_a_home_the_checkout_is_the_workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", fail)
    assert choose_workplace(tmp_path) == tmp_path


def test_the_readme_and_the_doctor_set_the_variable_in_the_same_way() -> None:
    readme = (paths.ROOT / "README.md").read_text(encoding="utf-8")
    for example in paths.EXAMPLES:
        assert f"\n{example}  " in readme
        assert f"type {example} " in paths.explain_setting() or f"(in PowerShell: {example})" in paths.explain_setting()


def test_paths_are_short_in_the_checkout_only() -> None:
    assert paths.shorten_path(paths.ROOT / ".venv") == ".venv"
    assert paths.shorten_path(Path("/elsewhere/.venv")) == "/elsewhere/.venv"
