"""What a command says while it works, on the error stream."""
from __future__ import annotations

import sys

from ..outside import escape


def say(text: str) -> None:
    """Print on the error stream."""
    print(escape(text), file=sys.stderr, flush=True)
