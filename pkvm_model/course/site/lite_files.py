"""The learner's copy as JupyterLite ships it: the notebooks, and the lists of them that a server would give."""
from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from ..learner.my_work import CopyPaths, OpenCopy

SHIPPED = "2000-01-01T00:00:00Z"
"""When all files were made, so that a site is the same bytes each time; the list of files does not show it."""
GIVEN = "course"
"""The entry of a notebook's metadata that names the version of it that the course gave out."""


def list_files() -> dict[str, bytes]:
    """Return the learner's copy and its lists, by their names in lab/."""
    notebooks = {name: prepare(content) for name, content in OpenCopy(CopyPaths()).files.items()}
    folders = sorted({str(PurePosixPath(name).parent) for name in notebooks})
    lists = {f"api/contents/{folder}/all.json".replace("/./", "/"): write_list(folder, folders, notebooks)
             for folder in folders}
    return {f"files/{name}": content for name, content in notebooks.items()} | lists


def prepare(content: bytes) -> bytes:
    """Return a notebook with the name of its version, and with each output's text in one piece.

    JupyterLite shows a stored text that is a list of lines with commas between them.
    """
    notebook = json.loads(content)
    for output in [output for cell in notebook["cells"] for output in cell.get("outputs", [])]:
        if output["output_type"] == "stream":
            output["text"] = "".join(output["text"])
        for kind, data in output.get("data", {}).items():
            if not kind.endswith("json"):
                output["data"][kind] = "".join(data)
    notebook["metadata"][GIVEN] = hashlib.sha256(content).hexdigest()[:12]
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def list_versions(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the version of each notebook by its name in the copy."""
    return {name.removeprefix("files/"): json.loads(content)["metadata"][GIVEN]
            for name, content in files.items() if name.startswith("files/")}


def write_list(folder: str, folders: list[str], notebooks: Mapping[str, bytes]) -> bytes:
    """Return what a server would say about a folder of the copy."""
    inner = [describe(name, "directory") for name in folders if name != "." and folder == "."]
    inside = [describe(name, "notebook", len(content)) for name, content in notebooks.items()
              if str(PurePosixPath(name).parent) == folder]
    whole = describe("" if folder == "." else folder, "directory") | {"format": "json", "content": [*inner, *inside]}
    return json.dumps(whole).encode()


def describe(path: str, kind: str, size: int | None = None) -> dict[str, Any]:
    """Return the entry of a file or folder without its content."""
    return {"name": PurePosixPath(path).name, "path": path, "type": kind, "size": size, "format": None,
            "mimetype": None, "content": None, "writable": True, "created": SHIPPED, "last_modified": SHIPPED}
