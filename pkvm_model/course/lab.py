"""Opens JupyterLab on the learner's copy."""
from __future__ import annotations

import argparse
import importlib
import os
import socket
import sys
from pathlib import Path

from .doctor import preflight
from .errors import CourseError
from .learner import my_work
from .setup.process import build_variables


def run(arguments: argparse.Namespace) -> int:
    """Make the learner's copy, then become JupyterLab."""
    preflight.refuse_known_faults()
    if arguments.port:
        refuse_busy_port(arguments.port)
    for sentence in my_work.make_copy():
        print(sentence)
    folder = my_work.MY_WORK
    print(f"Opening JupyterLab in {folder}. Ctrl-C ends it.", flush=True)
    os.environ.update(build_variables(Path(sys.executable)))
    with preflight.explain_failures():
        # Imported here, after these variables are set, and run in this process: so Ctrl-C is quiet from the start.
        lab = importlib.import_module("jupyterlab.labapp").LabApp
        # The command line cannot set this option: JupyterLab's own value wins over it.
        lab.serverapp_config = {**lab.serverapp_config, "default_url": choose_first_page(folder)}
        lab.launch_instance(list_options(arguments, folder))
    return 0


def list_options(arguments: argparse.Namespace, folder: Path) -> list[str]:
    """Return JupyterLab's own options."""
    options = [f"--ServerApp.root_dir={folder}", "--ServerApp.answer_yes=True", "--ServerApp.log_level=WARN",
               "--LabApp.log_level=WARN"]
    if arguments.port:
        options += [f"--ServerApp.port={arguments.port}", "--ServerApp.port_retries=0"]
    if arguments.no_browser:
        options.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    return options


def choose_first_page(folder: Path) -> str:
    """Return the address of the first notebook, or of JupyterLab if there is no notebook."""
    first = min((each.name for each in folder.glob("*.ipynb")), default=None)
    return f"/lab/tree/{first}" if first else "/lab"


def refuse_busy_port(port: int) -> None:
    """Raise CourseError if nothing can listen on this port."""
    with socket.socket() as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CourseError(f"port {port} cannot be used ({error.strerror}). Choose another, or leave --port "
                              "out.") from error
