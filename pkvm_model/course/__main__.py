"""Runs the course's commands in an environment that is there already: python3 -m pkvm_model.course start."""

import sys

from .cli import inside

if __name__ == "__main__":
    sys.exit(inside(sys.argv[1:]))
