"""Routes the `pages` command to the exporter."""

import argparse

from pkvm_model.course import pages


def run(arguments: argparse.Namespace) -> int:
    """Writes the notebooks as HTML pages into the folder asked for."""
    return int(pages.main(["-o", arguments.output]) or 0)
