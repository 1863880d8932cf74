"""Makes a teacher's kit: a folder with the slides, the sheet with the answers, and the summary to print."""
from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import CourseError
from . import sheet, slides, summary


def run(arguments: argparse.Namespace) -> int:
    """Write the kit, and print what is in it."""
    target = Path(arguments.output).resolve()
    listed = Path(arguments.slides).resolve() if arguments.slides else slides.LIST
    try:
        target.mkdir(parents=True, exist_ok=True)
        slides.write(target, listed)
        sheet.write(target, listed)
        summary.write(target)
    except OSError as error:
        raise CourseError(f"cannot write into {target} ({error.strerror}); name another folder with -o.") from error
    print(f"In {target}:\n  slides.html          for the room\n  {sheet.NAME}  the answers, on one page for you\n"
          "  summary.html         two pages to print for each seat")
    return 0
