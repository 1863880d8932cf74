"""The Python of the notebooks: Pyodide's own files are the site's, and packages come as wheels with their hashes."""
from __future__ import annotations

import email
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ...practice.exercises import FOLDER
from ..learner.my_work import ORIGINALS
from ..paths import PACKAGE, ROOT

NOT_IMPORTED = {"jupyterlite-core", "jupyterlite-pyodide-kernel", "jupyterlab-widgets"}
"""The packages of the lock that Python does not import."""
KERNELS_OWN = re.compile(r".*/pypi/((?:ipykernel|piplite|pyodide_kernel)-.*\.whl)")
"""The wheels that JupyterLite's Python brings along."""
NOT_HERE = ("commands/", "browser/", "course/dev/", "course/doctor/", "course/jupyter/", "course/learner/",
            "course/setup/", "course/site/", "course/teach/")
"""The parts of pkvm_model that no notebook imports."""
MADE = (1980, 1, 1, 0, 0, 0)
"""When every file in our wheel was made, so that it is the same bytes each time."""


Parts = Iterable[tuple[str, bytes]]
"""Names and contents."""


def list_files(wheels: Mapping[str, Path], info: Mapping[str, str]) -> dict[str, bytes]:
    """Return the wheels and the list of them by which Pyodide loads them, by their names in lab/."""
    inside = {path.name: path.read_bytes() for name, path in wheels.items() if name not in NOT_IMPORTED}
    inside |= dict([*read_kernels_own(wheels["jupyterlite-pyodide-kernel"]), make_course_wheel()])
    lock = {"info": info, "packages": {entry["name"]: entry for entry in map(describe_wheel, inside, inside.values())}}
    text = json.dumps(lock, indent=1).encode()
    inside[f"pyodide-lock-{hashlib.sha256(text).hexdigest()[:12]}.json"] = text
    return {f"wheels/{name}": content for name, content in inside.items()}


def configure(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the settings of JupyterLite's Python: everything from here, nothing from an index of packages.

    The names have a digest in them, so that no cache on the way can mix two versions.
    """
    lock = next(name for name in files if name.startswith("wheels/pyodide-lock-"))
    return {"pyodideUrl": "./../assets/pyodide/pyodide.mjs", "disablePyPIFallback": True,
            "loadPyodideOptions": {"lockFileURL": f"./{lock}", "packages": sorted(json.loads(files[lock])["packages"])}}


def read_kernels_own(wheel: Path) -> Parts:
    """Yield the wheels inside the wheel of JupyterLite's Python."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if match := KERNELS_OWN.fullmatch(name):
                yield match[1], archive.read(name)


def describe_wheel(file: str, content: bytes) -> dict[str, Any]:
    """Return the entry of a wheel in Pyodide's list; everything is loaded, so nothing depends on anything."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        about = next(name for name in names if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(about))
    modules = [name.partition("/")[0] for name in names if not re.search(r"\.(dist-info|data)/", name)]
    return {"name": re.sub(r"[-_.]+", "-", metadata["Name"]).lower(), "version": metadata["Version"],
            "file_name": file, "install_dir": "site", "sha256": hashlib.sha256(content).hexdigest(),
            "package_type": "package", "imports": sorted({module.removesuffix(".py") for module in modules}),
            "depends": [], "unvendored_tests": False}


def make_course_wheel() -> tuple[str, bytes]:
    """Return the course as a wheel, and its name: what notebooks import, and the texts that this reads."""
    parts = dict(read_course())
    digest = hashlib.sha256(b"".join(name.encode() + content for name, content in parts.items())).hexdigest()[:12]
    about = "pkvm_course-0.dist-info"
    parts[f"{about}/METADATA"] = b"Metadata-Version: 2.1\nName: pkvm-course\nVersion: 0\n"
    parts[f"{about}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    parts[f"{about}/RECORD"] = "".join(f"{name},,\n" for name in [*parts, f"{about}/RECORD"]).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, MADE), content, zipfile.ZIP_DEFLATED)
    return f"pkvm_course-0-0{digest}-py3-none-any.whl", packed.getvalue()


def read_course() -> Parts:
    """Yield the files of the course that notebooks need."""
    for path in sorted(PACKAGE.rglob("*")):
        name = path.relative_to(PACKAGE).as_posix()
        if path.is_file() and "__pycache__" not in path.parts and not name.startswith(NOT_HERE):
            yield path.relative_to(ROOT).as_posix(), path.read_bytes()
    for path in [*sorted(FOLDER.glob("*.md")), *sorted(ORIGINALS.glob("*.ipynb"))]:
        yield path.relative_to(ROOT).as_posix(), path.read_bytes()
