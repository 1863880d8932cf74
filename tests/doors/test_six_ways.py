"""Six ways to have the course: in each, every command of a learner works, and messages name what works there."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

import pytest

from pkvm_model.course.learner import handin
from pkvm_model.course.learner.handin import HandIn
from pkvm_model.place import HUB_VARIABLE
from pkvm_model.practice.progress import ExerciseRecord
from tests.doors.desks import HOLD_STILL, LET_IN, READ_ONLY, STRANGER, Desk, copy_checkout

SCRIPT, MODULE = "python3 course.py", "python3 -m pkvm_model.course"
COPY = "pkvm-course"


class Kit(NamedTuple):
    """A checkout, and three environments of learners: without the course, with it in place, with it as a package."""

    top: Path
    checkout: Path
    plain: Path
    editable: Path
    packaged: Path


@pytest.fixture(scope="module")
def kit() -> Iterator[Kit]:
    """Make what the ways share, in a folder that others may enter."""
    top = Path(mkdtemp(prefix="pkvm-ways-"))
    top.chmod(0o755)
    kit = Kit(top, top / "course", *(make_environment(top / name) for name in ("plain", "editable", "packaged")))
    copy_checkout(kit.checkout)
    subprocess.run([sys.executable, "-m", "venv", top / "pip"], check=True)
    install(kit, kit.editable, "--editable")
    install(kit, kit.packaged)
    yield kit
    shutil.rmtree(top)


def make_environment(folder: Path) -> Path:
    """Make an environment that has the packages of this one."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    shutil.copytree(Path(sys.prefix) / "share" / "jupyter", folder / "share" / "jupyter", dirs_exist_ok=True)
    return folder


def install(kit: Kit, environment: Path, *options: str) -> None:
    """Install the course into an environment; its packages are there."""
    python = environment / "bin" / "python"
    pip = [kit.top / "pip" / "bin" / "python", "-m", "pip", "--python", python, "install", "--quiet", "--no-deps"]
    done = subprocess.run([*map(str, pip), *options, kit.checkout], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


class Way(NamedTuple):
    """A learner's desk, the folder in which the copy must be, and how commands must be named."""

    desk: Desk
    place: Path
    name: str


def sit_down(kit: Kit, home: Path, environment: Path, name: str, folder: Path) -> Desk:
    """Return a desk in a folder, in a shell in which an environment is active."""
    home.mkdir(exist_ok=True)
    variables = {"HOME": str(home), "LANG": "C.UTF-8", "PATH": f"{environment / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin"}
    return Desk(Path("python3"), home, folder, variables, command=tuple(name.split()[1:]))


def have_a_checkout(kit: Kit, home: Path) -> Way:
    """Have a checkout of one's own."""
    return Way(sit_down(kit, home, kit.plain, SCRIPT, kit.checkout), kit.checkout, SCRIPT)


def share_a_checkout(kit: Kit, home: Path) -> Way:
    """Use a checkout of somebody else's, which one can only read."""
    desk = sit_down(kit, home, kit.plain, SCRIPT, kit.checkout)
    home.chmod(0o755)
    os.chown(home, STRANGER, STRANGER)
    desk.before = (*HOLD_STILL, LET_IN, str(Path.home()))
    if subprocess.run([*desk.before, "python3", "-c", "import ipywidgets"], env=desk.variables, check=False,
                      stderr=subprocess.DEVNULL).returncode:
        pytest.skip("only their owner can use this Python and its packages")
    return Way(desk, home / COPY, SCRIPT)


def install_in_place(kit: Kit, home: Path) -> Way:
    """Have installed one's own checkout with --editable."""
    return Way(sit_down(kit, home, kit.editable, MODULE, home), kit.checkout, MODULE)


def install_a_package(kit: Kit, home: Path) -> Way:
    """Have the course as an ordinary package."""
    return Way(sit_down(kit, home, kit.packaged, MODULE, home), home / COPY, MODULE)


def use_a_read_only_image(kit: Kit, home: Path) -> Way:
    """Have an image in which nothing can be written but the home, which is a volume; all learners have one user id."""
    desk = sit_down(kit, home, kit.editable, MODULE, kit.top)
    desk.before = (*HOLD_STILL, READ_ONLY, str(kit.top))
    desk.variables[HUB_VARIABLE] = "ada"
    return Way(desk, home / COPY, MODULE)


def follow_repo2docker(kit: Kit, home: Path) -> Way:
    """Have the checkout in the home, as repo2docker puts it, and make the copy while the image is built."""
    desk = sit_down(kit, kit.top, kit.editable, MODULE, kit.checkout)
    assert desk.run("start")[0] == 0
    desk.variables[HUB_VARIABLE] = "ada"
    return Way(desk, kit.checkout, MODULE)


WAYS: dict[str, Callable[[Kit, Path], Way]] = {
    "checkout": have_a_checkout, "checkout of another owner": share_a_checkout, "editable install": install_in_place,
    "package": install_a_package, "read-only image": use_a_read_only_image, "repo2docker": follow_repo2docker}
NEED_ROOT = {"checkout of another owner", "read-only image"}


@contextmanager
def find_way(name: str, kit: Kit) -> Iterator[Way]:
    """Prepare a way, and clear away what a learner has left."""
    if name in NEED_ROOT and os.geteuid():
        pytest.skip(f"the way '{name}' needs root")
    home = Path(mkdtemp(prefix="pkvm-home-"))
    yield WAYS[name](kit, home)
    shutil.rmtree(home)
    shutil.rmtree(kit.checkout / "my_work", ignore_errors=True)


@pytest.mark.parametrize("name", WAYS)
def test_every_command_works_and_names_the_one_that_works_there(name: str, kit: Kit) -> None:
    with find_way(name, kit) as way:
        said = [check_copy(way), check_work(way), check_lab(way)]
        assert "Making the environment" not in "".join(said)
        assert not (way.place / ".venv").exists()
        assert way.name == SCRIPT or "course.py" not in "".join(said)


def check_copy(way: Way) -> str:
    """Make the copy, ask about it, and return all that was said."""
    said = ""
    for words, expected in (("start", f"Your copy of the notebooks is in {way.place / 'my_work'}\n"),
                            ("progress", "Next: "), ("update", "has nothing newer"),
                            ("reset find-the-hole", "already")):
        status, text = way.desk.run(*words.split())
        assert (status, expected in text) == (0, True), text
        said += text
    assert (way.place / "my_work" / "exercises" / "find-the-hole.ipynb").is_file()
    return said


def check_work(way: Way) -> str:
    """Hand in nothing, import some work, hand it in, mistype a name; return all that was said."""
    work = way.desk.top / "work.json"
    work.write_text(handin.to_text(HandIn("", "0" * 12, {"find-the-hole": ExerciseRecord(1, answer="x = 1")})))
    said = ""
    for words, status, expected in (
            ("handin", 1, f"Run the last cell of an exercise: {way.name} lab\n"),
            (f"import {work}", 0, "find-the-hole"),
            ("handin", 0, f"To add yours: {way.name} handin --name"),
            ("reset no-such-thing", 1, f"{way.name} progress lists them.")):
        done, text = way.desk.run(*words.split())
        assert (done, expected in text) == (status, True), text
        said += text
    return said


def check_lab(way: Way) -> str:
    """Open JupyterLab, then ask the doctor; return all that was said."""
    with way.desk.open_lab() as address, urllib.request.urlopen(address) as page:
        assert b"JupyterLab" in page.read()
    status, text = way.desk.run("doctor")
    assert (status, "You can work." in text) == (0, True), text
    return way.desk.log.read_text() + text


def test_the_option_puts_the_copy_where_it_says(kit: Kit) -> None:
    with find_way("package", kit) as way:
        place = way.desk.top / "my own"
        status, text = replace(way.desk).run("start", "--home", str(place))
        assert (status, text) == (0, f"Your copy of the notebooks is in {place / 'my_work'}\n")
        status, text = way.desk.run("--home", str(place), "reset", "no-such-thing")
        assert f"{MODULE} --home '{place}' progress lists them." in text


def test_a_python_without_what_learners_need_is_named_and_nothing_is_made(kit: Kit) -> None:
    with find_way("checkout", kit) as way:
        for path_file in kit.plain.glob("lib/python*/site-packages/borrowed.pth"):
            path_file.rename(path_file.with_suffix(".off"))
        way.desk.variables |= {HUB_VARIABLE: "ada"}
        status, text = way.desk.run("lab", "--no-browser")
        for path_file in kit.plain.glob("lib/python*/site-packages/borrowed.off"):
            path_file.rename(path_file.with_suffix(".pth"))
        assert (status, "lacks jupyterlab, ipykernel" in text) == (1, True), text
        assert "pytest" not in text
        assert not list(way.desk.top.rglob(".venv"))


def test_thirty_starts_at_once_make_one_whole_copy(kit: Kit) -> None:
    with find_way("package", kit) as way:
        starts = [subprocess.Popen(way.desk.list_words("start"), cwd=way.desk.course, env=way.desk.variables,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(30)]
        said = [start.communicate()[0].decode() for start in starts]
        assert {start.returncode for start in starts} == {0}, said
        mine, originals = way.place / "my_work", kit.checkout / "notebooks"
        assert {path.name for path in mine.glob("*.ipynb")} == {path.name for path in originals.glob("*.ipynb")}
        assert not list(mine.rglob("*.new"))
        assert way.desk.run("update")[1].endswith("Your copy stays as it is.\n")


def test_labs_that_start_at_once_have_ports_of_their_own(kit: Kit) -> None:
    with find_way("package", kit) as way:
        desks = [replace(way.desk, top=way.desk.top / f"{number}") for number in range(6)]
        labs = []
        for desk in desks:
            desk.top.mkdir()
            desk.log = desk.top / "lab.log"
            with desk.log.open("wb") as log:
                words = desk.list_words("lab", "--no-browser", "--home", str(desk.top))
                labs.append(subprocess.Popen(words, stdout=log, stderr=log, env=desk.variables, cwd=desk.course,
                                             start_new_session=True))
        try:
            addresses = {desk.wait_for_address(lab) for desk, lab in zip(desks, labs, strict=True)}
            assert len({address.partition("/lab")[0] for address in addresses}) == len(desks)
        finally:
            for lab in labs:
                lab.terminate()
            for lab in labs:
                lab.wait(60)
