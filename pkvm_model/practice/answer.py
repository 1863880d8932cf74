"""A learner's answer: the names to which their code gave a value."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .exercises import Exercise, quote
from .verdict import NotYet


class SubmittedAnswer:
    """The names that a learner's answer to an exercise defines."""

    def __init__(self, exercise: Exercise, names: Mapping[str, Any]) -> None:
        self.exercise, self.names = exercise, names

    def get_value(self, name: str) -> Any:
        """Return the value of `name`. Raise NotYet if it is missing, or still the three dots."""
        if name not in self.names:
            raise NotYet(f"There is no `{name}` in your answer. Keep that name; the check looks for it.")
        if self.names[name] is ...:
            raise NotYet(f"`{name}` is still open. Replace the three dots with your answer.")
        return self.names[name]

    def get_function(self, name: str) -> Callable[..., Any]:
        """Return the function `name`. Raise NotYet if it is anything else."""
        function = self.get_value(name)
        if not callable(function):
            raise NotYet(f"`{name}` should be a function, but it is {function!r:.60}.")
        callable_value: Callable[..., Any] = function
        return callable_value

    def get_choice(self, name: str) -> str:
        """Return the option that `name` was set to, ignoring spaces and capitals. Raise NotYet if it is no option."""
        options = self.exercise.options[name]
        if self.names.get(name) is ...:
            raise NotYet(f"`{name}` is still open. Choose one of its {len(options)} answers.")
        value = self.get_value(name)
        matches = [option for option in options if normalise(option) == normalise(value)]
        if not matches:
            raise NotYet(f"`{name}` is {value!r:.60}. Choose one of {', '.join(map(quote, options))}.")
        return matches[0]


def normalise(value: object) -> str:
    """Return a value as text for comparison: lower case, single spaces, and every dash the one on the keyboard."""
    return " ".join(str(value).replace("−", "-").replace("–", "-").lower().split())
