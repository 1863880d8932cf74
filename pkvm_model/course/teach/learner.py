"""One learner of a class: what they handed in, and the reasons to doubt it."""
from __future__ import annotations

from dataclasses import dataclass, replace

from ...practice.progress import ExerciseRecord
from ..learner.handin import HandIn
from .roster import Person


@dataclass(frozen=True)
class Learner:
    """One hand-in: the name of its file, what it says, and the reasons to doubt it, by exercise."""

    file: str
    hand_in: HandIn
    doubts: dict[str, tuple[str, ...]]
    person: Person | None = None

    @property
    def name(self) -> str:
        """The learner's name on the roster, or as they gave it, or that of the file."""
        return self.person.name if self.person else self.hand_in.name or self.file

    @property
    def marks(self) -> str:
        """What tells the learner from another one of the same name: numbers and addresses, or the file."""
        return " ".join(sorted(self.person.ids)) if self.person else self.file

    def hide(self, name: str) -> Learner:
        """Return the learner under another name, and nothing that says whose it is."""
        return replace(self, file="", person=None, hand_in=self.hand_in._replace(name=name))

    def progress_in(self, exercise: str) -> ExerciseRecord:
        """Return the progress in an exercise."""
        return self.hand_in.exercises.get(exercise, ExerciseRecord())

    def choose_sign(self, exercise: str) -> str:
        """Return the progress in an exercise in a few characters; heat_map.LEGEND explains them."""
        record = self.progress_in(exercise)
        more = (record.steps or 0) - (record.fewest or 0)
        if record.solved:
            sign = f"✓{record.hints or ''}" + (f" +{more}" if record.steps and record.fewest and more > 0 else "")
        else:
            sign = "S" if record.shown else "…" if record.tries else "·"
        return sign + " !" * bool(self.doubts.get(exercise))

    def make_row(self, names: list[str]) -> tuple[str, ...]:
        """Return the learner's row in the table of the class, over these exercises."""
        records = [self.progress_in(name) for name in names]
        hints, shown = sum(record.hints for record in records), sum(record.shown for record in records)
        tries = sum(record.tries for record in records)
        solved = f"{sum(record.solved for record in records)} of {len(records)}"
        doubts = sum(map(len, self.doubts.values()))
        return (self.name, solved, str(hints), str(shown), str(tries), self.file, str(doubts))
