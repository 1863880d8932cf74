"""Makes the learner's copy, and lets a plain `jupyter lab` of this environment find the course's extension."""

import argparse
import shutil
import sys
from pathlib import Path

from ..paths import ROOT
from . import work

EXTENSIONS = ROOT / "pkvm_model" / "widgets" / "jupyter" / "labextensions"


def run(arguments: argparse.Namespace) -> int:
    """Makes the learner's copy and says where it is."""
    for sentence in work.make_copy():
        print(sentence)
    install_extensions(Path(sys.prefix))
    print(f"Your copy of the notebooks is in {work.WORK}")
    return 0


def install_extensions(prefix: Path) -> None:
    """Copies the JupyterLab extension into an environment; without it a notebook shows still tables until it is run."""
    target = prefix / "share" / "jupyter" / "labextensions"
    try:
        if EXTENSIONS.is_dir():
            shutil.copytree(EXTENSIONS, target, dirs_exist_ok=True)
    except OSError as error:
        print(f"The JupyterLab extension could not be put into {target} ({error.strerror}); widgets work once run.")
