"""What can be asked about scripts, or about a host that calls what it likes: the choices of the race finder."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from ..explore import invariants
from ..explore.check import Always, Property, Sometimes, Stuck
from ..explore.machines import AnyHost, Scripts
from ..explore.properties import INVARIANTS
from ..explore.races import HOST_WARN, RACES, Race, questions, scene_of
from ..model.host import HOST_CALLS
from ..model.revisions import V1, Revision
from ..scenes import SCENES, Scene

WRONG, ALWAYS, SOMETIMES, STUCK = "wrong", "always", "sometimes", "stuck"
ENDS = INVARIANTS[:2]
"""EL2 does not end itself, and uses only memory that is its own."""
MOMENTS = INVARIANTS[:-1]
"""What is asked about every moment; the last invariant is a promise about what an honest host leaves behind."""
CAN_IT = "Can this go wrong?"
HOSTS = {invariants.ANY: "A host that may call anything",
         invariants.ANY_PROTECTED: "A host that may call anything, with protected VMs"}
HOST_SAYS = "Any call at any time on two CPUs, with one VM, one vCPU, one page and one bad handle."


class Question(NamedTuple):
    """A question in words, and the properties that answer it: whichever is found first does."""

    name: str
    kind: str
    says: str
    properties: tuple[Property, ...]

    @property
    def broken_by(self) -> tuple[str, ...]:
        """The names of the properties that a learner can break by hand on a bench."""
        return tuple(one.name for one in self.properties if isinstance(one, Always))


@dataclass(frozen=True)
class Subject:
    """Something to ask about: `make` gives its machine on a kernel, or raises ValueError where it cannot run there."""

    name: str
    title: str
    says: str
    make: Callable[[Revision], Scripts | AnyHost]
    questions: tuple[Question, ...]
    usual: Revision = V1

    def question(self, name: str) -> Question:
        """The question of this name. Raises ValueError for one that there is not."""
        found = [one for one in self.questions if one.name == name]
        if not found:
            known = ", ".join(one.name for one in self.questions)
            raise ValueError(f"{self.name} has no question {name!r}; it has {known}")
        return found[0]

    def asking(self, *asked: str | Property) -> Subject:
        """The same with these questions only: names of its own, or properties that somebody wrote."""
        mine = tuple(self.question(one) if isinstance(one, str) else question_of(one) for one in asked)
        return replace(self, questions=mine) if mine else self

    @property
    def always(self) -> tuple[Always, ...]:
        """Everything that it asks about all states and steps, each once."""
        asked = (one for question in self.questions for one in question.properties if isinstance(one, Always))
        return tuple(dict.fromkeys(asked))


def explored() -> tuple[str, ...]:
    """The names of all races that can be explored."""
    return tuple(name for name, race in RACES.items() if race.scripts)


def subject_of(asked: Scene | Race | str) -> Subject:
    """A scene, a race, or what a name stands for: a race, a scene, or a host. Raises ValueError for anything else."""
    found = RACES.get(asked) or SCENES.get(asked) if isinstance(asked, str) else asked
    if isinstance(found, Scene):
        return of_scene(found)
    if isinstance(found, Race):
        return of_race(found)
    if asked in HOSTS:
        return of_host(str(asked))
    raise ValueError(f"there is nothing to explore called {asked!r}; try R7, {', '.join(HOSTS)}, or a scene's name")


def of_scene(scene: Scene) -> Subject:
    """The scripts of a scene; a warning counts wherever the host logs it. Raises ValueError where a CPU has none."""
    if scene.free:
        raise ValueError(f"{scene.name} has no scripts, its calls are yours; ask about {invariants.ANY!r}")
    about = tuple({move.call.name: None for script in scene.scripts for move in script})
    race = Race(scene.name, scene.title, scene.says, about=about)

    def make(revision: Revision) -> Scripts:
        return Scripts(possible(replace(scene, revision=revision, checks=True, foretell=False)))

    return Subject(scene.name, scene.title, scene.says, make, about_orders(race), scene.revision)


def of_race(race: Race) -> Subject:
    """The scripts of a race. Raises ValueError for one that is only told."""
    if not race.scripts:
        raise ValueError(f"{race.id} is told and not explored: {race.says}")

    def make(revision: Revision) -> Scripts:
        return Scripts(possible(scene_of(race, revision), race.needs))

    return Subject(race.id, race.title, race.says, make, about_orders(race))


def of_host(host: str) -> Subject:
    """Every call, at any time; whoever makes them keeps to no script, so there is nothing to wait for."""

    def make(revision: Revision) -> AnyHost:
        if not invariants.has(revision, host):
            raise ValueError(f"{revision.name} has no protected VMs")
        made = invariants.machine(revision, host)
        assert isinstance(made, AnyHost)
        return made

    wrong = Question(WRONG, WRONG, CAN_IT, ENDS)
    return Subject(host, HOSTS[host], HOST_SAYS, make, (wrong, *map(question_of, MOMENTS)))


def about_orders(race: Race) -> tuple[Question, ...]:
    """What is asked about all orders of scripts: can it go wrong, what the race is about, the invariants, waiting."""
    warning = next(one for one in questions(race) if one.name == HOST_WARN)
    wrong = Question(WRONG, WRONG, CAN_IT, (*ENDS, warning, *race.always))
    others: tuple[Property, ...] = (*race.always, *race.shows, *MOMENTS, Stuck())
    return (wrong, *map(question_of, others))


def question_of(asked: Property) -> Question:
    """A property as a question."""
    if isinstance(asked, Stuck):
        return Question(STUCK, STUCK, "Can a script wait for ever?", (asked,))
    kind = SOMETIMES if isinstance(asked, Sometimes) else ALWAYS
    return Question(asked.name, kind, asked.says, (asked,))


def possible(scene: Scene, needs: tuple[str, ...] = ()) -> Scene:
    """The scene. Raises ValueError where its kernel lacks a call that it makes, or that its host's functions need."""
    made = [*(call for _, call in scene.setup), *(move.call for script in scene.scripts for move in script)]
    known = scene.revision.calls | HOST_CALLS.keys()
    lacks = next((name for name in [*(call.name for call in made), *needs] if name not in known), "")
    if lacks:
        raise ValueError(f"{scene.revision.name} has no {lacks}, so these scripts cannot run there")
    return scene
