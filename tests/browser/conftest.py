"""A headless Chromium and a JupyterLab of our own, with settings, data and notebooks in folders of their own."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest

from pkvm_model.course.environment import variables
from tests.browser.notebooks import stored_notebooks

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """The Chromium found on this machine."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("no Chromium on PATH, so nothing was clicked")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=QUIET)
        yield chromium
        chromium.close()


@contextmanager
def watched(browser, **settings) -> Iterator:
    """A page; at the end it may not have asked for anything outside this machine, nor have raised."""
    outside, raised = [], []
    context = browser.new_context(**{"viewport": {"width": 1400, "height": 1000}} | settings)
    page = context.new_page()
    page.on("request", lambda request: outside.append(request.url) if leaves(request.url) else None)
    page.on("pageerror", lambda error: raised.append(str(error)))
    yield page
    context.close()
    assert outside == []
    assert raised == []


@pytest.fixture
def offline(browser) -> Iterator:
    """A page without any network."""
    with watched(browser, offline=True) as page:
        yield page


@pytest.fixture(scope="session")
def lab_page(browser, lab) -> Iterator:
    """A page for JupyterLab; one for all tests, since it takes seconds to load for the first time."""
    with watched(browser, base_url=lab) as page:
        yield page


def leaves(address: str) -> bool:
    """Whether an address is outside this machine."""
    return not address.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "file:", "data:", "blob:", "about:"))


@pytest.fixture(scope="session")
def lab(tmp_path_factory) -> Iterator[str]:
    """The address of a JupyterLab on copies of the notebooks."""
    folder = tmp_path_factory.mktemp("lab")
    for name, notebook in stored_notebooks().items():
        nbformat.write(notebook, folder / name)
    port = free_port()
    with (folder / "lab.log").open("w") as log:
        server = subprocess.Popen(
            lab_command(folder, port), cwd=folder, env=lab_variables(folder), stdout=log, stderr=log
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/api/status", server, folder / "lab.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(server)


def stop(server: subprocess.Popen) -> None:
    """Ends the server; its kernels end when they see that it is gone."""
    server.terminate()
    try:
        server.wait(3)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def lab_command(folder: Path, port: int) -> list[str]:
    """JupyterLab without a token, which only this machine can reach."""
    options = [f"--ServerApp.root_dir={folder}", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    options += ["--ServerApp.port_retries=0", "--IdentityProvider.token=", "--no-browser", "--expose-app-in-browser"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    return [sys.executable, "-m", "jupyterlab", *options]


def lab_variables(folder: Path) -> dict[str, str]:
    """The environment of `course.py lab`, with the user's own folders replaced."""
    own = {f"JUPYTER_{kind}_DIR": str(folder / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    return variables(Path(sys.executable)) | own


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    """Waits until the server answers, or fails with its log."""
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")
