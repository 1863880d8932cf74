"""The wheels of the browser edition, as `locks/browser.lock` names them: JupyterLite, and what its Python imports."""
from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

from ..paths import WORKPLACE
from ..publish.bundle import find_python_with_pip
from ..setup import installers
from ..setup.environment import LOCKS

LOCK = LOCKS / "browser.lock"
CACHE = WORKPLACE / ".cache"
"""Where downloads are kept, each under the digest of the lock that names it."""
PLATFORM = ["--python-version", "3.14", "--implementation", "py", "--abi", "none", "--platform", "any"]
"""Pip's options for wheels that run anywhere, in the Python that Pyodide is."""


def fetch_wheels() -> dict[str, Path]:
    """Return the wheels of the lock by the names of their packages; what is not in the cache is downloaded first."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    folder = CACHE / f"wheels-{digest}"
    if not folder.is_dir():
        download(folder)
    return {path.name.partition("-")[0].replace("_", "-").lower(): path for path in sorted(folder.glob("*.whl"))}


def download(folder: Path) -> None:
    """Download the wheels into a folder, whole or not at all; pip compares each with its hash."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as temporary:
        pip: list[str | Path] = [find_python_with_pip(Path(temporary) / "pip"), "-m", "pip"]
        wheels = Path(temporary) / "wheels"
        installers.run_quietly([*pip, "download", "--no-deps", "--require-hashes", "--only-binary", ":all:", *PLATFORM,
                                "-d", wheels, "-r", LOCK])
        shutil.rmtree(folder, ignore_errors=True)
        wheels.rename(folder)
