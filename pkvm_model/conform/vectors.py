"""Vectors: what the real functions of a kernel did with a sequence of calls; read, and refused where they are none.

docs/conformance.md describes the format. Every field is checked, so that nothing in a file is passed over in silence.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..model.revisions import REVISIONS, Revision
from ..model.steps import Call
from ..model.view import ModelError
from .driver import JSON, SIZES, Split, make_call
from .lines import BadFile, parse, read_lines

LINE_LIMIT = 4_000_000
"""The longest line that is read, in bytes; those of the course's own files have some ten thousand."""
KINDS = ("bfs", "random", "interleave", "scenario")
EVENTS = ("EL2_PANIC", "EL2_USE_AFTER_DONATION", "EL2_FAULT", "EL2_STALE_PUT")
ALPHABET = ("vms", "vcpus", "pages", "gfns")
"""Sizes in a configuration that say what calls were tried, not what the machine is like."""
REQUEST = "the call"
"""Where a checked step keeps the call that it begins; no field of a file can be called that and pass."""
KNOWN_CALLS: dict[tuple[str, str, str], Call] = {}
"""Calls that were checked before, by revision, name and arguments: most calls in a file come many times."""


@dataclass(frozen=True)
class Vector:
    """One line of a file: a sequence of recorded steps, and for a walk the state there and what was tried in it."""

    line: int
    revision: Revision
    kind: str
    id: int
    title: str
    config: Mapping[str, int]
    init: JSON
    steps: list[JSON]
    at: JSON | None
    probes: list[JSON]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}" + (f" ({self.title})" if self.title else "")


def read(path: Path) -> Iterator[Vector]:
    """The vectors of a file. Raises BadFile at the first line that is none."""
    for number, line in read_lines(path, LINE_LIMIT):
        try:
            yield parse_vector(parse(line), number)
        except (BadFile, ModelError) as error:
            raise BadFile(f"line {number}: {error}") from None


def parse_vector(given: JSON, line: int) -> Vector:
    """One line, checked."""
    check_fields(given, "vector", VECTOR, VECTOR_FIELDS)
    if ("at" in given) != ("probes" in given):
        raise BadFile("'at' and 'probes' belong together")
    config = {name: given["config"][name] for name in SIZES}
    check_state(given["init"], "init", config)
    revision = REVISIONS[given["rev"]]
    for number, step in enumerate(given["steps"]):
        check_step(step, f"step {number}", revision, config, "at" in given and "state" not in step)
    for number, probe in enumerate(given.get("probes", ())):
        check_step(probe, f"probe {number}", revision, config, False)
    if "at" in given:
        check_state(given["at"], "at", config)
    return Vector(line, revision, given["kind"], given["id"], given.get("ref", ""), config, given["init"],
                  given["steps"], given.get("at"), given.get("probes", []))


def request(step: JSON) -> Call | None:
    """The call that a step of a checked vector begins, or None where one goes on."""
    begun: Call | None = step[REQUEST]
    return begun


def find_call(step: JSON, revision: Revision) -> Call | None:
    """The same for a step that is being checked."""
    if step.get("flight") == "resume":
        return None
    key = revision.name, step["call"], repr(step["args"])
    if key not in KNOWN_CALLS:
        if len(KNOWN_CALLS) > 100_000:
            KNOWN_CALLS.clear()
        KNOWN_CALLS[key] = make_call(step["call"], step["args"], revision)
    return KNOWN_CALLS[key]


def split(step: JSON) -> Split | None:
    """Where the call that a step begins may stop."""
    return Split(step["split"]["before"], step["split"]["max"]) if "split" in step else None


def check_fields(value: Any, where: str, wanted: Mapping[str, FieldCheck], known: Set[str]) -> None:
    """Raise BadFile unless this is an object with all the wanted fields, each as it should be, and no unknown one."""
    if not isinstance(value, dict):
        raise BadFile(f"{where} is not an object")
    for name, fits in wanted.items():
        if name not in value:
            raise BadFile(f"{where} has no field {name!r}")
        if not fits(value[name]):
            raise BadFile(f"{where}: {name!r} cannot be {shorten(value[name])}")
    check_known(value, where, known)


def check_known(value: JSON, where: str, known: Set[str]) -> None:
    """Raise BadFile for a field that is not known, or an optional one that is not as it should be."""
    if unknown := value.keys() - known:
        raise BadFile(f"{where}: the field {min(unknown)[:40]!r} is not known")
    for name in value:
        if name in OPTIONAL and not OPTIONAL[name](value[name]):
            raise BadFile(f"{where}: {name!r} cannot be {shorten(value[name])}")


def shorten(value: Any) -> str:
    """The beginning of a value that is wrong."""
    text = repr(value) if isinstance(value, str | int | bool) or value is None else str(value)
    return text if len(text) <= 50 else text[:50] + "..."


def check_step(step: Any, where: str, revision: Revision, config: Mapping[str, int], short: bool) -> None:
    """Raise BadFile or ModelError unless this is a step; a short one tells no more than what it returned."""
    if not isinstance(step, dict):
        raise BadFile(f"{where} is not an object")
    check_fields(step, where, *((SHORT, SHORT.keys()) if short else (STEP, STEP_FIELDS)))
    flight = step.get("flight")
    if ("args" in step) == (flight == "resume") or ("split" in step) != (flight == "begin"):
        raise BadFile(f"{where}: 'args' belong to a call that begins, 'split' to one that begins and may stop")
    if not step["cpu"] < config["cpus"]:
        raise BadFile(f"{where}: there is no CPU {step['cpu']}")
    if step["call"] not in revision.calls:
        raise BadFile(f"{where}: revision {revision.name} has no call {shorten(step['call'])}")
    try:
        step[REQUEST] = find_call(step, revision)
    except ModelError as error:
        raise BadFile(f"{where}: {error}") from None
    if step.get("state"):
        check_state(step["state"], f"{where}: state", config, difference=True)


def check_state(state: JSON, where: str, config: Mapping[str, int], difference: bool = False) -> None:
    """Raise BadFile unless this is a full state, or with `difference` what has changed in one."""
    check_known(state, where, STATE.keys())
    for name, fits in STATE.items():
        if name not in state and not difference:
            raise BadFile(f"{where} has no field {name!r}")
        if name in state and not fits(state[name], config, difference):
            raise BadFile(f"{where}: {name!r} cannot be {shorten(state[name])}")


FieldCheck = Callable[[Any], bool]


def is_number(value: Any) -> bool:
    """True for a whole number of at most 64 bits; a truth value is none."""
    return type(value) is int and -2**63 <= value < 2**64


def is_count(value: Any) -> bool:
    """True for a number from 0 on."""
    return type(value) is int and 0 <= value < 2**32


def is_name(value: Any) -> bool:
    """True for a short text."""
    return type(value) is str and len(value) <= 100


def is_slot(value: Any) -> bool:
    """True for what may stand in the VM table."""
    if type(value) is not dict:
        return value in ("free", "reserved")
    return (value.keys() == SLOT.keys() and all(fits(value[name]) for name, fits in SLOT.items())
            and len(value["mc"]) == len(value["vcpus"]))


def are_slots(value: Any, config: Mapping[str, int], difference: bool) -> bool:
    """True for the entries of a table; a difference names those it has by their numbers."""
    if not difference:
        return type(value) is list and len(value) == config["slots"] and all(map(is_slot, value))
    places = {str(idx) for idx in range(config["slots"])}
    return type(value) is dict and value.keys() <= places and all(map(is_slot, value.values()))


def are_maps(value: Any) -> bool:
    """True for what a guest has: page and right by gfn."""
    return type(value) is dict and all(
        gfn.isdecimal() and type(leaf) is list and len(leaf) == 2 and (leaf[0] is None or is_name(leaf[0]))
        and is_name(leaf[1]) for gfn, leaf in value.items())


def are_loaded(value: Any, config: Mapping[str, int], _difference: bool) -> bool:
    """True for what the CPUs have loaded: nothing, handle and index, or something stale."""
    return type(value) is list and len(value) == config["cpus"] and all(
        one is None or one == "stale" or (type(one) is list and len(one) == 2 and all(map(is_count, one)))
        for one in value)


def is_page(value: Any) -> bool:
    """True for a page: two states, two counts, an owner, for a guest page the content."""
    if type(value) is not list or not 5 <= len(value) <= 6:
        return False
    host, hyp, shares, count, owner, *content = value
    return (is_name(host) and is_name(hyp) and is_count(shares) and is_count(count)
            and (is_name(owner) or is_guest(owner)) and all(map(is_name, content)))


def is_guest(owner: Any) -> bool:
    """True for a guest as an owner: with handle and gfn."""
    return type(owner) is list and len(owner) == 3 and owner[0] == "GUEST" and all(map(is_count, owner[1:]))


def by_name(fits: FieldCheck) -> Callable[[Any, Mapping[str, int], bool], bool]:
    """The check of a map from names; in a difference null takes an entry away."""
    def check(value: Any, _config: Mapping[str, int], difference: bool) -> bool:
        return type(value) is dict and all(
            (one is None and difference) or fits(one) for one in value.values())
    return check


def list_of(fits: FieldCheck) -> FieldCheck:
    """The check of a list."""
    return lambda value: type(value) is list and all(map(fits, value))


def either(*exact: Any) -> FieldCheck:
    """The check of a value that is one of these; 0 is not False."""
    return lambda value: any(value is one or (type(value) is str and value == one) for one in exact)


def or_none(fits: FieldCheck) -> FieldCheck:
    """The check of a value that may be null."""
    return lambda value: value is None or fits(value)


def is_config(value: Any) -> bool:
    """True for the sizes of a machine and of an alphabet of calls."""
    return (type(value) is dict and value.keys() <= {*SIZES, *ALPHABET} and value.keys() >= set(SIZES)
            and all(type(size) is int and 1 <= size <= 99 for size in value.values()))


def is_freed(value: Any) -> bool:
    """True for what a teardown gave back."""
    return (type(value) is dict and value.keys() == {"meta", "s2", "meta_zero", "host_owned"}
            and is_count(value["meta"]) and is_count(value["s2"])
            and type(value["meta_zero"]) is bool and type(value["host_owned"]) is bool)


def is_split(value: Any) -> bool:
    """True for where a call may stop, and how often."""
    return (type(value) is dict and value.keys() == {"before", "max"} and is_count(value["max"])
            and type(value["before"]) is list and all(map(either(*"LHYGPF"), value["before"])))


is_truth: FieldCheck = either(True, False)
is_text: FieldCheck = is_name
VECTOR: dict[str, FieldCheck] = {
    "rev": either(*REVISIONS), "id": is_count, "kind": either(*KINDS), "config": is_config,
    "init": lambda value: type(value) is dict, "steps": lambda value: type(value) is list}
TEXTS = {"seed", "space", "base", "ref", "title"}
SHORT: dict[str, FieldCheck] = {
    "cpu": is_count, "call": is_name, "args": lambda value: type(value) is dict, "ret": or_none(is_number)}
STEP: dict[str, FieldCheck] = {
    "cpu": is_count, "call": is_name, "ret": lambda value: value is None or value == "pending" or is_number(value),
    "event": or_none(either(*EVENTS)), "state": or_none(lambda value: type(value) is dict)}
VECTOR_FIELDS = VECTOR.keys() | TEXTS | {"at", "probes"}
STEP_FIELDS = STEP.keys() | {"args", "flush", "freed", "flight", "split", "regions", "in", "page",
                             "ret_if_warn_not_fatal"}
OPTIONAL: dict[str, FieldCheck] = {
    **dict.fromkeys(TEXTS, is_text), "at": lambda value: type(value) is dict,
    "probes": lambda value: type(value) is list, "args": lambda value: type(value) is dict,
    "flush": list_of(is_number), "freed": is_freed, "flight": either("begin", "resume"), "split": is_split,
    "regions": is_text, "in": is_text, "page": is_text, "ret_if_warn_not_fatal": or_none(is_number)}
SLOT: dict[str, FieldCheck] = {
    "vm": is_name, "dying": is_truth, "protected": is_truth, "refcount": is_count,
    "vcpus": list_of(lambda value: value is None or value == "idle" or is_count(value)),
    "mc": list_of(or_none(is_count)), "maps": are_maps}
STATE: dict[str, Callable[[Any, Mapping[str, int], bool], bool]] = {
    "slots": are_slots, "loaded": are_loaded, "pages": by_name(is_page),
    "anon_hyp": lambda value, _config, _difference: is_count(value), "host_mc": by_name(is_count)}
