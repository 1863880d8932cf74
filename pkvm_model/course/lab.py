"""Opens JupyterLab on the learner's copy."""

import argparse
import importlib
import os
import socket
import sys
from pathlib import Path

from .errors import CourseError
from .learner import work
from .setup.environment import variables


def run(arguments: argparse.Namespace) -> int:
    """Makes the learner's copy, then goes on as JupyterLab."""
    if arguments.port:
        refuse_taken_port(arguments.port)
    for sentence in work.make_copy():
        print(sentence)
    print(f"Opening JupyterLab in {work.WORK}. Ctrl-C ends it.", flush=True)
    os.environ.update(variables(Path(sys.executable)))
    # Imported here, with these variables set, and run in this process: Ctrl-C is then quiet from the first moment on.
    lab = importlib.import_module("jupyterlab.labapp").LabApp
    # The command line cannot set this one: JupyterLab's own value wins over it.
    lab.serverapp_config = {**lab.serverapp_config, "default_url": first_page(work.WORK)}
    lab.launch_instance(options(arguments, work.WORK))
    return 0


def options(arguments: argparse.Namespace, folder: Path) -> list[str]:
    """Gives JupyterLab's own options."""
    chosen = [
        f"--ServerApp.root_dir={folder}",
        "--ServerApp.answer_yes=True",
        "--ServerApp.log_level=WARN",
        "--LabApp.log_level=WARN",
    ]
    if arguments.port:
        chosen += [f"--ServerApp.port={arguments.port}", "--ServerApp.port_retries=0"]
    if arguments.no_browser:
        chosen.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        chosen.append("--allow-root")
    return chosen


def first_page(folder: Path) -> str:
    """Gives the address of the first notebook, or of JupyterLab where there is none."""
    first = min((each.name for each in folder.glob("*.ipynb")), default=None)
    return f"/lab/tree/{first}" if first else "/lab"


def refuse_taken_port(port: int) -> None:
    """Raises when nothing can listen on this port."""
    with socket.socket() as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CourseError(
                f"port {port} cannot be used ({error.strerror}). Choose another, or leave --port out."
            ) from error
