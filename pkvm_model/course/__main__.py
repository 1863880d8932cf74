"""Runs the course's commands in the active environment: python3 -m pkvm_model.course start."""
from __future__ import annotations

import sys

from .cli import run_inside

if __name__ == "__main__":
    sys.exit(run_inside(sys.argv[1:]))
