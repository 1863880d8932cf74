"""A new environment is made beside the old one and swapped in when it is whole; nothing of anybody's is lost."""
from __future__ import annotations

import errno
import os
import re
import shutil
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from pkvm_model.course.doctor import examination, folders
from pkvm_model.course.errors import CourseError
from pkvm_model.course.setup import install, lock, place, turn
from pkvm_model.course.setup.environment import COURSE, ROOM, Environment, find_fault
from pkvm_model.practice import progress
from tests.course.setup.fakes import ask_nobody, fail, make_tiny, run_script, use_installer


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """Return an environment that is not there yet, and lock and installer for it."""
    use_installer(monkeypatch, make_tiny)
    for module in (install, sys.modules[find_fault.__module__]):
        monkeypatch.setattr(module, "ask_interpreter", ask_nobody)
    (tmp_path / "tiny.lock").write_text("tiny-thing==1.0 \\\n")
    return Environment(tmp_path / ".venv", tmp_path / "tiny.lock")


@pytest.fixture
def old(environment: Environment) -> Environment:
    """Return an environment that was made from another lock, with a file that shows which one it is."""
    install.ensure_environment(environment)
    (environment.venv / "old").touch()
    environment.lock.write_text("tiny-thing==1.0 \\\n# another\n")
    return environment


def list_names(environment: Environment) -> set[str]:
    """Return what is beside an environment."""
    return {path.name for path in environment.venv.parent.iterdir()} - {"tiny.lock", ".venv.lock"}


def test_a_new_environment_is_whole_and_leaves_nothing_beside_it(environment: Environment) -> None:
    assert install.ensure_environment(environment) == environment.python
    assert find_fault(environment) == ""
    assert list_names(environment) == {".venv"}


def test_the_old_environment_goes_when_the_new_one_is_whole(old: Environment) -> None:
    install.ensure_environment(old)
    assert (find_fault(old), list_names(old)) == ("", {".venv"})
    assert not (old.venv / "old").exists()


def test_if_no_new_one_can_be_made_the_old_one_goes_on(old: Environment, monkeypatch: pytest.MonkeyPatch,
                                                       capsys: pytest.CaptureFixture[str]) -> None:
    use_installer(monkeypatch, fail)
    capsys.readouterr()
    assert install.ensure_environment(old) == old.python
    assert capsys.readouterr().out.splitlines()[1:] == [
        f"Going on with the environment in {old.venv}, which is older or newer than tiny.lock, as no new one could be "
        "made: there is no network."]
    assert (old.venv / "old").exists()
    assert list_names(old) == {".venv"}


def test_where_nothing_can_be_written_the_old_one_goes_on(old: Environment, monkeypatch: pytest.MonkeyPatch,
                                                          capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(environment: Environment) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(environment.beside(".lock")))

    monkeypatch.setattr(install, "take_turn", refuse)
    assert install.ensure_environment(old) == old.python
    assert "Going on with the environment in" in capsys.readouterr().out


def test_a_full_disk_is_named(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(new: Environment) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(new.venv))

    use_installer(monkeypatch, fill)
    with pytest.raises(CourseError, match=r"a disk is full: .* set PKVM_COURSE_HOME to a folder on another disk"):
        install.ensure_environment(environment)


def test_a_disk_without_links_is_named(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "symlink", refuse)
    with pytest.raises(CourseError, match=r"disk without symbolic links \(Operation not permitted\), .* another disk"):
        install.ensure_environment(environment)
    assert list_names(environment) == set()


def ask_doctor(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what the doctor finds missing of an environment that is not there yet."""
    monkeypatch.setattr(sys.modules[find_fault.__module__], "COURSE", environment)
    said = examination.check_set_up()
    assert said.status == "missing"
    return said.text


@pytest.mark.parametrize(("number", "words"), [
    (errno.EDQUOT, "your quota on this disk is used up"), (errno.EROFS, r"something cannot be written\..*Read-only")])
def test_a_disk_that_cannot_be_written_is_not_one_without_links(
        number: int, words: str, environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "symlink", refuse)
    if number == errno.EROFS:
        monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    with pytest.raises(CourseError, match=words):
        install.ensure_environment(environment)
    assert re.search(words, ask_doctor(environment, monkeypatch))


def test_a_shared_folder_that_refuses_links_as_read_only_is_named(environment: Environment,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "symlink", refuse)
    with pytest.raises(CourseError, match=r"disk without symbolic links \(Read-only file system\)"):
        install.ensure_environment(environment)


def test_a_disk_without_room_for_an_environment_is_named(environment: Environment,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(environment.venv.parent)._replace(free=200_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    words = r"has 200 MB free, and the environment needs 300\. Make room, or set PKVM_COURSE_HOME"
    with pytest.raises(CourseError, match=words):
        install.ensure_environment(environment)
    assert re.search(words, ask_doctor(environment, monkeypatch))
    assert folders.check_room().status == "ok"


def test_the_room_that_is_asked_for_is_what_the_packages_take() -> None:
    pins = lock.list_pins(COURSE.lock.read_text(), lock.describe_interpreter())
    files = [file.locate() for name, _ in pins for file in metadata.files(name) or ()]
    size = sum(Path(file).stat().st_size for file in files if Path(file).is_file())
    assert ROOM / 2 < size < ROOM


def test_a_disk_without_programs_is_named(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "statvfs", lambda folder: os.statvfs_result([0] * 8 + [os.ST_NOEXEC, 255]))
    with pytest.raises(CourseError, match=r"on which no programs run \(it is mounted noexec\)"):
        install.ensure_environment(environment)


def test_an_old_one_that_does_not_start_is_no_help(old: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    use_installer(monkeypatch, fail)
    old.python.unlink()
    with pytest.raises(CourseError, match=r"there is no network\."):
        install.ensure_environment(old)


def test_packages_that_went_elsewhere_are_noticed(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    def install_elsewhere(new: Environment) -> None:
        make_tiny(new)
        shutil.rmtree(next(new.venv.glob("lib/*/site-packages/tiny_thing*")))

    use_installer(monkeypatch, install_elsewhere)
    with pytest.raises(CourseError, match=r"not whole \(tiny-thing is missing\)"):
        install.ensure_environment(environment)
    assert list_names(environment) == set()


class Stop(BaseException):
    """What ends a start at once, as SIGKILL does."""


def stop_at(moment: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """End the start before one of its changes to whole folders: before, between and after the renames and removals."""
    changes = iter(range(100))

    def wrap(change: Any) -> Any:
        def count_and_change(*arguments: Any, **options: Any) -> Any:
            if next(changes) == moment:
                raise Stop
            return change(*arguments, **options)

        return count_and_change

    monkeypatch.setattr(Path, "rename", wrap(Path.rename))
    monkeypatch.setattr(Path, "replace", wrap(Path.replace))
    monkeypatch.setattr(shutil, "rmtree", wrap(shutil.rmtree))


@pytest.mark.parametrize("moment", range(4))
def test_the_start_after_a_kill_mends_everything(moment: int, old: Environment,
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as killed:
        stop_at(moment, killed)
        with pytest.raises(Stop):
            install.ensure_environment(old)
    if moment < 3:
        use_installer(monkeypatch, fail if moment == 2 else make_tiny)
    install.ensure_environment(old)
    assert find_fault(old) == ""
    install.ensure_environment(old)
    assert list_names(old) - {".venv.old"} == {".venv"}


def test_the_old_one_comes_back_if_the_new_one_was_not_whole(old: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    use_installer(monkeypatch, fail)
    old.venv.rename(old.beside(".old"))
    old.beside(".new").mkdir()
    install.ensure_environment(old)
    assert (old.venv / "old").exists()


def make_folder(path: Path) -> None:
    path.mkdir()
    (path / "mine").write_text("mine")


def make_file(path: Path) -> None:
    path.write_text("mine")


def make_link(path: Path) -> None:
    make_folder(path.with_name("theirs"))
    path.symlink_to("theirs")


def make_dead_link(path: Path) -> None:
    path.symlink_to("nowhere")


@pytest.mark.parametrize("make", [make_folder, make_file, make_link, make_dead_link])
def test_what_the_course_did_not_make_is_put_aside(make: Any, environment: Environment,
                                                   capsys: pytest.CaptureFixture[str]) -> None:
    make(environment.venv)
    install.ensure_environment(environment)
    aside = environment.beside("-put-aside-1")
    assert f"{environment.venv} was not made by the course. It is now {aside}." in capsys.readouterr().out
    assert find_fault(environment) == ""
    assert os.path.lexists(aside)
    assert make == make_dead_link or "mine" in (aside / "mine" if aside.is_dir() else aside).read_text()
    assert make != make_link or (aside.is_symlink() and aside.with_name("theirs").is_dir())


def test_what_the_course_did_not_make_stays_if_there_is_nothing_to_replace_it(
        environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    make_folder(environment.venv)
    use_installer(monkeypatch, fail)
    with pytest.raises(CourseError):
        install.ensure_environment(environment)
    assert (environment.venv / "mine").exists()


def test_a_link_to_an_empty_folder_is_followed_and_kept(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "disk" / "big").mkdir(parents=True)
    environment.venv.symlink_to(tmp_path / "disk" / "big")
    for _ in range(2):
        install.ensure_environment(environment)
        environment.lock.write_text("tiny-thing==1.0 \\\n# another\n")
    assert environment.venv.is_symlink()
    assert [path.name for path in (tmp_path / "disk").iterdir()] == ["big"]


def test_a_stamp_that_is_not_text_is_one_of_another_lock(old: Environment) -> None:
    old.stamp.write_bytes(b"\xff\xfe\x00")
    assert find_fault(old) == "older or newer than tiny.lock"
    install.ensure_environment(old)
    assert find_fault(old) == ""


def test_another_start_is_waited_for(environment: Environment, monkeypatch: pytest.MonkeyPatch,
                                     capsys: pytest.CaptureFixture[str]) -> None:
    def lock_file(number: int, *, wait: bool) -> None:
        if not wait:
            raise BlockingIOError
        # Meanwhile, the other start makes the environment.
        with monkeypatch.context() as other:
            other.setattr(turn, "lock_file", lambda number, wait: None)
            install.ensure_environment(environment)
        use_installer(monkeypatch, fail)

    monkeypatch.setattr(turn, "lock_file", lock_file)
    install.ensure_environment(environment)
    output = capsys.readouterr().out
    assert f"Another start is making the environment in {environment.venv}; this one waits for it." in output
    assert output.count("Making") == 1
    assert find_fault(environment) == ""


def test_a_held_lock_blocks(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as first, (tmp_path / "lock").open("w") as second:
        turn.lock_file(first.fileno(), wait=False)
        with pytest.raises((BlockingIOError, PermissionError)):
            turn.lock_file(second.fileno(), wait=False)


def test_a_disk_without_locks_is_refused_in_the_words_of_the_doctor(environment: Environment,
                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    def lock_file(number: int, *, wait: bool) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(turn, "lock_file", lock_file)
    with pytest.raises(CourseError) as caught:
        install.ensure_environment(environment)
    monkeypatch.setattr(progress, "lock_file", lambda number: lock_file(number, wait=True))
    monkeypatch.setattr(folders, "WORKPLACE", environment.venv.parent)
    monkeypatch.setattr(folders, "MY_WORK", environment.venv.parent / "my_work")
    assert "has no file locks (No locks available), like some network disks: set" in str(caught.value)
    assert str(caught.value) == f"{folders.check_locks().text}."
    assert list_names(environment) == set()


def test_an_old_environment_that_cannot_be_removed_is_put_aside(old: Environment, monkeypatch: pytest.MonkeyPatch,
                                                                capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(folder: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(shutil, "rmtree", refuse)
    install.ensure_environment(old)
    assert f"{old.venv}.old cannot be removed (Permission denied). It is now" in capsys.readouterr().out
    assert list_names(old) == {".venv", ".venv.old-put-aside-1"}


@pytest.mark.parametrize("script", ["tiny", "far"])
def test_scripts_find_their_python_wherever_the_folder_goes(script: str, environment: Environment,
                                                            tmp_path: Path) -> None:
    install.ensure_environment(environment)
    assert run_script(environment.venv / "bin" / script) == str(environment.venv)
    moved = environment.venv.rename(tmp_path / "Schüler курс 🐚")
    assert run_script(moved / "bin" / script) == str(moved)


def test_the_scripts_that_activate_name_the_place_and_a_new_place(environment: Environment, tmp_path: Path) -> None:
    install.ensure_environment(environment)
    assert (environment.venv / "bin" / "activate").read_text() == f'VIRTUAL_ENV="{environment.venv}"\n'
    moved = environment._replace(venv=environment.venv.rename(tmp_path / "moved"))
    place.settle(moved)
    assert (moved.venv / "bin" / "activate").read_text() == f'VIRTUAL_ENV="{moved.venv}"\n'
    assert find_fault(moved) == ""


@pytest.mark.parametrize("name", ["Schüler курс 🐚", "\udcff no text"])
def test_the_path_file_is_ascii_and_leads_to_the_course(name: str, environment: Environment, tmp_path: Path,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / name
    (root / "pkvm_model").mkdir(parents=True)
    (root / "pkvm_model" / "__init__.py").write_text("print('found')")
    for course in (root, tmp_path / "elsewhere"):
        monkeypatch.setattr(place, "ROOT", root)
        there = environment._replace(venv=course / ".venv")
        install.ensure_environment(there)
        (path_file,) = there.venv.glob("lib/*/site-packages/pkvm_course.pth")
        assert path_file.read_bytes().isascii()
        assert path_file.read_bytes()
        (there.venv / "bin" / "tiny").write_text((there.venv / "bin" / "tiny").read_text() + "import pkvm_model\n")
        assert run_script(there.venv / "bin" / "tiny").endswith("found")
