"""The widgets that a learner clicks, one family per module."""
from __future__ import annotations

from .bench import Bench
from .el2_time import El2Time
from .finder import Finder, Scheduler
from .quiz import Quiz
from .sequence import SequenceView

__all__ = ["Bench", "El2Time", "Finder", "Quiz", "Scheduler", "SequenceView"]
