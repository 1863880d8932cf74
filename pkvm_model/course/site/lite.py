"""Writes the folder lab/ of the browser edition: JupyterLite with the learner's copy, for those who want free cells.

JupyterLite comes as wheels. What is in them is laid out here as JupyterLite's own builder does it, but the same bytes
each time, without what the course never shows, and without an environment to run that builder in.
"""
from __future__ import annotations

import base64
import hashlib
import json
import re
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ...widgets.front_end import FOLDER as FRONT_END
from ..errors import CourseError
from ..paths import PACKAGE
from . import lite_files, lite_python
from .frame import Site
from .packages import install_packages
from .python_parts import PYODIDE, read_pyodide
from .wheels import fetch_wheels

CONFIG = PACKAGE / "course" / "jupyter" / "labconfig"
OURS = Path(__file__).parent / "lab"
"""The pages and scripts of our own."""
APP = re.compile(r"package/((?:build|lab)/.*|jupyter-lite\.(?:json|ipynb)|config-utils\.js|service-worker\.js)")
"""The parts of JupyterLite that the course needs: JupyterLab, and not its other faces."""
OTHER_FACES = re.compile(r"build/(?:consoles|edit|notebooks|repl|tree)/|lab/(?:tree|workspaces)/|"
                         r".*\.(?:map|eot|svg|ttf|woff)$|.*package\.json$")
EXTENSION = re.compile(r".*\.data/data/share/jupyter/labextensions/(.*)")
EXTENSIONS = ("anywidget", "jupyterlab-widgets", "jupyterlite-pyodide-kernel")
"""The packages whose extensions of JupyterLab draw live widgets and run Python."""
STARTS = "await import(\n          '../config-utils.js"
"""How JupyterLite's page begins."""
MANIFEST = '<link rel="manifest" href="../manifest.webmanifest">'
"""What would make an application of the notebooks alone; the site is one."""
PACKAGE_FILE = re.compile(r"(extensions/(?:@[^/]+/)?[^/]+)/package\.json")
SETTINGS = {"@jupyterlab/filebrowser-extension:browser": {"showLastModifiedColumn": False}}
"""What is set here only: when a shipped file was made says nothing."""
NOT_HERE = ["@jupyterlite/application-extension:lsp-connection-manager"]
"""What is off here, besides what is off in `course.py lab`."""
Files = dict[str, bytes]
"""Contents by names relative to lab/."""


ENGLISH = {"displayName": "English", "nativeName": "English"}
LANGUAGE = {"api/translations/all.json": json.dumps({"data": {"en": ENGLISH}, "message": ""}).encode(),
            "api/translations/en.json": json.dumps({"data": {}, "message": ""}).encode()}
"""What a server would say about the languages that it has."""


def write(site: Site) -> None:
    """Write lab/, unless the site is built without Python; its Pyodide is the one in assets/ that the pages have."""
    if not site.python:
        return
    wheels, pyodide = fetch_wheels(), install_packages() / "pyodide"
    files = read_app(wheels["jupyterlite-core"]) | read_extensions(wheels) | read_own_extension()
    files |= lite_files.list_files() | lite_python.list_files(wheels, read_info(pyodide))
    files |= {"jupyterlite-worker.js": files["service-worker.js"], "jupyter-lite.json": configure(files),
              "lab/index.html": begin_with_ours(files["lab/index.html"])}
    files |= LANGUAGE | {"build/schemas/all_federated.json": json.dumps(list(list_schemas(files))).encode()}
    files |= {path.name: path.read_bytes() for path in OURS.iterdir()}
    files["service-worker.js"] = list_for_worker(files)
    for name, content in files.items():
        path = site.folder / "lab" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def read_info(pyodide: Path) -> dict[str, str]:
    """Return what Pyodide says about itself in the list of its packages."""
    info: dict[str, str] = json.loads((pyodide / "pyodide-lock.json").read_bytes())["info"]
    return info


def read_app(wheel: Path) -> Files:
    """Return JupyterLite's own files without its other faces, and without what only those load."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".tgz"))
        with archive.open(name) as inner, tarfile.open(fileobj=inner, mode="r:gz") as package:
            found = {match[1]: package.extractfile(member) for member in package if member.isfile()
                     if (match := APP.fullmatch(member.name)) and not OTHER_FACES.match(match[1])}
            files = {name: content.read() for name, content in found.items() if content}
    bundle = files["build/lab/bundle.js"].decode()
    return {name: content for name, content in files.items() if is_loaded(name, bundle)}


def is_loaded(name: str, bundle: str) -> bool:
    """Return False for a part that the bundle of JupyterLab does not name."""
    part = re.fullmatch(r"build/(\d+)\.([0-9a-f]+)\.js", name)
    return part is None or f'{part[1]}:"{part[2]}"' in bundle


def read_extensions(wheels: Mapping[str, Path]) -> Files:
    """Return the extensions of JupyterLab that come in wheels."""
    files = Files()
    for package in EXTENSIONS:
        with zipfile.ZipFile(wheels[package]) as archive:
            files |= {f"extensions/{match[1]}": archive.read(name) for name in archive.namelist()
                      if (match := EXTENSION.fullmatch(name)) and not re.search(r"\.map$|\.whl$", name)}
    return files


def read_own_extension() -> Files:
    """Return the course's own extension of JupyterLab."""
    root = FRONT_END.parent
    return {f"extensions/{root.name}/{path.relative_to(root).as_posix()}": path.read_bytes()
            for path in sorted(root.rglob("*")) if path.is_file()}


def configure(files: Files) -> bytes:
    """Return JupyterLite's settings: the extensions, the Python, and what `course.py lab` sets, too."""
    settings = json.loads(files["jupyter-lite.json"])
    page = json.loads((CONFIG / "page_config.json").read_bytes())
    settings["jupyter-config-data"] |= {
        "appName": "Taking a virtual machine apart",
        "contentsAllJsonFile": "all.json",
        "disabledExtensions": [*NOT_HERE, *(name for name, is_off in page["disabledExtensions"].items() if is_off)],
        "exposeAppInBrowser": True,
        "federated_extensions": list(list_extensions(files)),
        "litePluginSettings": {"@jupyterlite/pyodide-kernel-extension:kernel": lite_python.configure(files)},
        "settingsOverrides": SETTINGS | json.loads((CONFIG / "default_setting_overrides.json").read_bytes()),
        "courseVersions": lite_files.list_versions(files)}
    return json.dumps(settings, indent=1).encode()


def list_packages(files: Files) -> Iterable[tuple[str, Any]]:
    """Yield the folder and the description of each extension."""
    for name in sorted(files):
        if match := PACKAGE_FILE.fullmatch(name):
            yield match[1], json.loads(files[name])


def list_extensions(files: Files) -> Iterable[dict[str, str]]:
    """Yield how JupyterLab loads each extension."""
    for _, package in list_packages(files):
        yield {"name": package["name"], **package["jupyterlab"]["_build"]}


def list_schemas(files: Files) -> Iterable[dict[str, object]]:
    """Yield what can be set in each part of each extension."""
    for folder, package in list_packages(files):
        for name in sorted(files):
            if match := re.fullmatch(re.escape(folder) + r"/schemas/.*?([^/]+)\.json", name):
                yield {"id": f"{package['name']}:{match[1]}", "raw": "{}", "schema": json.loads(files[name]),
                       "settings": {}, "version": package["version"]}


def begin_with_ours(page: bytes) -> bytes:
    """Return JupyterLite's page with our script before its own."""
    text = page.decode()
    if text.count(STARTS) != 1:
        raise CourseError("JupyterLite's page begins in another way than this version of the course knows.")
    text = text.replace(STARTS, f"await import('../prepare.js');\n        {STARTS}")
    return text.replace("<html>", '<html lang="en">').replace(MANIFEST, "").encode()


def list_for_worker(files: Files) -> bytes:
    """Return our service worker with the version and hash of every file that it keeps, Pyodide's too."""
    shared = {f"../assets/pyodide/{name}": read_pyodide()[name] for name in PYODIDE}
    kept = {name: hash_file(content) for name, content in sorted((files | shared).items())
            if name != "service-worker.js"}
    version = hashlib.sha256(json.dumps(kept).encode()).hexdigest()[:12]
    text = files["service-worker.js"].decode()
    return text.replace('/* COURSE */ { version: "", files: {} }',
                        json.dumps({"version": version, "files": kept}, indent=1)).encode()


def hash_file(content: bytes) -> str:
    """Return the hash of a file as browsers compare it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content).digest()).decode()
