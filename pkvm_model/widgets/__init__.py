"""What the learner clicks: widgets, a family in a module."""

from pkvm_model.widgets.bench import Bench
from pkvm_model.widgets.el2_time import El2Time
from pkvm_model.widgets.finder import Finder, Scheduler
from pkvm_model.widgets.quiz import Quiz
from pkvm_model.widgets.sequence import SequenceView

__all__ = ["Bench", "El2Time", "Finder", "Quiz", "Scheduler", "SequenceView"]
