"""What the command record does about a kernel release: check it in all parts, and write a page."""
from __future__ import annotations

import argparse
import contextlib
import datetime
from functools import partial

from ..machine.chronicle import Chronicler, RecordedLife, choose_names, choose_release, examine
from ..machine.drafts import write_whole
from ..machine.interleavings import interleavings
from ..machine.observations import Observation
from ..machine.observe import Observer, read_facts
from ..machine.release import (
    INTERLEAVINGS,
    CheckedPart,
    attempt,
    check_boundaries,
    check_interleavings,
    check_lives,
    check_numbers,
    conclude,
    decide_status,
    write_page,
)
from ..text import capitalise
from .lives import open_life_machine, record
from .play_all import observe, open_machine
from .say import say

NATURAL, INJECTED = "Natural lives of VMs", "Injected calls"


def check_release(arguments: argparse.Namespace) -> int:
    """Check a kernel in all parts, write the page, and return the exit status."""
    start = partial(open_machine, arguments.kernel)
    machine = start()
    with contextlib.closing(Observer(machine, start)) as observer:
        facts, revision = read_facts(machine), machine.revision
        say(f"Linux {facts.release}, {facts.mode}, an example of {revision.name}")
        parts = [check_boundaries(revision, machine.functions, machine.numbers),
                 check_numbers(facts.release, machine.numbers),
                 attempt(INTERLEAVINGS, partial(play, observer, arguments.check))]
    parts += [attempt(title, partial(live, arguments, title)) for title in (NATURAL, INJECTED)]
    page = write_page(facts, revision.name, datetime.datetime.now(datetime.UTC).date().isoformat(), parts)
    if arguments.output:
        write_whole(arguments.output, page)
    print(capitalise(conclude(parts)) if arguments.output else page.rstrip())
    return decide_status(parts)


def play(observer: Observer, number: int) -> CheckedPart:
    """Play the first interleavings."""
    done, every = list[Observation](), interleavings(observer.machine.revision)[:number]
    observe(observer, every, done)
    return check_interleavings(every, done)


def live(arguments: argparse.Namespace, title: str) -> CheckedPart:
    """Record scenarios of a kind."""
    start, done = partial(open_life_machine, arguments.kernel, hvhe=arguments.hvhe), list[RecordedLife]()
    with contextlib.closing(Chronicler(start(), start)) as chronicler:
        split, release = chronicler.recorder.machine.is_split, chronicler.recorder.machine.release
        record(chronicler, choose_names((), injected=title == INJECTED, split=split), done)
    recorded = [each for each in done if each.rows]
    return check_lives(title, done, examine(recorded, choose_release(release, split=split)) if recorded else None)
