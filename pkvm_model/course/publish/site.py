"""Writes what can be read without Python: the notebooks as pages, slides for a class, a summary for print."""

import argparse
from pathlib import Path

from . import pages, slides, summary


def run(arguments: argparse.Namespace) -> int:
    """Writes the pages, the slides and the summary into the folder asked for."""
    status = pages.main(["-o", arguments.output])
    slides.write(Path(arguments.output))
    summary.write(Path(arguments.output))
    return status
