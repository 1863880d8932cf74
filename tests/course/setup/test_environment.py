"""The environment is made once and again when it is broken; every failure is one clear line."""
from __future__ import annotations

import ast
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

from pkvm_model.course.paths import ROOT
from pkvm_model.course.setup import environment
from pkvm_model.course.setup.environment import Environment, Stamp, find_fault, find_shared, hash_lock
from tests.course.conftest import LIKE_UV, Checkout, MadeByPip, hear_ctrl_c
from tests.course.setup.fakes import make_tiny
from tests.patience import PATIENCE


def assert_one_line(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Check that a command failed with one line on stderr that has these words in it."""
    assert done.returncode != 0
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert all(word in done.stderr for word in words), done.stderr


def test_an_old_python_is_refused_in_one_line(checkout: Checkout) -> None:
    pretend = "import runpy, sys; sys.version_info = (3, 10, 9); runpy.run_path('course.py', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", pretend], cwd=checkout.folder, capture_output=True, text=True,
                          check=False)
    assert_one_line(done, "needs Python 3.11 or newer", "this is Python 3.10")


def test_course_py_is_readable_for_an_old_python() -> None:
    tree = ast.parse((ROOT / "course.py").read_text(), feature_version=(3, 4))
    new = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Match, ast.AsyncFunctionDef)
    assert not [node for node in ast.walk(tree) if isinstance(node, new)]
    assert (ROOT / "course.py").read_text().isascii()


def test_the_second_start_installs_nothing(made: Checkout) -> None:
    before = {path: path.lstat().st_mtime_ns for path in made.venv.rglob("*")}
    second = made.run("start")
    assert (second.returncode, second.stderr) == (0, "")
    assert "Making" not in second.stdout
    assert {path: path.lstat().st_mtime_ns for path in made.venv.rglob("*")} == before


def test_the_environment_finds_the_course_without_any_variable(made: Checkout) -> None:
    python = made.venv / "bin" / "python"
    script = "import pkvm_model.course, tiny_thing; print(pkvm_model.course.__file__)"
    file = subprocess.check_output([python, "-c", script], cwd="/", env=made.variables(), text=True)
    assert Path(file.strip()).is_relative_to(made.folder)


def break_lock(venv: Path) -> None:
    (venv / "course.stamp").write_text("another lock")


def break_python(venv: Path) -> None:
    (venv / "bin" / "python").unlink()
    (venv / "bin" / "python").symlink_to("nowhere")


def break_package(venv: Path) -> None:
    shutil.rmtree(next(venv.glob("lib/*/site-packages/tiny_thing-1.0.dist-info")))


def break_version(venv: Path) -> None:
    installed = next(venv.glob("lib/*/site-packages/tiny_thing-1.0.dist-info"))
    (installed / "METADATA").write_text("Name: tiny-thing\nVersion: 2\n")


@pytest.mark.parametrize(("damage", "fault"), [
    (lambda venv: (venv / "course.stamp").unlink(), "not made by the course"),
    (break_lock, "older or newer than tiny.lock"),
    (break_python, "broken (its Python does not start)"),
    (break_package, "broken (tiny-thing is missing)"),
    (break_version, "broken (tiny-thing is 2, the lock says 1.0)"),
    (shutil.rmtree, "missing"), (lambda venv: None, "")])
def test_every_damage_is_noticed(damage: Callable[[Path], None], fault: str, tmp_path: Path) -> None:
    (tmp_path / "tiny.lock").write_text("tiny-thing==1.0 \\\n")
    environment = Environment(tmp_path / ".venv", tmp_path / "tiny.lock")
    make_tiny(environment)
    environment.write_stamp(Stamp(hash_lock(environment)))
    damage(environment.venv)
    assert find_fault(environment) == fault


def test_a_broken_environment_is_made_again(made: Checkout) -> None:
    break_python(made.venv)
    again = made.run("start")
    assert ("Making the environment in .venv again (it was broken (its Python does not start)). This can take a few "
            "minutes.\n") in again.stdout
    assert "Making" not in made.run("start").stdout


def test_an_active_environment_that_satisfies_the_lock_is_used(checkout: Checkout) -> None:
    checkout.lock(f"pytest=={metadata.version('pytest')} \\\n    --hash=sha256:00\n")
    done = checkout.run("start")
    assert done.returncode == 0, done.stderr
    assert not checkout.venv.exists()
    assert (checkout.folder / "my_work" / "01-start-here.ipynb").is_file()


def lack(checkout: Checkout, *modules: str) -> str:
    """Return a folder for PYTHONPATH with which Python lacks some of its modules."""
    folder = checkout.folder / "without"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(f"import sys; sys.modules |= dict.fromkeys({modules!r})")
    return str(folder)


def test_a_python_without_ensurepip_is_told_what_to_install(checkout: Checkout) -> None:
    checkout.lock_tiny_thing()
    done = checkout.run("start", PYTHONPATH=lack(checkout, "ensurepip"))
    package = f"python3.{sys.version_info[1]}-venv"
    assert_one_line(done, "no venv or no ensurepip", f"sudo apt install {package}")
    doctor = checkout.run("doctor", PYTHONPATH=str(checkout.folder / "without"))
    assert re.search(f"^missing set-up .*sudo apt install {package}", doctor.stdout, re.MULTILINE)


def test_a_python_without_a_module_of_its_own_is_named(checkout: Checkout) -> None:
    done = checkout.run("start", PYTHONPATH=lack(checkout, "tomllib"))
    assert_one_line(done, "this Python lacks its own module tomllib",
                    f"sudo apt install python3.{sys.version_info[1]} python3.{sys.version_info[1]}-venv")


def test_a_python_without_parts_is_named(checkout: Checkout) -> None:
    checkout.lock_tiny_thing()
    done = checkout.run("start", PYTHONPATH=lack(checkout, "_sqlite3", "_ctypes"))
    assert_one_line(done, "was built without ctypes, sqlite3", "Start the course with another one")


def test_without_network_the_first_set_up_says_so(checkout: Checkout) -> None:
    checkout.lock_tiny_thing()
    checkout.tool("uv", "sys.exit('Failed to fetch: https://packages.example/\\n  cause: dns error')")
    done = checkout.run("start", PYTHONPATH=lack(checkout, "ensurepip"))
    assert_one_line(done, "the name packages.example is not found. Is there a network, or does it need a proxy")
    assert ".venv is missing:" in checkout.run("doctor").stdout


def start_read_only(checkout: Checkout, **variables: str) -> subprocess.CompletedProcess[str]:
    """Start a checkout that cannot be written."""
    checkout.folder.chmod(0o555)
    command = [sys.executable, "course.py", "start"]
    if os.geteuid() == 0:
        # Root may write anywhere; without these capabilities it is a user like others.
        powerless = "--bounding-set=-dac_override,-dac_read_search,-fowner"
        command = [str(shutil.which("setpriv")), powerless, *command]
    done = subprocess.run(command, cwd=checkout.folder, env=checkout.variables(**variables), capture_output=True,
                          text=True, check=False)
    checkout.folder.chmod(0o755)
    return done


def test_beside_a_read_only_course_the_copy_is_in_the_home(checkout: Checkout, tmp_path: Path) -> None:
    done = start_read_only(checkout, HOME=str(tmp_path))
    place = tmp_path / "pkvm-course"
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"{checkout.folder} is not yours to write in, so the environment and your copy are in {place}. To "
        f"choose another folder, start each command with --home FOLDER, or set PKVM_COURSE_HOME.\n"
        f"Your copy of the notebooks is in {place}/my_work\n")
    assert (place / "my_work" / "01-start-here.ipynb").is_file()


def test_a_chosen_folder_that_cannot_be_written_is_named(checkout: Checkout) -> None:
    checkout.lock_tiny_thing()
    place = checkout.folder / "elsewhere"
    done = start_read_only(checkout, PKVM_COURSE_HOME=str(place))
    assert_one_line(done, "something cannot be written. Set PKVM_COURSE_HOME to a folder of your own. ",
                    f"Permission denied: '{place}'")


def test_the_environment_and_the_copy_are_in_the_chosen_folder(checkout: Checkout, tmp_path: Path) -> None:
    checkout.lock_tiny_thing()
    checkout.tool("uv", LIKE_UV)
    place = tmp_path / "chosen"
    done = checkout.run("start", PKVM_COURSE_HOME="../chosen")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Making the environment in {place}/.venv. This happens once and can take a few minutes.\n" in done.stdout
    assert f"is in {place}/my_work\n" in done.stdout
    assert not checkout.venv.exists()


def test_a_missing_lock_is_named(checkout: Checkout) -> None:
    (checkout.folder / "locks" / "learn.lock").unlink()
    assert_one_line(checkout.run("start"), "learn.lock cannot be read", "Get the whole course again")


def test_a_busy_port_is_named(checkout: Checkout) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert_one_line(checkout.run("lab", "--port", port), f"port {port} cannot be used", "Choose another")


def test_ctrl_c_during_the_set_up_is_quiet(checkout: Checkout) -> None:
    checkout.lock_tiny_thing()
    checkout.tool("uv", "pathlib.Path('begun').touch(); time.sleep(3600)")
    child = subprocess.Popen([sys.executable, "course.py", "start"], cwd=checkout.folder, env=checkout.variables(),
                             stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=hear_ctrl_c)
    while not (checkout.folder / "begun").exists():
        assert child.poll() is None
    os.killpg(child.pid, signal.SIGINT)
    _, errors = child.communicate(timeout=PATIENCE)
    assert (child.returncode, errors) == (130, "\nStopped.\n")
    assert not checkout.venv.exists()


def test_if_uv_fails_pip_is_tried_whatever_the_variables_are(made_by_pip: MadeByPip) -> None:
    checkout, done = made_by_pip
    assert (done.returncode, done.stderr) == (0, "")
    assert not Path("/nowhere").exists()
    assert "Trying pip, since the first attempt failed: the environment could not be made. " in done.stdout
    assert "(error: no such thing)" in done.stdout
    assert (checkout.venv / "course.stamp").is_file()
    assert list(checkout.venv.glob("lib/*/site-packages/tiny_thing.py"))
    assert not list(checkout.venv.glob("lib/*/site-packages/pip*"))


def test_a_checkout_of_another_owner_lends_its_environment_if_that_fits_the_lock(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Environment(tmp_path / ".venv", tmp_path / "learn.lock")
    shared.lock.write_text("")
    shared.venv.mkdir()
    monkeypatch.setattr(environment, "is_ours", lambda _: False)
    assert find_shared(*shared) is None  # nobody has finished it
    shared.write_stamp(Stamp(hash_lock(shared)))
    assert find_shared(*shared) == shared.venv
    shared.lock.write_text("tiny-thing==1.0")
    assert find_shared(*shared) is None
    shared.lock.write_text("")
    monkeypatch.undo()
    assert find_shared(*shared) is None  # one's own is found in one's own folder
