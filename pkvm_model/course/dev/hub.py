"""The environment in which the hub of `docs/hub` is tried: JupyterHub from its own lock, and its proxy from npm."""
from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from ..errors import CourseError
from ..paths import ROOT, WORKPLACE
from ..setup import install
from ..setup.environment import LOCKS, Environment

HUB = Environment(WORKPLACE / ".venv-hub", LOCKS / "hub.lock")
FOLDER = ROOT / "docs" / "hub"
PROXY = HUB.venv / "proxy"
"""Where `jupyterhub_config.py` looks for the proxy: in JupyterHub's own environment."""
NPM = ("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")


def ensure_hub() -> Path:
    """Return the Python of an environment that has JupyterHub and its proxy; make what is missing."""
    python = install.ensure_environment(HUB)
    if not (PROXY / "node_modules").is_dir():
        fetch_proxy()
    return python


def fetch_proxy() -> None:
    """Fetch the proxy from npm. Raise CourseError if that fails."""
    shutil.copytree(FOLDER / "proxy", PROXY, dirs_exist_ok=True)
    try:
        done = subprocess.run(NPM, cwd=PROXY, capture_output=True, text=True, check=False)
    except OSError:
        raise CourseError("npm is not installed, and JupyterHub's proxy comes from there. It comes with Node.js 20 or "
                          "newer.") from None
    if done.returncode:
        raise CourseError(f"npm could not fetch JupyterHub's proxy: {' '.join(done.stderr.split())[-300:]}")
