"""What can be explored on any kernel: scripts for several CPUs, or a host that may call anything."""
from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..model.host import HOST_CALLS
from ..model.revisions import V1, Revision
from ..model.state import Config
from ..model.steps import Step
from ..model.trace import show_call
from ..scenes import Move, Scene, scene
from .check import Always, Property, Sometimes, Stuck
from .homecoming import HOME, HOME_BUT_FOR_LEFT
from .machines import AnyHost, Scripts, every_call
from .properties import describe_event
from .questions import MOMENTS, Question, ask, ask_if_wrong

START, FINALISE, ONE_SHOT = "__pkvm_start_teardown_vm", "__pkvm_finalize_teardown_vm", "__pkvm_teardown_vm"
NAMED_START, NAMED_FINALISE = f"{START}(0x1000)", f"{FINALISE}(0x1000)"
DONATE = "__pkvm_host_donate_guest"
HOST_WARN = "HOST_WARN"


class Scenario(NamedTuple):
    """What several CPUs do at once, and the questions about it. Without scripts it is described only.

    `setup` has a line `CPU CALL` for each call, each script a line for each call of its CPU. On a kernel with one call
    for the whole teardown, lines with {start} are left out, and {finalise} stands for that call. A script that names
    one of the two calls runs on no kernel that lacks it.

    An error or a host's warning counts where it comes from a call that the scenario is `about`. `always` must not be
    broken; `goals` are states worth reaching. `needs` are calls that its host makes inside its own functions. `usual`
    is the kernel it is shown on first. `chosen` are the questions to ask instead of the usual ones.
    """

    name: str
    title: str
    says: str
    setup: str = ""
    scripts: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    always: tuple[Always, ...] = ()
    goals: tuple[Sometimes, ...] = ()
    needs: tuple[str, ...] = ()
    config: Config | None = None
    usual: Revision = V1
    chosen: tuple[Question, ...] = ()

    def scene(self, revision: Revision) -> Scene:
        """Return the bench of this scenario on a kernel."""
        scripts = tuple(adapt(script, revision) for script in self.scripts)
        config = self.config or Config(cpus=len(scripts))
        return scene(self.name, self.title, revision, adapt(self.setup, revision), scripts, self.says, config)

    def missing_call(self, revision: Revision) -> str:
        """Return the first call that the scenario makes and the kernel lacks, '' if there is none."""
        bench = self.scene(revision)
        calls = [*(call for _, call in bench.setup), *(move.call for script in bench.scripts for move in script)]
        known = revision.calls | HOST_CALLS.keys()
        return next((name for name in [*(call.name for call in calls), *self.needs] if name not in known), "")

    def runs_on(self, revision: Revision) -> bool:
        """Return True if the kernel has all calls of the scenario."""
        return not self.missing_call(revision)

    def machine(self, revision: Revision) -> Scripts | AnyHost:
        """Return what the explorer searches. Raise ValueError if the scenario cannot run on this kernel."""
        lacks = self.missing_call(revision)
        if lacks:
            raise ValueError(f"{revision.name} has no {lacks}, so these scripts cannot run there")
        return Scripts(self.scene(revision))

    @property
    def warning(self) -> Always:
        """The property that the host logs no warning about the calls that the scenario is about."""
        return Always(HOST_WARN, "The host logs no warning.", broken_by=lambda _, step: find_warning(step, self.about))

    @property
    def questions(self) -> tuple[Question, ...]:
        """The chosen questions, or the usual ones."""
        return self.chosen or tuple(self.usual_questions())

    def usual_questions(self) -> Iterator[Question]:
        """Yield the questions about all orders of scripts: can it go wrong, its own properties, invariants, waiting."""
        yield ask_if_wrong(self.warning, *self.always)
        properties: tuple[Property, ...] = (*self.always, *self.goals, *MOMENTS, HOME, HOME_BUT_FOR_LEFT, Stuck())
        yield from map(ask, properties)

    def question(self, name: str) -> Question:
        """Return the question of this name. Raise ValueError if there is no such question."""
        questions = {question.name: question for question in self.questions}
        if name not in questions:
            raise ValueError(f"{self.name} has no question {name!r}; it has {', '.join(questions)}")
        return questions[name]

    def asking(self, *choices: str | Property) -> Scenario:
        """Return the same scenario with these questions only: names of its own ones, or properties of the caller's."""
        chosen = tuple(self.question(choice) if isinstance(choice, str) else ask(choice) for choice in choices)
        return self._replace(chosen=chosen) if chosen else self

    @property
    def asked_always(self) -> tuple[Always, ...]:
        """Every property of all states and steps that its questions contain, each once."""
        properties = (prop for question in self.questions for prop in question.properties if isinstance(prop, Always))
        return tuple(dict.fromkeys(properties))


class HostScenario(Scenario):
    """A host that may make any call at any time, on two CPUs, with one VM, one vCPU, one page and one bad handle."""

    @property
    def protected(self) -> bool:
        """True if its VMs are protected: it gives them pages with a call of their own."""
        return DONATE in self.needs

    def machine(self, revision: Revision) -> AnyHost:
        """Return what the explorer searches. Raise ValueError for protected VMs on a kernel without them."""
        if not self.runs_on(revision):
            raise ValueError(f"{revision.name} has no protected VMs")
        return AnyHost(revision, every_call(revision, protected=(self.protected,)), most=1)

    def usual_questions(self) -> Iterator[Question]:
        """Yield the questions about such a host: it follows no script, so nothing can wait for ever."""
        yield ask_if_wrong()
        properties: tuple[Property, ...] = (*MOMENTS, HOME, HOME_BUT_FOR_LEFT)
        yield from map(ask, properties)


def from_scene(bench: Scene) -> Scenario:
    """Return the scripts of a scene as a scenario about all their calls. Raise ValueError if a CPU has no script."""
    if bench.free:
        raise ValueError(f"{bench.name} has no scripts, its calls are yours; ask about 'any'")
    about = tuple({move.call.name: None for script in bench.scripts for move in script})
    setup = "\n".join(f"{cpu} {show_call(call)}" for cpu, call in bench.setup)
    scripts = tuple("\n".join(map(show_move, script)) for script in bench.scripts)
    return Scenario(bench.name, bench.title, bench.says, setup, scripts, about, config=bench.config,
                    usual=bench.revision)


def show_move(move: Move) -> str:
    """Return a line of a script."""
    return f"{show_call(move.call)}{' whole' if move.whole else ''}"


def adapt(text: str, revision: Revision) -> str:
    """Return calls as this kernel makes them: its teardown has one call or two."""
    split = ONE_SHOT not in revision.calls
    lines = [line for line in text.splitlines() if line.strip() and (split or "{start}" not in line)]
    return "\n".join(lines).format(start=NAMED_START, finalise=NAMED_FINALISE if split else f"{ONE_SHOT}(0x1000)")


def find_warning(step: Step, about: tuple[str, ...]) -> str:
    """Return the warning that the host logs about one of these calls in this step, '' if there is none."""
    return next((describe_event(event) for event in step.events
                 if event.kind == HOST_WARN and (event.where in about or step.call.name in about)), "")
