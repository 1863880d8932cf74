"""Checks of the machine: its Python, its clock, its way from a browser to a server. Standard library only."""
from __future__ import annotations

import os
import platform
import re
import socket
import sys
import tempfile
import time
from pathlib import Path

from ...machine import tools
from ...practice import fence
from .. import browsers
from ..paths import name_command
from .diagnosis import Diagnosis, describe_error

NEWEST_KNOWN = time.mktime((2026, 1, 1, 0, 0, 0, 0, 1, -1))
"""The course is younger than this, so a clock that is older is wrong."""
CONNECT_SECONDS = 10


def check_python() -> Diagnosis:
    """Name this Python; course.py has already refused versions that are too old. `-OO` removes what Jupyter reads."""
    if sys.flags.optimize > 1:
        return Diagnosis("missing", "Python", "PYTHONOPTIMIZE=2 or -OO takes away docstrings that Jupyter needs: unset "
                         "PYTHONOPTIMIZE and start without -OO")
    return Diagnosis("ok", "Python", f"{platform.python_version()}, {sys.executable}")


def check_umask() -> Diagnosis:
    """Read which rights new files do not get."""
    mask = os.umask(0o077)
    os.umask(mask)
    if mask & 0o700:
        return Diagnosis("missing", "umask", f"umask {mask:03o} takes your own rights to new files away, and Jupyter "
                         "cannot start: type umask 022, then start again")
    return Diagnosis("ok", "umask", f"{mask:03o}")


def check_temporary() -> Diagnosis:
    """Find a folder for temporary files, as JupyterLab does."""
    named = os.environ.get("TMPDIR", "")
    try:
        folder = tempfile.gettempdir()
    except OSError:
        return Diagnosis("missing", "temporary", "no folder for temporary files can be written: make room in /tmp, or "
                         "set TMPDIR to a folder of your own")
    if named and Path(folder) != Path(named).absolute():
        return Diagnosis("note", "temporary", f"TMPDIR names {named}, which cannot be written; {folder} is used")
    return Diagnosis("ok", "temporary", f"{folder} can be written")


def check_clock() -> Diagnosis:
    """Compare the clock with a day on which the course was there already."""
    today = time.strftime("%Y-%m-%d")
    if time.time() < NEWEST_KNOWN:
        return Diagnosis("note", "clock", f"this machine's clock says {today}: set it, or packages cannot be fetched, "
                         "since the certificate of their server looks as if it came from the future")
    return Diagnosis("ok", "clock", today)


def check_loopback() -> Diagnosis:
    """Open a port on loopback, send a byte through it and close it, as a browser and a kernel do."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(CONNECT_SECONDS)
            send_byte(server)
    except OSError as error:
        return Diagnosis("missing", "loopback", "a program cannot reach another on this machine at 127.0.0.1 "
                         f"({describe_error(error)}): let your firewall or container allow it")
    return Diagnosis("ok", "loopback", "127.0.0.1 works")


def send_byte(server: socket.socket) -> None:
    """Send one byte from a client to a server. Raise OSError if it does not arrive."""
    with socket.create_connection(server.getsockname(), CONNECT_SECONDS) as client:
        connection, _ = server.accept()
        with connection:
            connection.settimeout(CONNECT_SECONDS)
            client.sendall(b"!")
            if connection.recv(1) != b"!":
                raise OSError("what was sent did not arrive")


def check_localhost() -> Diagnosis:
    """Look the name localhost up, which the browser is sent to."""
    try:
        addresses = {str(entry[4][0]) for entry in socket.getaddrinfo("localhost", None)}
    except (OSError, UnicodeError) as error:
        addresses = {describe_error(error)}
    if addresses & {"127.0.0.1", "::1"}:
        return Diagnosis("ok", "localhost", " and ".join(sorted(addresses)))
    return Diagnosis("note", "localhost", "this machine does not know its own name localhost "
                     f"({', '.join(addresses)}): if the browser finds no page, write 127.0.0.1 there instead")


def check_fence() -> Diagnosis:
    """Ask whether the kernel can keep answers from files, which matters to those who run answers of others."""
    version = fence.find_landlock()
    if version:
        return Diagnosis("ok", "fence", f"the kernel keeps answers from changing your files (Landlock {version})")
    return Diagnosis("note", "fence", "this system has no Landlock, so only a list of what answers may not do keeps "
                     "them from your files: run answers of other people only if you trust them")


def check_real_kernel() -> Diagnosis:
    """Ask whether a real kernel can be started here; only chapter 13 has a use for it."""
    found = tools.find_tools()
    if found.lacks:
        return Diagnosis("ok", "real kernel", f"none can be started here, and you need none ({found.lacks[0].subject} "
                         f"missing; {name_command('kernel')} says how to get it)")
    return Diagnosis("ok", "real kernel", f"{found.kernel} can be started")


def check_browser() -> Diagnosis:
    """Look for the browser that `lab` opens."""
    browser = browsers.find_browser()
    if browser is None:
        return Diagnosis("note", "browser", "none can be opened here; lab prints the address to open")
    return Diagnosis("ok", "browser", re.sub(r".*[\\/]", "", str(getattr(browser, "name", "") or "the system's own")))
