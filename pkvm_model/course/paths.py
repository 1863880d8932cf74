"""Where the course is on this machine."""
from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
"""The folder pkvm_model."""
ROOT = PACKAGE.parent
"""The checkout: the folder with course.py."""
