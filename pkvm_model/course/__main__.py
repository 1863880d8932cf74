"""Runs the course's commands in the active environment: python3 -m pkvm_model.course start."""
from __future__ import annotations

import signal
import sys

if __name__ == "__main__":
    try:
        if hasattr(signal, "pthread_sigmask"):  # course.py keeps Ctrl-C back until here.
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        from ..typed import adopt

        words = adopt(sys.argv[1:], "-m pkvm_model.course")
        from .cli import run_inside

        status = run_inside(words)
    except KeyboardInterrupt:  # It came while this was imported.
        print("\nStopped.", file=sys.stderr)
        status = 130
    sys.exit(status)
