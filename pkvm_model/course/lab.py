"""Opens JupyterLab on the learner's copy, apart from all other Jupyter on this machine."""
from __future__ import annotations

import argparse
import importlib
import tempfile
from pathlib import Path

from .doctor import preflight
from .lab_place import STATE, describe_set_aside, find_user_settings, set_broken_workspaces_aside, set_variables
from .learner import my_work
from .ports import listen


def run(arguments: argparse.Namespace) -> int:
    """Make the learner's copy, then run JupyterLab until Ctrl-C."""
    preflight.refuse_known_faults()
    # Bound before anything else, so that two starts never choose the same port.
    sockets = listen(arguments.port)
    for sentence in my_work.make_copy():
        print(sentence)
    folder = my_work.MY_WORK
    print(f"Opening JupyterLab in {folder}. Ctrl-C ends it.", flush=True)
    state = folder / STATE
    for sentence in (*describe_set_aside(), *set_broken_workspaces_aside(state)):
        print(sentence, flush=True)
    settings = find_user_settings() or state / "settings"
    with (tempfile.TemporaryDirectory(prefix="pkvm-lab-", ignore_cleanup_errors=True) as runtime,
          preflight.explain_failures()):
        set_variables(state, Path(runtime))
        # Imported after these variables are set, and run in this process: so Ctrl-C is quiet from the first moment.
        server = importlib.import_module(".lab_server", __package__)
        server.make_server(folder, state, settings, sockets, opens_browser=not arguments.no_browser).start()
    return 0
