"""A course of a few short pages, which is kept and updated as the whole one is."""
from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

from pkvm_model.course.site import seal, service_worker
from pkvm_model.course.site.frame import FRONT_END
from pkvm_model.widgets.front_end import bundle

PAGES = ("index", "one", "two", "three", "exercises/first", "exercises/second", "extra/index")
PAGE = """<!doctype html><html lang="en" data-root="{root}" data-version="{version}"><title>{name}</title>
<h1>{name}, {version}</h1><p class="on-device" role="status" data-size="10 MB"></p>
<script type="module">{code}
globalThis.beforeUpdate = beforeUpdate;
keepOnDevice(document.querySelector(".on-device"));
</script></html>
"""


def write_course(folder: Path, version: str) -> Path:
    """Write a version in which every page names it, in place of what the folder has.

    A host says in whole seconds when a file was written, and answers that it has not changed if that is the same. So
    another version is always a second younger, however soon it comes.
    """
    known = folder / service_worker.NAME
    moment = max(time.time(), known.stat().st_mtime + 1 if known.exists() else 0)
    shutil.rmtree(folder, ignore_errors=True)
    code = bundle(main=FRONT_END / "update.js")
    for name in PAGES:
        path = folder / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        page = PAGE.format(root="../" * name.count("/") or "./", version=version, name=name, code=code)
        path.write_text(page, encoding="utf-8")
    for number in range(5):
        (folder / f"same-{number}.bin").write_bytes(bytes([number]) * 100_000)
    kept = service_worker.list_kept(folder, seal.list_files(folder))
    hashes = {name: str(seal.describe(folder / name)["sha256"]) for name in kept}
    worker = service_worker.format_service_worker(version, hashes)
    (folder / service_worker.NAME).write_text(worker, encoding="utf-8")
    for path in folder.rglob("*"):
        os.utime(path, (moment, moment))
    return folder


def version_on(html: str) -> str:
    """Return the version that a page names."""
    found = re.search(r"<h1>.*, (\S+)</h1>", html)
    return found[1] if found else ""
