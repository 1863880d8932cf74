"""Opens JupyterLab on the learner's copy, apart from all other Jupyter on this machine.

JupyterLab reads no configuration but the course's own (`lab_server.py`), and writes beside the learner's copy. So what
a user has set up for other work cannot break it. The user's settings of JupyterLab, such as the theme, do apply.
"""
from __future__ import annotations

import argparse
import errno
import importlib
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .doctor import preflight
from .errors import CourseError
from .learner import my_work
from .paths import PACKAGE
from .setup.process import adopt_variables

STATE = ".jupyter"
"""The folder in the learner's copy where JupyterLab keeps what it writes."""
PORT, PORTS = 8888, 100
"""The first port to try, and how many to try."""
CONFIGURATIONS = ("jupyter_config", "jupyter_lab_config", "jupyter_notebook_config", "jupyter_server_config")


def run(arguments: argparse.Namespace) -> int:
    """Make the learner's copy, then run JupyterLab until Ctrl-C."""
    preflight.refuse_known_faults()
    # Bound before anything else, so that two starts never choose the same port.
    sockets = listen(arguments.port)
    for sentence in my_work.make_copy():
        print(sentence)
    folder = my_work.MY_WORK
    print(f"Opening JupyterLab in {folder}. Ctrl-C ends it.", flush=True)
    for sentence in describe_set_aside():
        print(sentence, flush=True)
    state = folder / STATE
    settings = find_user_settings() or state / "settings"
    with (tempfile.TemporaryDirectory(prefix="pkvm-lab-", ignore_cleanup_errors=True) as runtime,
          preflight.explain_failures()):
        set_variables(state, Path(runtime))
        # Imported after these variables are set, and run in this process: so Ctrl-C is quiet from the first moment.
        server = importlib.import_module(".lab_server", __package__)
        server.make_server(folder, state, settings, sockets, opens_browser=not arguments.no_browser).start()
    return 0


def set_variables(state: Path, runtime: Path) -> None:
    """Set the environment variables of JupyterLab and its kernels; those that the user has for Jupyter are removed."""
    (state / "ipython").mkdir(parents=True, exist_ok=True)
    for name in [*os.environ]:
        if name.startswith(("JUPYTER", "IPYTHON")) and name != "JUPYTER_TOKEN":
            del os.environ[name]
    adopt_variables(Path(sys.executable))
    os.environ |= {"JUPYTER_CONFIG_DIR": str(PACKAGE / "course" / "jupyter"), "JUPYTER_DATA_DIR": str(state / "data"),
                   "JUPYTER_RUNTIME_DIR": str(runtime), "IPYTHONDIR": str(state / "ipython")}


def find_user_folder() -> Path | None:
    """Return the user's folder of Jupyter configuration, None without a home."""
    try:
        return Path(os.environ.get("JUPYTER_CONFIG_DIR") or Path.home() / ".jupyter")
    except RuntimeError:
        return None


def find_user_settings() -> Path | None:
    """Return the folder of the user's settings of JupyterLab, None if it cannot be used."""
    named, user = os.environ.get("JUPYTERLAB_SETTINGS_DIR"), find_user_folder()
    folder = Path(named) if named else user and user / "lab" / "user-settings"
    return folder if folder and can_be_written(folder) else None


def can_be_written(folder: Path) -> bool:
    """Return True if a folder can be written, or made."""
    try:
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        return False


def describe_set_aside() -> Iterator[str]:
    """Yield a sentence if the user has a configuration of Jupyter, which does not apply here."""
    if files := list_user_configuration():
        yield (f"Your own Jupyter configuration does not apply here: {', '.join(map(str, files))}. Your theme and "
               "other settings of JupyterLab do.")


def list_user_configuration() -> list[Path]:
    """Return the user's own files of Jupyter configuration; JupyterLab does not read them here."""
    user = find_user_folder()
    names = [f"{name}{ending}" for name in CONFIGURATIONS for ending in (".py", ".json")]
    try:
        return [user / name for name in names if user and (user / name).is_file()]
    except OSError:
        return []


def listen(port: int | None) -> list[socket.socket]:
    """Return sockets that listen on a port, or on the first free one. Raise CourseError if that fails."""
    reason = ""
    for number in [port] if port else range(PORT, PORT + PORTS):
        try:
            return listen_on(number)
        except OSError as error:
            reason = error.strerror or str(error)
    if port:
        raise CourseError(f"port {port} cannot be used ({reason}). Choose another, or leave --port out.")
    raise CourseError(f"no port from {PORT} to {PORT + PORTS - 1} can be used ({reason}). Close some programs, or name "
                      "a port with --port.")


def listen_on(port: int) -> list[socket.socket]:
    """Return sockets that listen on a port of this machine, which only this machine can reach. Raise OSError."""
    first = bind(socket.AF_INET, "127.0.0.1", port)
    try:
        # A browser may take localhost for the other address: nobody else must answer there.
        return [first, bind(socket.AF_INET6, "::1", port)]
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            first.close()
            raise
        return [first]  # This machine has no such address.


def bind(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    """Return a socket that listens at an address. Raise OSError."""
    listening = socket.socket(family)
    try:
        if os.name != "nt":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind((address, port))
        listening.listen(128)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening
