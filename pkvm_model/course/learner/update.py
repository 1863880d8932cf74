"""Brings the learner's copy up to date: everything, or only the chapters and exercises that are named."""
from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from .my_work import CopyPaths, drop_ending, open_copy

RELOAD = "Open in JupyterLab? Copy what is not saved yet, then choose File, Reload Notebook from Disk."


def run(arguments: argparse.Namespace) -> int:
    """Update the copy and print a line for each file."""
    for line in update(arguments.names):
        print(line)
    return 0


def update(names: Sequence[str] = (), paths: CopyPaths | None = None) -> Iterator[str]:
    """Update these files, or all; yield a line for each one that is done. Raise CourseError for an unknown name."""
    with open_copy(paths) as copy:
        chosen = [copy.resolve(name) for name in dict.fromkeys(names)] or list(copy.files)
        created = [name for name in chosen if name in copy.created]
        newer = [name for name in chosen if copy.describe_news(name)]
        yield from (f"{drop_ending(name)}: new." for name in created)
        for name in newer:
            yield copy.update(name)
    if newer:
        yield RELOAD
    elif not created:
        yield f"The course has nothing newer{' for what you named' if names else ''}. Your copy stays as it is."
