"""A course of a few short pages, which is kept and updated as the whole one is."""
from __future__ import annotations

import re
import shutil
from pathlib import Path

from pkvm_model.course.site.service_worker import SOURCE, write_service_worker
from pkvm_model.widgets.front_end import EXPORT, read_file

PAGES = ("index", "one", "two", "three", "exercises/first", "exercises/second", "extra/index")
PAGE = """<!doctype html><html lang="en" data-root="{root}" data-version="{version}"><title>{name}</title>
<h1>{name}, {version}</h1><p class="kept" role="status" data-size="10 MB"></p>
<script type="module">{code}
globalThis.beforeUpdate = beforeUpdate;
keepOnDevice(document.querySelector(".kept"));
</script></html>
"""


def write_course(folder: Path, version: str) -> Path:
    """Write a version in which every page names it, in place of what the folder has."""
    shutil.rmtree(folder, ignore_errors=True)
    code = read_file("elements.js") + (SOURCE.parent / "update.js").read_text(encoding="utf-8")
    for name in PAGES:
        path = folder / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        page = PAGE.format(root="../" * name.count("/") or "./", version=version, name=name,
                           code=EXPORT.sub("", re.sub("^import .*", "", code, flags=re.MULTILINE)))
        path.write_text(page, encoding="utf-8")
    for number in range(5):
        (folder / f"same-{number}.bin").write_bytes(bytes([number]) * 100_000)
    write_service_worker(folder, version)
    return folder


def version_on(html: str) -> str:
    """Return the version that a page names."""
    found = re.search(r"<h1>.*, (\S+)</h1>", html)
    return found[1] if found else ""
