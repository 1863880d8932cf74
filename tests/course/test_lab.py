"""`course.py lab`: its port, its address, its browser, and a user's Jupyter that is set up in every wrong way."""
from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
import webbrowser
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from pkvm_model.course import browsers, cli, lab, lab_place, lab_server, ports
from pkvm_model.course.doctor import preflight
from pkvm_model.course.errors import CourseError
from pkvm_model.course.lab_server import FIRST_WORKSPACE
from pkvm_model.course.learner import my_work
from pkvm_model.course.setup.process import build_variables
from tests.course.conftest import Checkout, hear_ctrl_c
from tests.patience import PATIENCE

ADDRESS = "http://localhost:8888/lab?token=t"
HOSTILE = {
    ".jupyter/jupyter_server_config.py": "c.ServerApp.contents_manager_class = 'gone.Manager'\n",
    ".jupyter/jupyter_lab_config.py": "c.ServerApp.base_url = '/deep/'\nraise RuntimeError('stale')\n",
    ".jupyter/jupyter_server_config.json": json.dumps({
        "ServerApp": {"root_dir": "/nowhere", "ip": "0.0.0.0", "jpserver_extensions": {"no_such_extension": True}},
        "PasswordIdentityProvider": {"hashed_password": "argon2:old"}, "IdentityProvider": {"token": ""}}),
    ".jupyter/labconfig/page_config.json": json.dumps({"disabledExtensions": {"@jupyterlab/notebook-extension": True}}),
    ".jupyter/lab/user-settings/@jupyterlab/apputils-extension/themes.jupyterlab-settings":
        json.dumps({"theme": "JupyterLab Dark"}),
    "share/kernels/python3/kernel.json": json.dumps({"argv": ["/nowhere/python"], "display_name": "theirs"}),
    ".local/share/jupyter/kernels/python3/kernel.json": json.dumps({"argv": ["/nowhere"], "display_name": "theirs"}),
    ".local/share/jupyter/labextensions/broken/package.json": "{",
    "profile_default/startup/00.py": "raise RuntimeError('stale')\n",
}
"""Files in a home, by name: configuration, kernels and extensions for other work, and one setting that must apply."""


def fetch(address: str) -> str:
    """Return what a server answers."""
    with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
        return str(answer.read().decode())


def make_home(folder: Path) -> dict[str, str]:
    """Make a home with a Jupyter of every kind that breaks others, and return its variables."""
    for name, content in HOSTILE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    (folder / "no-folder").write_text("")
    blocked = str(folder / "no-folder" / "below")
    return {"HOME": str(folder), "JUPYTER_PATH": str(folder / "share"), "JUPYTER_RUNTIME_DIR": blocked,
            "JUPYTER_DATA_DIR": str(folder / ".local" / "share" / "jupyter"), "JUPYTERLAB_DIR": blocked,
            "JUPYTERLAB_WORKSPACES_DIR": blocked, "JUPYTER_PORT": "eighty", "JUPYTER_GATEWAY_URL": "http://127.0.0.1:1",
            "JUPYTER_PREFER_ENV_PATH": "0", "JUPYTERHUB_SERVICE_PREFIX": "/user/x/", "IPYTHONDIR": str(folder),
            "ALL_PROXY": "socks://127.0.0.1:1", "JUPYTER_TOKEN": "known"}


class RunningLab:
    """`course.py lab` in a terminal, as a user starts it: its first lines, its address, and how it ended."""

    def __init__(self, checkout: Checkout, *options: str, **variables: str) -> None:
        # JupyterLab hears Ctrl-C as from a keyboard only where its input is a terminal.
        self.terminals = os.openpty()
        self.process = subprocess.Popen([sys.executable, "course.py", "lab", *options], cwd=checkout.folder,
                                        env=checkout.variables(**variables), stdin=self.terminals[1],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        start_new_session=True, preexec_fn=hear_ctrl_c)
        self.lines: list[str] = []
        self.address = ""
        for line in self.process.stdout or ():
            self.lines.append(line)
            if "http://" in line:
                self.address = line.split()[-1].replace("localhost", "127.0.0.1")
                break

    def stop(self) -> str:
        """Press Ctrl-C, and return what came on stderr."""
        os.killpg(self.process.pid, signal.SIGINT)
        output, complaints = self.process.communicate(timeout=PATIENCE)
        self.lines += output.splitlines(keepends=True)
        for terminal in self.terminals:
            os.close(terminal)
        return complaints


def test_lab_works_in_a_home_whose_jupyter_is_broken_and_ends_quietly(checkout: Checkout, tmp_path: Path) -> None:
    variables, opened = make_home(tmp_path / "home"), tmp_path / "opened"
    browser = tmp_path / "log-args"
    browser.write_text(f'#!/bin/sh\necho "$1" >"{opened}"\n')
    browser.chmod(0o755)
    server = RunningLab(checkout, **variables, BROWSER=f"{browser} %s", PATH=os.defpath)
    try:
        base, token = server.address.partition("/lab/")[0], "?token=known"
        page = fetch(server.address)
        kernels = json.loads(fetch(f"{base}/api/kernelspecs{token}"))["kernelspecs"]
        files = fetch(f"{base}/api/contents{token}")
        settings = f"{base}/lab/api/settings/@jupyterlab/apputils-extension"
        news = json.loads(fetch(f"{settings}:notification{token}"))["schema"]["properties"]
        theme = json.loads(fetch(f"{settings}:themes{token}"))["settings"]["theme"]
        looks = json.loads(fetch(f"{base}/lab/api/workspaces/default{token}"))["data"]["layout-restorer:data"]
        closing = json.loads(fetch(f"{base}/lab/api/settings/@jupyterlab/notebook-extension:tracker{token}"))
        while not opened.is_file() or not opened.read_text().endswith("\n"):
            assert server.process.poll() is None
    finally:
        complaints = server.stop()
    assert server.lines == [
        f"Opening JupyterLab in {checkout.folder}/my_work. Ctrl-C ends it.\n",
        f"Your own Jupyter configuration does not apply here: {tmp_path}/home/.jupyter/jupyter_lab_config.py, "
        f"{tmp_path}/home/.jupyter/jupyter_server_config.py, {tmp_path}/home/.jupyter/jupyter_server_config.json. "
        "Your theme and other settings of JupyterLab do.\n",
        f"If no browser opens, open this address in one: {server.address.replace('127.0.0.1', 'localhost')}\n"]
    assert opened.read_text() == server.address.replace("127.0.0.1", "localhost") + "\n"
    assert server.address.endswith("/lab/tree/01-start-here.ipynb?token=known")
    assert '"treePath": "01-start-here.ipynb"' in page
    assert '"@jupyterlab/notebook-extension"' not in page
    assert '"path": "01-start-here.ipynb"' in files
    assert "locks" not in files
    assert (list(kernels), kernels["python3"]["spec"]["argv"][0]) == (["python3"], "python")
    assert theme == "JupyterLab Dark"
    assert looks["left"]["collapsed"]
    assert closing["schema"]["properties"]["kernelShutdown"]["default"]
    assert (news["fetchNews"]["default"], news["checkForUpdates"]["default"]) == ("false", False)
    assert '"@jupyterlab/apputils-extension:announcements"' in page
    assert server.process.returncode == 0
    assert complaints.endswith("Shutting down...\n")
    assert len(complaints.splitlines()) == 1


@pytest.fixture
def sockets() -> Iterator[list[socket.socket]]:
    """Return a list of sockets; they are closed at the end."""
    opened: list[socket.socket] = []
    yield opened
    for each in opened:
        each.close()


def test_many_starts_at_once_listen_on_ports_of_their_own(sockets: list[socket.socket]) -> None:
    with ThreadPoolExecutor(30) as pool:
        starts = list(pool.map(lambda _: ports.listen(None), range(30)))
    sockets += [each for start in starts for each in start]
    numbers = [{each.getsockname()[1] for each in start} for start in starts]
    assert all(len(each) == 1 for each in numbers)
    assert len(set.union(*numbers)) == 30


def test_a_busy_port_is_named_before_anything_is_made(sockets: list[socket.socket], tmp_path: Path,
                                                      monkeypatch: pytest.MonkeyPatch,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    sockets += ports.listen(None)
    port = sockets[0].getsockname()[1]
    monkeypatch.setattr(my_work, "MY_WORK", tmp_path / "my_work")
    assert cli.run_inside(["lab", "--port", str(port)]) == 1
    assert capsys.readouterr().err == (f"course.py: port {port} cannot be used (Address already in use). Choose "
                                       "another, or leave --port out.\n")
    assert not (tmp_path / "my_work").exists()


def test_a_port_that_a_browser_would_reach_elsewhere_is_busy(sockets: list[socket.socket],
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    sockets += ports.listen(None)
    if len(sockets) < 2:
        pytest.skip("this machine has no ::1")
    port = sockets[0].getsockname()[1]
    sockets.pop(0).close()
    with pytest.raises(CourseError, match=f"port {port} cannot be used"):
        ports.listen(port)


def test_without_a_port_the_range_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(port: int) -> list[socket.socket]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(ports, "listen_on", refuse)
    with pytest.raises(CourseError, match=r"no port from 8888 to 8987 can be used \(Permission denied\)"):
        ports.listen(None)


def test_without_a_screen_no_browser_is_opened_and_the_address_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in (*browsers.SCREENS, "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(webbrowser, "get", lambda: pytest.fail("a text browser takes the terminal"))
    browser = browsers.find_browser()
    assert list(browsers.announce(ADDRESS, 8888, browser, wanted=True)) == [
        f"No browser can be opened here. Open this address in a browser: {ADDRESS}"]
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 22")
    *_, forward = browsers.announce(ADDRESS, 8888, browser, wanted=False)
    assert forward.startswith("From your own machine, forward the port first: ssh -L 8888:localhost:8888 ")


def test_a_browser_that_does_not_exist_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setenv("BROWSER", "no-such-browser")
    monkeypatch.setattr(webbrowser, "get", fail)
    assert browsers.find_browser() is None


@pytest.mark.parametrize("error", [None, OSError("no such program")])
def test_a_browser_that_does_not_open_is_said(error: Exception | None, capsys: pytest.CaptureFixture[str]) -> None:
    class Browser(webbrowser.BaseBrowser):
        def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
            if error:
                raise error
            return False

    browsers.open_browser(Browser(), ADDRESS)
    assert capsys.readouterr().out == ("The browser could not be opened. Open the address above in a browser "
                                       "yourself.\n")


def test_no_variable_of_the_users_jupyter_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    variables: dict[str, Any] = make_home(tmp_path / "home") | {"JUPYTER_NO_CONFIG": "1", "JUPYTER_PLATFORM_DIRS": "1"}
    monkeypatch.setattr(os, "environ", {**os.environ, **variables})
    lab_place.set_variables(tmp_path / "state", tmp_path / "runtime")
    left = {name: value for name, value in os.environ.items() if name.startswith(("JUPYTER", "IPYTHON"))}
    assert set(left) == {"JUPYTER_CONFIG_DIR", "JUPYTER_CONFIG_PATH", "JUPYTER_DATA_DIR", "JUPYTER_PATH",
                         "JUPYTER_PREFER_ENV_PATH", "JUPYTER_RUNTIME_DIR", "JUPYTER_TOKEN", "IPYTHONDIR"}
    assert not [value for value in left.values() if str(tmp_path / "home") in value]


def test_a_broken_file_of_settings_is_named_and_set_aside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JUPYTERLAB_SETTINGS_DIR", str(tmp_path))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "nothing"))
    file = tmp_path / "@jupyterlab" / "tracker.jupyterlab-settings"
    file.parent.mkdir()
    file.write_text("{// with a remark\n}")
    assert (lab_place.find_user_settings(), [*lab_place.describe_set_aside()]) == (tmp_path, [])
    file.write_text('{"kernelShutdown": ')
    assert lab_place.find_user_settings() is None
    assert [*lab_place.describe_set_aside()] == [f"Your settings of JupyterLab do not apply here: {file} cannot be "
                                                 "read. Mend it, or delete it."]


def make_workspace(folder: Path, content: str) -> Path:
    """Write a file of JupyterLab's workspaces below a folder, and return it."""
    file = folder / "workspaces" / "default-37a8.jupyterlab-workspace"
    file.parent.mkdir(exist_ok=True)
    file.write_text(content)
    return file


@pytest.mark.parametrize("content", ["", "{", "[]", '{"data": {}}', '{"metadata": {}, "data": {}}', "[" * 100_000])
def test_a_damaged_workspace_is_put_aside_and_named(content: str, tmp_path: Path) -> None:
    for number in (1, 2):
        file = make_workspace(tmp_path, content)
        assert [*lab_place.set_broken_workspaces_aside(tmp_path)] == [
            f"{file} cannot be read, so JupyterLab has forgotten which notebooks were open. The file is now "
            f"default-37a8-damaged-{number}."]
        assert (file.parent / f"default-37a8-damaged-{number}").read_text() == content
        assert not file.exists()


def test_a_whole_workspace_stays(tmp_path: Path) -> None:
    file = make_workspace(tmp_path, json.dumps(FIRST_WORKSPACE))
    assert [*lab_place.set_broken_workspaces_aside(tmp_path)] == []
    assert [*lab_place.set_broken_workspaces_aside(tmp_path / "nowhere")] == []
    assert file.is_file()


@pytest.mark.parametrize("content", ["", "{"])
def test_a_damaged_workspace_does_not_stop_a_server(content: str, tmp_path: Path,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    make_workspace(tmp_path, content)
    made: list[object] = []
    monkeypatch.setattr(lab_server.CourseLab, "initialize_server", lambda **options: made.append(options))
    lab_server.make_server(tmp_path, tmp_path, tmp_path, [], opens_browser=False)
    assert len(made) == 1


def test_lab_says_that_a_workspace_was_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / lab_place.STATE).mkdir()
    make_workspace(tmp_path / lab_place.STATE, "")
    monkeypatch.setattr(my_work, "MY_WORK", tmp_path)
    monkeypatch.setattr(my_work, "make_copy", list)
    monkeypatch.setattr(preflight, "refuse_known_faults", lambda: None)
    monkeypatch.setattr(lab, "listen", lambda _: [])
    monkeypatch.setattr(lab, "set_variables", lambda *_: None)
    monkeypatch.setattr(lab_server, "make_server", lambda *_, **__: SimpleNamespace(start=lambda: None))
    assert lab.run(argparse.Namespace(port=None, no_browser=True)) == 0
    assert "JupyterLab has forgotten which notebooks were open" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["HOME", "JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR"])
def test_settings_that_cannot_be_written_are_kept_beside_the_copy(name: str, monkeypatch: pytest.MonkeyPatch,
                                                                  tmp_path: Path) -> None:
    for each in ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv(name, str(tmp_path))
    assert lab_place.find_user_settings() is not None
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(name, str(tmp_path / "file"))
    assert lab_place.find_user_settings() is None


@pytest.mark.parametrize("preferred", ["0", "1", ""])
def test_the_courses_kernel_comes_first_for_every_command(preferred: str, monkeypatch: pytest.MonkeyPatch,
                                                          tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    for name in ("JUPYTER_PATH", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(name, home[name])
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", preferred)
    for name, value in build_variables(Path(sys.executable)).items():
        monkeypatch.setenv(name, value)
    spec = KernelSpecManager().get_kernel_spec("python3")
    assert (spec.argv[0], spec.display_name) == ("python", "Python 3")


STUCK = """
import asyncio, time
from pkvm_model.course import lab_server

lab_server.PATIENCE = 0.1
server = lab_server.CourseServer()
server.init_ioloop()
server.init_signal()
server._cleanup = lambda: asyncio.sleep(1e6)
server.io_loop.add_callback(lambda: print("ready", flush=True))
if {blocked}:
    server.io_loop.add_callback(lambda: time.sleep(1e6))
server.io_loop.start()
"""


@pytest.mark.parametrize("blocked", [False, True], ids=["its end", "everything"])
@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "terminate"])
def test_a_server_ends_though_something_is_stuck(asked: signal.Signals, blocked: bool) -> None:
    server = subprocess.Popen([sys.executable, "-c", STUCK.format(blocked=blocked)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, preexec_fn=hear_ctrl_c)
    assert server.stdout
    assert server.stdout.readline() == "ready\n"
    server.send_signal(asked)
    _, complaints = server.communicate(timeout=PATIENCE)
    assert (server.returncode, complaints) == (0, "Shutting down...\n")
