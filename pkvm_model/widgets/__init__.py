"""What the learner clicks: widgets, a family in a module."""

from pkvm_model.widgets.bench import Bench

__all__ = ["Bench"]
