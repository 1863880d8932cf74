"""Builds the site: the course as a folder for any static host. It is made beside its place and put there when whole."""
from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from ..errors import CourseError
from ..publish import slides, summary
from . import chapters, editor, exercises, icons, landing, licences, lite, python_parts, seal
from .frame import Site


def run(arguments: argparse.Namespace) -> int:
    """Build the site, and print what it is."""
    target = Path(arguments.output).resolve()
    refuse_foreign(target)
    try:
        version = build(target, python=not arguments.without_python)
    except OSError as error:
        raise CourseError(f"cannot write the site into {target} ({error.strerror}); name another with -o.") from error
    print(summarize(target, version))
    return 0


def build(target: Path, *, python: bool) -> str:
    """Build the site in place of what was there, and return its version."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as temporary:
        site = Site(Path(temporary) / "new", python)
        site.folder.mkdir()
        for step in STEPS:
            step(site)
        version = seal.seal(site.folder)
        put(site.folder, target)
    return version


def write_python(site: Site) -> None:
    """Write what a page's Python is made of, unless the site is built without it."""
    if site.python:
        python_parts.write_parts(site.folder / "assets")


def write_for_classes(site: Site) -> None:
    """Write the slides, and the summary to print."""
    head = icons.format_links("./")
    slides.write(site.folder, head=head)
    summary.write(site.folder, head)


def keep_all_files(site: Site) -> None:
    """Tell GitHub Pages to serve every file as it is."""
    (site.folder / ".nojekyll").touch()


def write_icons(site: Site) -> None:
    """Write the icons, and the manifest that names them."""
    icons.write_icons(site.folder)


STEPS: tuple[Callable[[Site], None], ...] = (
    chapters.write, exercises.write, editor.write, write_python, write_for_classes, write_icons, keep_all_files,
    lite.write, landing.write, licences.write)
"""What writes a part of the site, in order: a page links to what was written before, the licences are those of all
files. The version covers all of it."""


def refuse_foreign(target: Path) -> None:
    """Raise CourseError if something would be lost: a folder that is no site, or files that a site does not have."""
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    listed = seal.list_sealed(target)
    if not listed:
        raise CourseError(f"{target} is not a site of this course. Remove it, or name another folder with -o.")
    if foreign := seal.list_files(target) - listed:
        raise CourseError(f"{target} has files that are not of the site, such as {min(foreign)}. Move them, or name "
                          "another folder with -o.")


def put(folder: Path, target: Path) -> None:
    """Put a whole site in its place; what was there is moved beside it first, and back if that fails."""
    before = folder.with_name("before")
    if target.exists():
        target.rename(before)
    try:
        folder.rename(target)
    except OSError:
        if before.exists():
            before.rename(target)
        raise


def summarize(target: Path, version: str) -> str:
    """Return what was built, and how to look at it."""
    sizes = [path.stat().st_size for path in target.rglob("*") if path.is_file()]
    pages = len([*target.rglob("*.html")])
    return (f"{target}: version {version}, {pages} pages, {len(sizes)} files, {sum(sizes) / 1e6:.1f} MB.\n"
            f"Copy the folder to any web server, or try it here: python3 -m http.server --bind 127.0.0.1 -d {target}")
