"""Takes over what is new in the course: everything, or the chapters and exercises that are named."""

import argparse
from collections.abc import Iterator, Sequence

from .work import Copy, opened

RELOAD = "Open in JupyterLab? Copy what is not saved yet, then choose File, Reload Notebook from Disk."


def run(arguments: argparse.Namespace) -> int:
    """Takes over what is new and says what it did, a line for each file."""
    for line in update(arguments.names):
        print(line)
    return 0


def update(names: Sequence[str] = (), copy: Copy | None = None) -> Iterator[str]:
    """Takes over what is new of the files that are named, or of all; yields a line for each when it is done."""
    with opened(copy) as work:
        chosen = [work.named(name) for name in dict.fromkeys(names)] or list(work.files)
        made = [name for name in chosen if name in work.made]
        newer = [name for name in chosen if work.newer(name)]
        yield from (f"{name.removesuffix('.ipynb')}: new." for name in made)
        for name in newer:
            yield work.take_over(name)
    if newer:
        yield RELOAD
    elif not made:
        yield f"Nothing is newer in the course{' for what you named' if names else ''}. Your copy stays as it is."
