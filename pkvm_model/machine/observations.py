"""Interleavings that were observed on a kernel, as text: read here, written by `recheck`.

A file is one kernel on one machine. It has one JSON object per line: first the origin, then what was observed.

    {"format": 1, "kernel": "7.3.4", "package": "linux-binary", "version": "7.3.4-1", "emulator": "QEMU 7.2",
     "machine": "virt, cortex-a72, 2 CPUs", "mode": "nVHE", "date": "2026-11-30",
     "stops": {"__pkvm_host_unshare_guest": ["__pkvm_host_unshare_guest", "put_pkvm_hyp_vm"]}}
    {"name": "...", "race": "R7", "trace": ["pkvm-trace 1 upstream slots=2", "0 __pkvm_reserve_vm() = 0x1000"],
     "verdict": "agrees", "territory": {"kvm0": "SB 0 1"}, "notes": {"1": "..."}}

`stops` says where each call may have stopped: the EL2 functions at whose entry, or behind which, a region begins.
`trace` is a trace with the machine's outcomes instead of the model's, without its last line, as nobody reads a whole
state out of a machine; it ends with the last step that was made. A function of the model's honest host stands for the
calls that it makes. `verdict` is what came of it when it was observed.
`territory` has what EL2 recorded of each page with a name after the last step, if that was read: what the page is to
the host and to EL2 (O owns, S owns and lends, B borrows, - nothing), how many guests it is lent to, and EL2's count.
`notes` has a text for some steps, by number from 1 on, and for the observation as a whole under 0.

The recording wins: where the model answers something else, the model is wrong, or a note says why not.
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..conform.lines import BadFile, parse, read_lines
from ..conform.recordings.kernels import KERNELS, release_of
from ..model.host import HOST_CALLS
from ..model.revisions import REVISIONS, Revision
from ..model.state import Config
from ..model.steps import Call
from ..model.trace import TraceError, TraceLine, parse_header, parse_line
from ..schema import JSON, Schema, SchemaError, list_of, map_of, one_of, record, text
from .holdings import WRITTEN, Holding, read_holding

FORMAT, LINE_LIMIT = 1, 100_000
AGREES, DIFFERS, NOT_TRIED = "agrees", "differs", "not tried"
RUN, RAN = "__kvm_vcpu_run", re.compile(r"= \d+")
OUTCOME = re.compile(r"\.\.\.|= (void|\d+|0x[0-9a-f]+|-E[A-Z0-9]+|-\d+)( ! [A-Z0-9_]+ \S+)*|! [A-Z0-9_]+ \S+")
WORDS = text(200, least=1)
DATE = Schema("a date such as 2026-11-30", lambda value: isinstance(value, str)
              and re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None)
STEP_NUMBER = Schema("a number in decimal digits", lambda name: re.fullmatch(r"0|[1-9]\d{0,3}", name) is not None)
PAGE_NAME = Schema("the name of a page", lambda name: re.fullmatch(r"[a-z]{1,9}\d[\w.]{0,30}", name) is not None)
HOLDING = Schema("whose a page is, such as SB 0 1", lambda value: isinstance(value, str)
                 and WRITTEN.fullmatch(value) is not None)
ORIGIN = record({"format": one_of(FORMAT), "kernel": WORDS, "package": WORDS, "version": WORDS, "emulator": WORDS,
                 "machine": WORDS, "mode": one_of("nVHE", "hVHE"), "date": DATE,
                 "stops": map_of(list_of(WORDS, most=50), names=WORDS)})
OBSERVED = record({"name": WORDS, "race": text(9), "trace": list_of(text(2000, least=1), most=1000, least=1),
                   "verdict": one_of(AGREES, DIFFERS, NOT_TRIED)},
                  optional={"notes": map_of(text(2000, least=1), names=STEP_NUMBER),
                            "territory": map_of(HOLDING, names=PAGE_NAME)})


class ObservationError(ValueError):
    """A file does not hold observations; the message names file and line."""


@dataclass(frozen=True)
class Origin:
    """Where observations come from: the kernel's release and package, the machine, the date, and who stops where."""

    kernel: str
    package: str
    version: str
    emulator: str
    machine: str
    mode: str
    date: str
    stops: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def revision(self) -> Revision:
        """The revision that this kernel is an example of."""
        return REVISIONS[KERNELS[release_of(self.kernel)]]


@dataclass(frozen=True)
class Observation:
    """An interleaving as a machine made it: its steps with the machine's outcomes, what came of it, and notes.

    `notes` are texts by the number of the step that they are about, from 1 on; 0 is the whole. `territory` has what EL2
    recorded of each page after the last step; it is empty if that was not read.
    """

    name: str
    race: str
    revision: Revision
    config: Config
    lines: tuple[TraceLine, ...]
    verdict: str
    notes: dict[int, str] = field(default_factory=dict)
    territory: dict[str, Holding] = field(default_factory=dict)


@dataclass(frozen=True)
class Observations:
    """All that was observed on one kernel."""

    origin: Origin
    every: tuple[Observation, ...]

    def __iter__(self) -> Iterator[Observation]:
        return iter(self.every)


def read(path: Path) -> Observations:
    """Return the observations in a file. Raise ObservationError at the first line that is wrong."""
    origin, every = None, dict[str, Observation]()
    for number, line in list_lines(path):
        try:
            if origin is None:
                origin = make_origin(parse(line))
                continue
            new = make_observation(parse(line), origin.revision)
            if new.name in every:
                raise ObservationError(f"there is a {new.name!r} already; give each observation its own name")
            every[new.name] = new
        except (BadFile, SchemaError, ObservationError) as error:
            raise ObservationError(f"{path.name}, line {number}: {error}") from None
    if origin is None:
        raise ObservationError(f"{path.name}: this file has no lines; the first one is the origin")
    return Observations(origin, tuple(every.values()))


def list_lines(path: Path) -> list[tuple[int, bytes]]:
    """Return the lines of a file with their numbers. Raise ObservationError for a file that cannot be read."""
    try:
        return list(read_lines(path, LINE_LIMIT))
    except BadFile as error:
        raise ObservationError(f"{path.name}: {error}") from None


def make_origin(value: JSON) -> Origin:
    """Return the origin that an object describes. Raise SchemaError or ObservationError for anything else."""
    ORIGIN.check(value, "origin")
    if release_of(value["kernel"]) not in KERNELS:
        raise ObservationError(f"kernel {value['kernel']!r} is not known here; known are {', '.join(KERNELS)}")
    stops = {call: tuple(functions) for call, functions in value["stops"].items()}
    words = {name: word for name, word in value.items() if name not in ("format", "stops")}
    return Origin(**words, stops=stops)


def make_observation(value: JSON, revision: Revision) -> Observation:
    """Return the observation that an object describes. Raise SchemaError or ObservationError for anything else."""
    OBSERVED.check(value, "observation")
    header, *rows = value["trace"]
    try:
        found, config = parse_header(header)
    except TraceError as error:
        raise ObservationError(f"trace: {drop_place(error)}") from None
    if found != revision:
        raise ObservationError(f"trace: this kernel is played as {revision.name}, not as {header[:40]!r}")
    lines = tuple(make_line(row, number, revision, config) for number, row in enumerate(rows, 1))
    notes = {int(number): says for number, says in value.get("notes", {}).items()}
    if any(number > len(lines) for number in notes):
        raise ObservationError(f"notes: there is no step {max(notes)}")
    territory = {page: read_holding(says) for page, says in value.get("territory", {}).items()}
    if territory and (value["verdict"] == NOT_TRIED or not lines):
        raise ObservationError("territory: nobody read one after a run that was not made to its end")
    return Observation(value["name"], value["race"], revision, config, lines, value["verdict"], notes, territory)


def make_line(row: str, number: int, revision: Revision, config: Config) -> TraceLine:
    """Return a step. Raise ObservationError unless the kernel has the call and the machine the CPU."""
    try:
        line = parse_line(row, number)
    except TraceError as error:
        raise ObservationError(f"step {number}: {drop_place(error)}") from None
    if line.call and line.call.name not in revision.calls and line.call.name not in HOST_CALLS:
        raise ObservationError(f"step {number}: {revision.name} has no {line.call.name}")
    if line.cpu >= config.cpus:
        raise ObservationError(f"step {number}: there is no CPU {line.cpu}; this machine has {config.cpus}")
    if not OUTCOME.fullmatch(line.outcome):
        raise ObservationError(f"step {number}: {line.outcome[:40]!r} is not an outcome")
    return line


def drop_place(error: TraceError) -> str:
    """Return what an error about a trace says, without the number of the line."""
    return re.sub(r"^line \d+: ", "", str(error))


def is_same(call: Call, machine: str, model: str) -> bool:
    """Return True if two outcomes mean the same.

    A machine shows that EL2 ended, seldom why. A run that entered the guest ends for many reasons, which count as one.
    """
    if machine.startswith("! EL2_") and model.startswith("! EL2_"):
        return True
    if call.name == RUN and RAN.fullmatch(machine) and RAN.fullmatch(model):
        return True
    return machine == model
