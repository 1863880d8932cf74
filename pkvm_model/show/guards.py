"""What guards are for: each race with and without them, the mutants that a property notices, verdicts on repairs."""
from __future__ import annotations

from dataclasses import dataclass
from html import escape

from ..explore.check import EMPTY, HOLDS, VIOLATED, Always, Answer, explore
from ..explore.fixes import judge_fix
from ..explore.learner_calls import LearnerError
from ..explore.machines import Scripts
from ..explore.mutants import ALL_MUTANTS, MUTANTS, applies, compare, mutate
from ..explore.outcomes import ENOUGH
from ..explore.races import RACES
from ..model.revisions import V1, Revision
from .repairs import describe_danger
from .table import Table

SIGNS = {True: ("✓", "1.6px solid"), False: ("✗", "2.5px solid")}
"""The sign of a verdict, and its border."""


def without(names: tuple[str, ...], *kernels: Revision) -> Table:
    """Return a table of each mutant's race in these kernels: its outcome with the guard and without it."""
    heads = [head for kernel in kernels for head in (kernel.name, f"{kernel.name} without it")]
    rows = [(MUTANTS[name].says, *(words for kernel in kernels for words in compare_outcomes(name, kernel)))
            for name in names]
    return Table("The worst of all orders, with a guard and without it", ("taken away", *heads), rows)


def compare_outcomes(name: str, kernel: Revision) -> tuple[str, str]:
    """Describe a mutant's race in a kernel as it is, and without the guard; not every kernel has the guard."""
    if not applies(MUTANTS[name], kernel):
        return "does not have it", "does not have it"
    results = compare(name, kernel)
    return describe_danger(results.before), describe_danger(results.after)


def noticed(prop: Always, kernel: Revision = V1) -> Table:
    """Return which lost guards of a kernel's EL2 a property notices, in all orders of the race that shows the harm."""
    lost = [mutant for mutant in ALL_MUTANTS if {*mutant.guards} & {*kernel.guards} and applies(mutant, kernel)]
    rows = [(mutant.id, mutant.says, describe_notice(ask_mutant(prop, mutant.id, kernel))) for mutant in lost]
    return Table(f"{prop.says} Asked of {kernel.name} with a guard taken away",
                 ("mutant", "what is wrong", "noticed"), rows)


def ask_mutant(prop: Always, name: str, kernel: Revision) -> Answer:
    """Return what a property says of a mutant's race."""
    return explore(Scripts(RACES[MUTANTS[name].race].scene(mutate(kernel, name))), (prop,), ENOUGH).answers[0]


def describe_notice(answer: Answer) -> str:
    """Return whether a mutant was noticed, in words."""
    if answer.verdict == VIOLATED:
        return f"yes: {answer.reason}"
    return {EMPTY: "nothing to check", HOLDS: "no"}.get(answer.verdict, answer.verdict)


@dataclass(frozen=True)
class Judged:
    """A verdict on a repair: accepted or refused, and why."""

    accepted: bool
    why: str

    @property
    def word(self) -> str:
        """The verdict in a word."""
        return "accepted" if self.accepted else "refused"

    def __repr__(self) -> str:
        return f"{self.word}: {self.why}"

    def _repr_html_(self) -> str:
        sign, border = SIGNS[self.accepted]
        frame = f"border:{border};padding:5px 10px;max-width:60rem"
        return f'<p style="{frame}">{sign} <b>{self.word}</b> · {escape(self.why)}</p>'


def judged(repair: Revision) -> Judged:
    """Ask the judge about a kernel. A repair that is refused, or whose function fails, is a result and no error."""
    try:
        verdict = judge_fix(repair)
    except LearnerError as error:
        return Judged(False, f"It does not run to its end. {error}")
    return Judged(verdict.accepted, verdict.sentence)
