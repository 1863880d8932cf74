"""Where the course's JupyterLab reads and writes: apart from all other Jupyter on this machine. Standard library only.

JupyterLab reads no configuration but the course's own, and writes beside the learner's copy. So what a user has set up
for other work cannot break it. The user's settings of JupyterLab, such as the theme, do apply.
"""
from __future__ import annotations

import importlib
import itertools
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from .paths import PACKAGE
from .setup.process import adopt_variables

STATE = ".jupyter"
"""The folder in the learner's copy where JupyterLab keeps what it writes."""
WORKSPACES, WORKSPACE = "workspaces", ".jupyterlab-workspace"
"""The folder there in which JupyterLab keeps which notebooks are open, and how the names of its files end."""
CONFIGURATIONS = ("jupyter_config", "jupyter_lab_config", "jupyter_notebook_config", "jupyter_server_config")


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


def find_settings_folder() -> Path | None:
    """Return the folder in which the user's settings of JupyterLab would be, None without a home."""
    named, user = os.environ.get("JUPYTERLAB_SETTINGS_DIR"), find_user_folder()
    return Path(named) if named else user and user / "lab" / "user-settings"


def find_user_settings() -> Path | None:
    """Return the folder of the user's settings of JupyterLab, None if it cannot be used."""
    folder = find_settings_folder()
    return folder if folder and can_be_written(folder) and not find_broken_settings(folder) else None


def find_broken_settings(folder: Path) -> str:
    """Return the name of a file of settings that JupyterLab cannot read, '' if there is none: it would show nothing."""
    for path in sorted(folder.rglob("*.jupyterlab-settings")):
        try:
            importlib.import_module("json5").loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return str(path)
        except ModuleNotFoundError:  # There is no environment yet, and what it will meet shows later.
            return ""
    return ""


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
    settings = find_settings_folder()
    if broken := settings and find_broken_settings(settings):
        yield f"Your settings of JupyterLab do not apply here: {broken} cannot be read. Mend it, or delete it."
    if files := list_user_configuration():
        also = "" if broken else " Your theme and other settings of JupyterLab do."
        yield f"Your own Jupyter configuration does not apply here: {', '.join(map(str, files))}.{also}"


def set_broken_workspaces_aside(state: Path) -> Iterator[str]:
    """Give files of workspaces that JupyterLab cannot read another name, and yield a sentence for each."""
    for path in sorted((state / WORKSPACES).glob(f"*{WORKSPACE}")):
        if not is_workspace(path):
            names = (path.with_name(f"{path.stem}-damaged-{number}") for number in itertools.count(1))
            aside = path.rename(next(name for name in names if not os.path.lexists(name)))
            yield (f"{path} cannot be read, so JupyterLab has forgotten which notebooks were open. The file is now "
                   f"{aside.name}.")


def is_workspace(path: Path) -> bool:
    """Return True if JupyterLab can read a file as a workspace."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return isinstance(content["metadata"]["id"], str) and isinstance(content["data"], dict)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return False


def list_user_configuration() -> list[Path]:
    """Return the user's own files of Jupyter configuration; JupyterLab does not read them here."""
    user = find_user_folder()
    names = [f"{name}{ending}" for name in CONFIGURATIONS for ending in (".py", ".json")]
    try:
        return [user / name for name in names if user and (user / name).is_file()]
    except OSError:
        return []
