"""What a learner answered: the names that their code has given a value, asked for one by one."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .exercises import Exercise, quote
from .verdict import NotYet


class SubmittedAnswer:
    """The names in a learner's answer to an exercise."""

    def __init__(self, exercise: Exercise, names: Mapping[str, Any]) -> None:
        self.exercise, self.names = exercise, names

    def value(self, name: str) -> Any:
        """What `name` was given. Raises NotYet if it is missing, or still the three dots."""
        if name not in self.names:
            raise NotYet(f"There is no `{name}` in your answer. Keep that name; the check looks for it.")
        if self.names[name] is ...:
            raise NotYet(f"`{name}` is still open. Write your answer in the place of the three dots.")
        return self.names[name]

    def function(self, name: str) -> Callable[..., Any]:
        """The function `name`. Raises NotYet for anything else."""
        found = self.value(name)
        if not callable(found):
            raise NotYet(f"`{name}` should be a function, and is {found!r:.60}.")
        made: Callable[..., Any] = found
        return made

    def choice(self, name: str) -> str:
        """Which option `name` was given; spaces and capitals do not matter. Raises NotYet for none of them."""
        options, given = self.exercise.options[name], self.value(name)
        found = [option for option in options if normalise(option) == normalise(given)]
        if not found:
            raise NotYet(f"`{name}` is {given!r:.60}. Choose one of {', '.join(map(quote, options))}.")
        return found[0]


def normalise(value: object) -> str:
    """A value as it is compared: without capitals and outer spaces, and every dash is the one on the keyboard."""
    return " ".join(str(value).replace("−", "-").replace("–", "-").lower().split())
