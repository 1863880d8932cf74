"""A headless Chromium and a JupyterLab with stock settings, for clicking through the course."""
from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pkvm_model.course.setup.process import build_variables

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE = 120.0
"""Seconds in which JupyterLab has to answer, on however busy a machine."""
QUIET_PORTS = range(20_000, 32_768)
"""Linux gives ports from 32768 on to whoever asks for any, and other systems from 49152 on."""
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")


class NotStartedError(RuntimeError):
    """JupyterLab did not start; the message quotes the end of its log."""


def find_chromium() -> str | None:
    """Return the path of a Chromium on this machine, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextmanager
def drive_chromium() -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield Playwright's Chromium and the options to start it with; end the program in words if one is missing."""
    program = find_chromium()
    if program is None:
        sys.exit("bench: there is no Chromium on PATH; install one, then run it again.")
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415  # only the test packages have it
    except ImportError:
        sys.exit("bench: Playwright is not installed: pip install playwright")
    with sync_playwright() as driver:
        yield driver.chromium, {"executable_path": program, "args": QUIET}


@contextmanager
def running_lab(folder: Path) -> Iterator[str]:
    """Yield the address of a JupyterLab on a folder of notebooks, without the user's own settings."""
    server, address = start_lab(folder)
    try:
        wait_for(f"{address}/api/status", server, folder / "lab.log")
        yield address
    finally:
        stop(server)


def start_lab(folder: Path) -> tuple[subprocess.Popen[Any], str]:
    """Start JupyterLab and return it with its address; on another port if somebody has taken the port meanwhile."""
    log_file = folder / "lab.log"
    while True:
        port = free_port()
        with log_file.open("w") as log:
            server = subprocess.Popen(lab_command(folder, port), cwd=folder, env=lab_variables(folder), stdout=log,
                                      stderr=log)
        if not has_lost_port(server, log_file):
            return server, f"http://127.0.0.1:{port}"


def has_lost_port(server: subprocess.Popen[Any], log: Path) -> bool:
    """Wait until the server listens, has ended, or has had its time; return True if its port was taken."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None and "is running at" not in log.read_text():
        time.sleep(0.1)
    return server.poll() is not None and "already in use" in log.read_text()


def stop(server: subprocess.Popen[Any]) -> None:
    """End the server; its kernels end when they see that it is gone."""
    server.terminate()
    try:
        server.wait(3)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def lab_command(folder: Path, port: int) -> list[str]:
    """Return the command that starts JupyterLab without a token; only this machine can reach it."""
    options = [f"--ServerApp.root_dir={folder}", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    options += ["--ServerApp.port_retries=0", "--IdentityProvider.token=", "--no-browser", "--expose-app-in-browser"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    return [sys.executable, "-m", "jupyterlab", *options]


def lab_variables(folder: Path) -> dict[str, str]:
    """Return the environment of `course.py lab`, with the user's own folders replaced."""
    own = {f"JUPYTER_{kind}_DIR": str(folder / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    return build_variables(Path(sys.executable)) | own


def free_port() -> int:
    """Return a port that nobody uses, and that no system gives to somebody who asks for any port."""
    while True:
        port = secrets.choice(QUIET_PORTS)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server answers. Raise NotStartedError with the end of its log if it does not."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise NotStartedError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")
