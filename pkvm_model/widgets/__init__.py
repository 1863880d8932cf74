"""What the learner clicks: the bench."""

from pkvm_model.widgets.bench import Bench

__all__ = ["Bench"]
