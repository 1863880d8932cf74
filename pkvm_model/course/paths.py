"""Where the course is."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The checkout: the folder that has course.py."""
