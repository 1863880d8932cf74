"""Writes what can be read without Python: the notebooks as pages, the slides of a workshop."""

import argparse
from pathlib import Path

from pkvm_model.course import pages, slides


def run(arguments: argparse.Namespace) -> int:
    """Writes the pages and the slides into the folder asked for."""
    status = pages.main(["-o", arguments.output])
    slides.write(Path(arguments.output))
    return status
