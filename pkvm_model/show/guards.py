"""What guards are for: each race with the guard and without it; and which mutants a property notices."""
from __future__ import annotations

from ..explore.check import EMPTY, HOLDS, VIOLATED, Always, Answer, explore
from ..explore.machines import Scripts
from ..explore.mutants import ALL_MUTANTS, MUTANTS, applies, compare, mutate
from ..explore.outcomes import ENOUGH
from ..explore.races import RACES
from ..model.revisions import V1, Revision
from .repairs import danger
from .table import Table


def without(names: tuple[str, ...], *kernels: Revision) -> Table:
    """What comes of each mutant's race in these kernels, before and after the guard is taken away."""
    heads = [head for kernel in kernels for head in (kernel.name, f"{kernel.name} without it")]
    rows = [(MUTANTS[name].says, *(said for kernel in kernels for said in before_and_after(name, kernel)))
            for name in names]
    return Table("The worst of all orders, with a guard and without it", ("taken away", *heads), rows)


def before_and_after(name: str, kernel: Revision) -> tuple[str, str]:
    """The race of a mutant in a kernel as it is, and without the guard; a kernel may not have what is taken away."""
    if not applies(MUTANTS[name], kernel):
        return "does not have it", "does not have it"
    found = compare(name, kernel)
    return danger(found.before), danger(found.after)


def noticed(asked: Always, kernel: Revision = V1) -> Table:
    """Which lost guards of a kernel's EL2 a property notices, each in all orders of the race that shows the harm."""
    lost = [mutant for mutant in ALL_MUTANTS if {*mutant.guards} & {*kernel.guards} and applies(mutant, kernel)]
    rows = [(mutant.id, mutant.says, in_words(asked_of(asked, mutant.id, kernel))) for mutant in lost]
    return Table(f"{asked.says} Asked of {kernel.name} with a guard taken away",
                 ("mutant", "what is wrong", "noticed"), rows)


def asked_of(asked: Always, name: str, kernel: Revision) -> Answer:
    """What a property says of a mutant's race."""
    return explore(Scripts(RACES[MUTANTS[name].race].scene(mutate(kernel, name))), (asked,), ENOUGH).answers[0]


def in_words(answer: Answer) -> str:
    """Whether a mutant was noticed."""
    if answer.verdict == VIOLATED:
        return f"yes: {answer.reason}"
    return {EMPTY: "nothing to check", HOLDS: "no"}.get(answer.verdict, answer.verdict)
