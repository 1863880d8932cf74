"""Vectors: what the real functions of a kernel did with a sequence of calls; read and validated.

docs/conformance.md describes the format. Every field is checked, so nothing in a file is ignored silently.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ..model.revisions import REVISIONS, Revision
from ..model.steps import Call
from ..model.view import ModelError
from ..schema import (ANY_LIST, ANY_OBJECT, BOOL, JSON, NULL, Schema, SchemaError, either, list_of, map_of, number,
                      one_of, record, shorten, text, tuple_of)
from .driver import SIZES, Split, make_call
from .lines import BadFile, parse, read_lines

LINE_LIMIT = 4_000_000
"""The longest line that is read, in bytes; the lines of the course's own files have at most some ten thousand."""
KINDS = ("bfs", "random", "interleave", "scenario")
EVENTS = ("EL2_PANIC", "EL2_USE_AFTER_DONATION", "EL2_FAULT", "EL2_STALE_PUT")
ALPHABET = ("vms", "vcpus", "pages", "gfns")
"""Sizes in a configuration that describe which calls were tried, not the machine."""

WORD, COUNT, NAME = number(-2**63, 2**64 - 1), number(0, 2**32 - 1), text(100)
CONFIG = record(dict.fromkeys(SIZES, number(1, 99)), dict.fromkeys(ALPHABET, number(1, 99)))
VECTOR = record(
    {"rev": one_of(*REVISIONS), "id": COUNT, "kind": one_of(*KINDS), "config": CONFIG, "init": ANY_OBJECT,
     "steps": ANY_LIST},
    optional={"at": ANY_OBJECT, "probes": ANY_LIST, **dict.fromkeys(("seed", "space", "base", "ref", "title"), NAME)})

OWNER = either(NAME, tuple_of(one_of("GUEST"), COUNT, COUNT))
PAGE = tuple_of(NAME, NAME, COUNT, COUNT, OWNER, NAME, optional=1)
"""Two states, two counts, the owner, and for a guest page its content."""
LEAF = tuple_of(either(NULL, NAME), NAME)
MAPS = map_of(LEAF, names=Schema("a gfn in decimal digits", str.isdecimal))
VM = record({"vm": NAME, "dying": BOOL, "protected": BOOL, "refcount": COUNT, "maps": MAPS,
             "vcpus": list_of(either(NULL, one_of("idle"), COUNT)), "mc": list_of(either(NULL, COUNT))})
SLOT = either(one_of("free"), one_of("reserved"), VM.where(lambda vm: len(vm["mc"]) == len(vm["vcpus"]),
                                                           "a VM with one memcache for each vCPU"))
LOADED = either(NULL, one_of("stale"), tuple_of(COUNT, COUNT))

FREED = record({"meta": COUNT, "s2": COUNT, "meta_zero": BOOL, "host_owned": BOOL})
SPLIT = record({"before": list_of(one_of(*"LHYGPF")), "max": COUNT})
OUTCOME = {"ret": either(NULL, one_of("pending"), WORD), "event": one_of(None, *EVENTS)}
DETAILS = {"flush": list_of(WORD), "freed": FREED, "regions": NAME, "in": NAME, "page": NAME,
           "ret_if_warn_not_fatal": either(NULL, WORD)}


class Shapes(NamedTuple):
    """The schemas that depend on the size of the machine: of a state, of a step, and of a step without its outcome."""

    state: Schema
    step: Schema
    short_step: Schema


@cache
def make_shapes(cpus: int, slots: int) -> Shapes:
    """Return the schemas for a machine with this many CPUs and slots."""
    common = {"loaded": list_of(LOADED, cpus, cpus), "anon_hyp": COUNT}
    state = record(common | {"slots": list_of(SLOT, slots, slots), "pages": map_of(PAGE), "host_mc": map_of(COUNT)})
    difference = record({}, common | {
        "slots": map_of(SLOT, names=one_of(*map(str, range(slots)))), "pages": map_of(either(NULL, PAGE)),
        "host_mc": map_of(either(NULL, COUNT))})
    call = {"cpu": number(0, cpus - 1), "call": NAME}
    step = record(call | OUTCOME | {"state": either(NULL, difference)}, DETAILS | {
        "args": ANY_OBJECT, "flight": one_of("begin", "resume"), "split": SPLIT})
    return Shapes(state, step, record(call | {"args": ANY_OBJECT, "ret": either(NULL, WORD)}))


class RecordedStep(NamedTuple):
    """A step of a vector: the call that it begins, None if a call goes on; where that call may stop; all its fields."""

    request: Call | None
    split: Split | None
    fields: JSON


@dataclass(frozen=True)
class Vector:
    """One line of a file: a sequence of recorded steps. A walk also has the state that it leads to, `at`.

    `probes` are calls that were tried in that state, each on its own.
    """

    line: int
    revision: Revision
    kind: str
    id: int
    title: str
    config: Mapping[str, int]
    init: JSON
    steps: list[RecordedStep]
    at: JSON | None
    probes: list[RecordedStep]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}" + (f" ({self.title})" if self.title else "")


def read(path: Path) -> Iterator[Vector]:
    """Yield the vectors of a file. Raise BadFile at the first line that is not a vector."""
    for line_number, line in read_lines(path, LINE_LIMIT):
        try:
            yield parse_vector(parse(line), line_number)
        except (BadFile, SchemaError, ModelError) as error:
            raise BadFile(f"line {line_number}: {error}") from None


def parse_vector(value: JSON, line: int) -> Vector:
    """Return the vector that JSON values describe. Raise BadFile, SchemaError or ModelError if they describe none."""
    VECTOR.check(value, "vector")
    if ("at" in value) != ("probes" in value):
        raise BadFile("a vector has both 'at' and 'probes', or neither")
    config = {name: value["config"][name] for name in SIZES}
    shapes, revision = make_shapes(config["cpus"], config["slots"]), REVISIONS[value["rev"]]
    shapes.state.check(value["init"], "init")
    if "at" in value:
        shapes.state.check(value["at"], "at")
    steps = [parse_step(step, f"steps[{n}]", revision, shapes, "at" in value) for n, step in enumerate(value["steps"])]
    probes = [parse_step(probe, f"probes[{n}]", revision, shapes, False)
              for n, probe in enumerate(value.get("probes", ()))]
    return Vector(line, revision, value["kind"], value["id"], value.get("ref", ""), config, value["init"], steps,
                  value.get("at"), probes)


def parse_step(value: JSON, path: str, revision: Revision, shapes: Shapes, in_walk: bool) -> RecordedStep:
    """Return the step that JSON values describe; a step of a walk may leave out everything but what it returned."""
    short = in_walk and isinstance(value, dict) and "state" not in value
    (shapes.short_step if short else shapes.step).check(value, path)
    flight = value.get("flight")
    if ("args" in value) == (flight == "resume") or ("split" in value) != (flight == "begin"):
        raise BadFile(f"{path}: 'args' belong to a call that begins, 'split' to a call that begins and may stop")
    if value["call"] not in revision.calls:
        raise BadFile(f"{path}: revision {revision.name} has no call {shorten(value['call'])}")
    try:
        request = None if flight == "resume" else find_call(value["call"], value["args"], revision)
    except ModelError as error:
        raise BadFile(f"{path}: {error}") from None
    split = Split(value["split"]["before"], value["split"]["max"]) if "split" in value else None
    return RecordedStep(request, split, value)


KNOWN_CALLS: dict[tuple[str, str, str], Call] = {}
"""Calls that were checked before, by revision, name and arguments: most calls in a file occur many times."""


def find_call(name: str, args: JSON, revision: Revision) -> Call:
    """Return the call with these named arguments. Raise ModelError if they do not fit it."""
    key = revision.name, name, repr(args)
    if key not in KNOWN_CALLS:
        if len(KNOWN_CALLS) > 100_000:
            KNOWN_CALLS.clear()
        KNOWN_CALLS[key] = make_call(name, args, revision)
    return KNOWN_CALLS[key]
