"""Checks a kernel release: what agrees with the model, what differs, what could not be tried; one page in words."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from ..conform.recordings.kernels import KERNELS, call_numbers, release_of
from ..model.revisions import Revision
from ..model.trace import TraceLine
from ..text import capitalise, count, list_words
from .answer import AGREES, DIFFERS, NOT_TRIED
from .chronicle import Findings, RecordedLife
from .failure import MachineError
from .interleavings import Interleaving
from .observations import Observation
from .observe import Facts
from .parameters import PARAMETERS
from .regions import find_missing

MEANING = ("The model is `pkvm_model`, which makes EL2's calls lock region by lock region. An interleaving is a run of "
           "it on two CPUs or more, made again on the kernel: one CPU is stopped where a lock region ends, and another "
           "one makes its calls meanwhile. In a natural life, a program makes, runs and closes VMs, and each call that "
           "the host makes of EL2 is noted. Injected calls are calls that no honest host makes.")
HONESTY = ("The machine is emulated. It shows which calls and lock regions can follow each other. It shows neither how "
           "memory orders accesses nor how long anything takes, and it stops calls only where the model does.")
INTERLEAVINGS = "Interleavings"


class CheckedPart(NamedTuple):
    """One part of a check: its title, what came of it, a sentence, and lines that show the evidence as they are."""

    title: str
    verdict: str
    says: str
    evidence: tuple[str, ...] = ()


def attempt(title: str, check: Callable[[], CheckedPart]) -> CheckedPart:
    """Return what comes of a check; one for which no machine can be had was not tried."""
    try:
        return check()
    except MachineError as error:
        return CheckedPart(title, NOT_TRIED, f"{capitalise(str(error))}.")


def check_boundaries(revision: Revision, functions: Iterable[str], numbers: Mapping[str, int]) -> CheckedPart:
    """Check that the kernel has the model's calls, and the functions at which their regions begin."""
    title, calls = "Calls and region boundaries", [call for call in revision.calls if call in PARAMETERS]
    absent = [f"{call}: the kernel has no such call" for call in calls if call not in numbers]
    lacking = {call: find_missing(call, revision.guards, {*functions}) for call in calls if call in numbers}
    inlined = [f"{call}: it cannot stop at {', '.join(names)}, which the kernel does not have"
               for call, names in lacking.items() if names]
    stopping = f"{len(inlined)} of them cannot" if inlined else "each of them can"
    says = f"The kernel has {show_share(len(calls) - len(absent), len(calls))} calls of the model, and {stopping} be " \
           "stopped wherever one of its lock regions ends and the next one begins."
    return CheckedPart(title, DIFFERS if absent else NOT_TRIED if inlined else AGREES, says, (*absent, *inlined))


def check_numbers(release: str, numbers: Mapping[str, int]) -> CheckedPart:
    """Compare the numbers of EL2's calls, read from its table, with those that are known of this release."""
    title = "Numbers of calls"
    try:
        known = call_numbers(release)
    except KeyError:
        says = f"The course does not know the numbers of {release}. They were read from the kernel's own table, " \
               f"which has {count(len(numbers), 'call')}."
        return CheckedPart(title, NOT_TRIED, says)
    odd = [f"{name}: {numbers.get(name)} in the kernel, {number} known" for name, number in known.items()
           if numbers.get(name) != number]
    says = f"{capitalise(show_share(len(known) - len(odd), len(known)))} numbers that the course knows of {release} " \
           "are the kernel's."
    return CheckedPart(title, DIFFERS if odd else AGREES, says, tuple(odd))


def check_lives(title: str, every: Sequence[RecordedLife], findings: Findings | None) -> CheckedPart:
    """Say what recorded scenarios show beside the model and the course's recordings."""
    failed = [f"{each.name}: {each.failure}" for each in every if each.failure]
    if not findings:
        return CheckedPart(title, NOT_TRIED, "Nothing could be recorded.", tuple(failed))
    odd = [line for each in findings.comparisons if each.lines for line in str(each).splitlines()]
    kernels = list_words(sorted({each.kernel for each in findings.comparisons}))
    same = sum(not each.lines for each in findings.comparisons)
    says = f"{count(findings.tally.sequences, 'scenario')} with {count(findings.tally.rows, 'recorded call')}. " \
           f"Disagreements with the model: {findings.tally.disagreements}. Scenarios that went as in the course's " \
           f"recordings of {kernels or 'no kernel'}: {show_share(same, len(findings.comparisons))}."
    verdict = DIFFERS if findings.differs else NOT_TRIED if failed else AGREES
    return CheckedPart(title, verdict, says, (*show_first(findings), *odd, *failed))


def show_first(findings: Findings) -> list[str]:
    """Return the first disagreement with the model, and the run that leads there."""
    if not (first := findings.tally.first):
        return []
    sides = f"{first.sequence}, {first.where}, {first.call}: the model {first.model}, the kernel {first.recorded}"
    return [sides, *first.trace.splitlines()]


def check_interleavings(every: Sequence[Interleaving], observed: Sequence[Observation]) -> CheckedPart:
    """Say how the interleavings came out, with both runs of each that differs."""
    counts = {verdict: [each for each in observed if each.verdict == verdict]
              for verdict in (AGREES, DIFFERS, NOT_TRIED)}
    says = f"Of {count(len(observed), 'interleaving')}, {len(counts[AGREES])} agree, {len(counts[DIFFERS])} differ, " \
           f"{len(counts[NOT_TRIED])} could not be tried. They are about {show_races(observed)}."
    proposed = {each.name: each for each in every}
    odd = [line for each in counts[DIFFERS] for line in show_both(proposed[each.name], each)]
    untried = [f"{each.name}: {'; '.join(each.notes.values())}" for each in counts[NOT_TRIED]]
    verdict = DIFFERS if odd else NOT_TRIED if untried or not observed else AGREES
    return CheckedPart(INTERLEAVINGS, verdict, says, (*odd, *untried))


def show_both(each: Interleaving, seen: Observation) -> list[str]:
    """Return both runs of an interleaving: a line for each step, with the model's outcome and the machine's."""
    lines = each.trace.lines[:len(seen.lines) + (0 in seen.notes)]
    width = max(len(str(line)) for line in lines)
    steps = zip(lines, [*seen.lines, None], strict=False)
    return [f"{each.name}: {each.says}", f"  {'CPU, step, outcome in the model':{width}}  | on the machine",
            *(f"  {line!s:{width}}  | {show_outcome(other)}" for line, other in steps), *seen.notes.values(), ""]


def show_share(number: int, every: int) -> str:
    """Return how many of several there are."""
    return f"all {every}" if number == every else f"{number} of {every}"


def show_races(observed: Iterable[Observation]) -> str:
    """Return the races that interleavings are about."""
    races = sorted({each.race for each in observed if each.race}, key=lambda race: int(race[1:]))
    return f"{count(len(races), 'race')} of the course: {list_words(races)}" if races else "no race that has a name"


def show_outcome(line: TraceLine | None) -> str:
    """Return the machine's outcome of a step."""
    return line.outcome if line else "see below"


def write_page(facts: Facts, revision: str, day: str, parts: Sequence[CheckedPart]) -> str:
    """Return the page about a release."""
    known = "" if release_of(facts.release) in KERNELS else ", although nobody has compared such a release before"
    table = [f"| {part.title} | {part.verdict} | {part.says} |" for part in parts]
    head = [f"# Linux {facts.release} {conclude(parts)}", "",
            f"{facts.package}, version {facts.version}, in {facts.emulator} ({facts.machine}), mode {facts.mode}, on "
            f"{day}. It is compared with the model's revision `{revision}`{known}.", "", "| part | result | in words |",
            "|---|---|---|", *table, "", MEANING]
    return "\n".join([*head, *(line for part in parts for line in show_evidence(part)), "", HONESTY]) + "\n"


def show_evidence(part: CheckedPart) -> list[str]:
    """Return the lines of a page that show the evidence of a part, if it has some."""
    return ["", f"## {part.title}", "", "```", *part.evidence, "```"] if part.evidence else []


def conclude(parts: Sequence[CheckedPart]) -> str:
    """Return what came of a check, in a few words."""
    verdicts = [part.verdict for part in parts]
    differ, untried, every = verdicts.count(DIFFERS), verdicts.count(NOT_TRIED), count(len(parts), "part")
    if differ:
        return f"differs from the model in {differ} of {every}"
    if AGREES not in verdicts:
        return "was not compared: no part could be tried to its end"
    return "agrees with the model" + (f"; {untried} of {every} could not be tried to the end" if untried else "")


def decide_status(parts: Sequence[CheckedPart]) -> int:
    """Return the exit status of a check: 1 if something differs, 2 if nothing agrees."""
    verdicts = {part.verdict for part in parts}
    return 1 if DIFFERS in verdicts else 0 if AGREES in verdicts else 2
