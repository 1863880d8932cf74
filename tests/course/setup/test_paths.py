"""The environments and the learner's copy are in a folder of the user's own, and messages name it."""
from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pkvm_model import typed
from pkvm_model.course import paths
from pkvm_model.place import HUB_VARIABLE, choose_workplace, name_command


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


@pytest.fixture
def typed_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget how this process was started, and start it as python3 does."""
    for name in (typed.HOME_VARIABLE, typed.COMMAND_VARIABLE):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr(sys, "orig_argv", ["python3"])


@pytest.mark.usefixtures("typed_words")
@pytest.mark.parametrize(("words", "rest", "home"), [
    ("start", "start", ""), ("--home here start", "start", "here"), ("start --home here", "start", "here"),
    ("reset --home=here x", "reset x", "here"), ("start --home", "start --home", ""),
    ("test -- --home here", "test -- --home here", ""), ("--home ~/a start", "start", "~/a")])
def test_the_option_names_the_workplace_wherever_it_stands(words: str, rest: str, home: str) -> None:
    assert typed.adopt(words.split(), "course.py") == rest.split()
    place = str(Path(home).expanduser().absolute()) if home else ""
    assert os.environ.get(typed.HOME_VARIABLE, "") == place
    assert name_command("update") == f"python3 course.py {f'--home {place} ' if home else ''}update"


@pytest.mark.usefixtures("typed_words")
def test_a_command_is_named_as_the_first_one_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert name_command("update") == "python3 course.py update"
    typed.adopt(["lab"], "../course.py")
    typed.adopt(["lab"], "-m pkvm_model.course")  # what the first one has started
    assert name_command("update") == "python3 ../course.py update"
    monkeypatch.delenv(typed.COMMAND_VARIABLE)
    typed.adopt(["lab"], "-m pkvm_model.course")
    assert name_command("update") == "python3 -m pkvm_model.course update"


@pytest.mark.usefixtures("typed_words")
def test_on_a_hub_a_notebook_names_the_python_that_has_the_course(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HUB_VARIABLE, "ada")
    monkeypatch.setattr(sys, "orig_argv", ["/opt/our tools/python", "-m", "ipykernel_launcher"])
    assert name_command("handin") == "'/opt/our tools/python' -m pkvm_model.course handin"
    python = Path(sys.executable)
    monkeypatch.setattr(sys, "orig_argv", [str(python.with_name("python3"))])
    monkeypatch.setenv("PATH", str(python.parent))
    assert name_command("handin") == "python3 -m pkvm_model.course handin"


def test_paths_are_short_in_the_checkout_only() -> None:
    assert paths.shorten_path(paths.ROOT / ".venv") == ".venv"
    assert paths.shorten_path(Path("/elsewhere/.venv")) == "/elsewhere/.venv"
