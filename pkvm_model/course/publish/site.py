"""Writes what can be read without Python: the notebooks as pages, slides for a class, a summary for print."""
from __future__ import annotations

import argparse
from pathlib import Path

from . import pages, slides, summary


def run(arguments: argparse.Namespace) -> int:
    """Write the pages, the slides and the summary into a folder."""
    folder = Path(arguments.output)
    number = pages.write(folder)
    print(f"{number} pages: open {folder / 'index.html'}")
    slides.write(folder)
    summary.write(folder)
    return 0
