"""Installs what the site needs from npm, by the lock in `npm/`: Python for browsers, the editor, and its bundler."""
from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from ..errors import CourseError
from ..paths import WORKPLACE

NPM = Path(__file__).parent / "npm"
CACHE = WORKPLACE / "node_modules"
"""Where the packages are kept, a folder for each version of the lock; git ignores this name."""
COMMAND = ("ci", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1")
WAYS_OUT = ("Install npm, which comes with Node.js, or build the site without Python and editor: "
            "python3 course.py site --without-python")


def install_packages() -> Path:
    """Return the folder of the packages, which are fetched once. Raise CourseError if that fails."""
    lock = (NPM / "package-lock.json").read_bytes()
    folder = CACHE / f"site-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not folder.is_dir():
        fetch_packages(folder)
    return folder / "node_modules"


def fetch_packages(folder: Path) -> None:
    """Fetch the packages into a new folder, which is there only once it is whole. Raise CourseError if that fails."""
    npm = shutil.which("npm")
    if npm is None:
        raise CourseError(f"npm is not installed. {WAYS_OUT}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as temporary:
        place = Path(temporary) / folder.name
        shutil.copytree(NPM, place, ignore=shutil.ignore_patterns("node_modules"))
        done = subprocess.run([npm, *COMMAND], cwd=place, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = " ".join(done.stderr.split())[-300:]
            raise CourseError(f"npm could not fetch what the site ships: {reason} {WAYS_OUT}")
        if not folder.exists():
            place.rename(folder)
