"""Firefox and WebKit, as Debian has them, driven by the commands of WebDriver.

Playwright drives browsers that it has built itself, and Debian has no driver for Firefox. But both browsers know the
commands of WebDriver: Firefox takes them at a socket (Marionette), WebKit's driver by HTTP.
"""
from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.error import HTTPError

import pytest

from benchmarks.lab import free_port
from tests.patience import PATIENCE, wait_until

MINI_BROWSERS = "usr/lib/*/webkit2gtk-4.1/MiniBrowser"
DISPLAY = re.compile(r"^(\d+)\n", re.MULTILINE)
"""What the screen prints as soon as it is there, perhaps among warnings."""
SCREEN = ("-screen", "0", "1400x1000x24", "-nolisten", "tcp")
FEW_COMPILERS = {"JSC_useOMGJIT": "0"}
"""WebKit's last compiler makes Python faster after minutes, and until then uses the time of both CPUs."""
PREFERENCES = {"marionette.port": 0, "browser.download.folderList": 2}
ADDRESSES = {"Navigate": "url", "ExecuteScript": "execute/sync", "SetTimeouts": "timeouts",
             "ElementClick": "element/{id}/click", "PerformActions": "actions"}
"""Where WebKit's driver takes the commands that Firefox knows by name."""
WAITS = {"script": 1000 * PATIENCE, "pageLoad": 1000 * PATIENCE}


class RefusedError(Exception):
    """A browser could not do what it was told, such as to click what is not there any more."""


class Driven(Protocol):
    """A browser that takes commands."""

    def call(self, command: str, **given: Any) -> Any:
        """Give a command, and return what comes of it."""


@contextmanager
def run_program(*command: str, folder: Path, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program that takes a folder for its home, and end it with all that it has started."""
    environment = os.environ | {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder)} | variables
    with (folder / f"{Path(command[0]).name}.log").open("wb") as log:
        program = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log, start_new_session=True)
    try:
        yield program
    finally:
        end(program)


def end(program: subprocess.Popen[bytes]) -> None:
    """End a program and all that it has started; kill it if it does not end."""
    with suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            program.wait(PATIENCE / 10)
        os.killpg(program.pid, signal.SIGKILL)
    program.wait()


def find_program(name: str, package: str) -> str:
    """Return the path of a program; skip the test if this machine has none."""
    found = shutil.which(name)
    if not found:
        pytest.skip(f"no {name} on PATH: Debian has it in {package}")
    return found


class Firefox:
    """A Firefox that was started for a test."""

    def __init__(self, port: int) -> None:
        """Connect with it, and begin a session."""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=2 * PATIENCE)
        self.answers = self.socket.makefile("rb")
        self.read()
        self.call("NewSession", capabilities={})

    def call(self, command: str, **given: Any) -> Any:
        """Give a command, and return what comes of it."""
        message = json.dumps([0, 1, f"WebDriver:{command}", given]).encode()
        self.socket.sendall(b"%d:%b" % (len(message), message))
        _, _, error, result = self.read()
        if error:
            raise RefusedError(f"{error['error']}: {error['message']}")
        return result.get("value")

    def close(self) -> None:
        """Hang up."""
        self.answers.close()
        self.socket.close()

    def read(self) -> Any:
        """Read a message: its length, a colon, and JSON."""
        digits = b"".join(iter(partial(self.answers.read, 1), b":"))
        return json.loads(self.answers.read(int(digits)))


@contextmanager
def firefox(folder: Path) -> Iterator[Driven]:
    """Run Firefox without a window, with its profile and its downloads in a folder."""
    program = find_program("firefox-esr", "firefox-esr")
    wanted = PREFERENCES | {"browser.download.dir": str(folder / "Downloads")}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in wanted.items()]
    (folder / "user.js").write_text("".join(lines), encoding="utf-8")
    port = folder / "MarionetteActivePort"
    port.unlink(missing_ok=True)
    with run_program(program, "--headless", "--marionette", "--no-remote", "--profile", str(folder), folder=folder):
        wait_until(lambda: port.exists() and port.read_text())
        with closing(Firefox(int(port.read_text()))) as browser:
            yield browser


class WebKit:
    """A WebKit that its driver has started for a test."""

    def __init__(self, port: int, program: str) -> None:
        """Begin a session, which starts the browser."""
        self.address = f"http://127.0.0.1:{port}/session"
        options = {"webkitgtk:browserOptions": {"binary": program, "args": ["--automation"]}}
        self.address += f"/{self.post('', capabilities={'alwaysMatch': options})['sessionId']}"

    def call(self, command: str, **given: Any) -> Any:
        """Give a command, and return what comes of it."""
        return self.post(f"/{ADDRESSES[command].format(**given)}", **given)

    def post(self, path: str, **given: Any) -> Any:
        """Send a command to the driver."""
        request = urllib.request.Request(f"{self.address}{path}", json.dumps(given).encode())
        try:
            with urllib.request.urlopen(request, timeout=2 * PATIENCE) as answer:
                return json.load(answer)["value"]
        except HTTPError as error:
            value = json.load(error)["value"]
            raise RefusedError(f"{value['error']}: {value['message']}") from error


@contextmanager
def webkit(folder: Path) -> Iterator[Driven]:
    """Run WebKit on a screen that nobody sees; like a private window, it forgets everything at its end."""
    driver, screen = find_program("WebKitWebDriver", "webkit2gtk-driver"), find_program("Xvfb", "xvfb")
    browser = next(Path("/").glob(MINI_BROWSERS), None)
    if browser is None:
        pytest.skip("no MiniBrowser: Debian has it in webkit2gtk-driver")
    log = folder / "Xvfb.log"
    with run_program(screen, "-displayfd", "1", *SCREEN, folder=folder):
        wait_until(lambda: DISPLAY.search(log.read_text()))
        variables = {"DISPLAY": f":{DISPLAY.findall(log.read_text())[0]}"} | FEW_COMPILERS
        port = free_port()
        with run_program(driver, f"--port={port}", folder=folder, **variables):
            wait_until(lambda: listens(port))
            yield WebKit(port, str(browser))


def listens(port: int) -> bool:
    """Return True if something listens on a port of this machine."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False
