"""The model does, field by field, what the recorded functions did, and every changed value is noticed."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from pkvm_model.conform.compare import conform
from pkvm_model.conform.tally import Tally
from pkvm_model.model import hypercalls, memory, view
from tests.conform.files import JSON, VECTORS, changed, compared, rows, some

Path_ = tuple[str | int, ...]
KINDS = ("scenarios", "interleave", "random", "bfs")
SAMPLE = {
    "bfs-merged": (263, 2225, 11777), "bfs-pre": (254, 2145, 10756), "bfs-upstream": (396, 3498, 19866),
    "bfs-v1": (263, 2225, 11777), "interleave-merged": (3761, 35037, 0), "interleave-pre": (2214, 19880, 0),
    "interleave-upstream": (6800, 67698, 0), "interleave-v1": (3760, 35498, 0), "random-merged": (200, 7887, 0),
    "random-pre": (200, 7946, 0), "random-upstream": (200, 8302, 0), "random-v1": (200, 8035, 0),
    "scenarios-merged": (32, 269, 0), "scenarios-pre": (24, 181, 0), "scenarios-upstream": (36, 342, 0),
    "scenarios-v1": (32, 277, 0)}
"""The contents of the files: vectors, their steps, and calls tried at their ends."""


def more(value: int) -> int:
    """Return another number."""
    return value + 1


def nay(value: bool) -> bool:
    """Return the other truth value."""
    return not value


CHANGES: list[tuple[str, Path_, Callable[[Any], Any]]] = [
    ("ret", ("ret",), lambda old: -99 if old is None or old == "pending" else old - 1),
    ("event", ("event",), lambda old: "EL2_FAULT" if old is None else None),
    ("flush", ("flush",), lambda old: [*(old or []), 7]),
    ("freed", ("freed", "meta"), more),
    ("freed", ("freed", "s2"), more),
    ("freed", ("freed", "meta_zero"), nay),
    ("freed", ("freed", "host_owned"), nay),
    ("slots", ("state", "slots", "0", "vm"), lambda old: "vm7"),
    ("slots", ("state", "slots", "0", "dying"), nay),
    ("slots", ("state", "slots", "0", "protected"), nay),
    ("slots", ("state", "slots", "0", "refcount"), more),
    ("slots", ("state", "slots", "0", "vcpus", 0), lambda old: 1 if old is None or old == "idle" else None),
    ("slots", ("state", "slots", "0", "mc", 0), lambda old: (old or 0) + 1),
    ("slots", ("state", "slots", "0", "maps"), lambda old: {**old, "5": ["g0", "SHARED_BORROWED"]}),
    ("loaded", ("state", "loaded", 0), lambda old: [4096, 7]),
    ("pages", ("state", "pages", "vm0", 0), lambda old: "SHARED_OWNED"),
    ("pages", ("state", "pages", "vm0", 1), lambda old: "SHARED_BORROWED"),
    ("pages", ("state", "pages", "vm0", 2), more),
    ("pages", ("state", "pages", "vm0", 3), more),
    ("pages", ("state", "pages", "vm0", 4), lambda old: ["GUEST", 4096, 0]),
    ("pages", ("state", "pages", "g0", 5), lambda old: "zero" if old == "data" else "data"),
    ("anon_hyp", ("state", "anon_hyp"), more),
    ("state", ("state",), lambda old: {} if old is None else None),
]


def has(step: JSON, path: Path_) -> bool:
    """Return True if a step has a value at this path, or could have one."""
    place: Any = step
    for part in path[:-1]:
        inside = isinstance(part, int) or (isinstance(place, dict) and part in place)
        if not inside or not place[part]:
            return False
        place = place[part]
    return isinstance(place, list) or path[-1] in place or path == ("flush",)


def places(kind: str, path: Path_) -> Iterator[tuple[JSON, Path_]]:
    """Yield the vectors of a kind, each with a path to a value that ends in these keys."""
    for revision in ("upstream", "v1"):
        for vector in some(f"{kind}-{revision}"):
            steps = "probes" if kind == "bfs" else "steps"
            for number, step in enumerate(vector[steps]):
                if has(step, path):
                    yield vector, (steps, number, *path)


@pytest.fixture(scope="module")
def tallies() -> Iterator[dict[str, Future[Tally]]]:
    """Yield the result of comparing each file; they are compared in parallel, on all CPUs."""
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        yield {name: pool.submit(conform, VECTORS / f"{name}.jsonl.gz") for name in SAMPLE}


@pytest.mark.parametrize("name", SAMPLE)
def test_all_of_a_file_is_compared_and_agrees(name: str, tallies: dict[str, Future[Tally]]) -> None:
    tally = tallies[name].result()
    assert tally.first is None
    assert ((tally.sequences, tally.steps, tally.probes), tally.disagreements) == (SAMPLE[name], 0)


def test_every_file_of_vectors_is_compared() -> None:
    assert sorted(path.name for path in VECTORS.glob("*.gz")) == [f"{name}.jsonl.gz" for name in SAMPLE]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("field", "path", "value"), CHANGES, ids=[".".join(map(str, path)) for _, path, _ in CHANGES])
def test_one_changed_value_is_exactly_one_disagreement(
        tmp_path: Path, kind: str, field: str, path: Path_, value: Callable[[Any], Any]) -> None:
    vector, place = next(places(kind, path))
    tally = compared(tmp_path, [vector, changed(vector, place, value), vector])
    assert dict(tally.fields) == {field: 1}
    assert tally.unreached == 0


@pytest.mark.parametrize(("field", "value"), [
    ("slots", ["reserved"]), ("loaded", [None, [4096, 0]]), ("anon_hyp", 77), ("host_mc", {"hv0.0": 7}),
    ("pages", {"kvm0": ["OWNED", "NOPAGE", 0, 1, "HOST"]})])
def test_a_changed_state_at_the_end_of_a_walk_is_one_disagreement(tmp_path: Path, field: str, value: Any) -> None:
    vector = some("bfs-v1")[0]
    assert vector["at"][field] != value
    assert dict(compared(tmp_path, [changed(vector, ("at", field), lambda _: value)]).fields) == {field: 1}


def test_a_changed_host_memcache_is_one_disagreement(tmp_path: Path) -> None:
    vector, place = next(places("random", ("state", "pages", "g0")))
    other = changed(vector, (*place[:3], "host_mc"), lambda _: {"hv0.0": 9})
    assert dict(compared(tmp_path, [other]).fields) == {"host_mc": 1}


def test_a_changed_answer_behind_a_warning_is_one_disagreement(tmp_path: Path) -> None:
    vector, place = next((vector, ("probes", number)) for vector in some("bfs-pre")
                         for number, probe in enumerate(vector["probes"]) if "ret_if_warn_not_fatal" in probe)
    other = changed(vector, (*place, "ret_if_warn_not_fatal"), lambda _: -99)
    assert dict(compared(tmp_path, [other]).fields) == {"ret_if_warn_not_fatal": 1}


def test_a_changed_answer_on_the_way_to_a_state_is_one_disagreement(tmp_path: Path) -> None:
    vector = next(vector for vector in some("bfs-v1") if vector["steps"])
    other = changed(vector, ("steps", 0, "ret"), lambda _: -99)
    assert dict(compared(tmp_path, [other]).fields) == {"ret": 1}


@pytest.mark.parametrize("field", ["in", "page", "regions"])
def test_fields_for_display_only_are_not_compared(tmp_path: Path, field: str) -> None:
    vector, number = next((vector, number) for vector in some("scenarios-v1")
                          for number, step in enumerate(vector["steps"]) if field in step)
    tally = compared(tmp_path, [changed(vector, ("steps", number, field), lambda _: "elsewhere")])
    assert tally.disagreements == 0


@pytest.mark.parametrize(("name", "revision"), [
    ("scenarios-v1", "merged"), ("interleave-v1", "merged"), ("scenarios-pre", "v1"), ("bfs-pre", "v1")])
def test_another_revision_does_not_agree(tmp_path: Path, name: str, revision: str) -> None:
    assert compared(tmp_path, some(name), revision).disagreements > 0


def test_steps_after_the_end_of_the_models_machine_are_counted_as_not_reached(tmp_path: Path) -> None:
    vector = next(vector for vector in rows("scenarios-pre") if vector["steps"][-1]["event"] == "EL2_PANIC")
    longer = changed(vector, ("steps",), lambda steps: [*steps, steps[0], steps[1]])
    tally = compared(tmp_path, [longer])
    assert (tally.disagreements, tally.unreached, tally.steps) == (0, 2, len(vector["steps"]))


def test_metadata_that_is_not_zeroed_is_a_disagreement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vector, _ = next(places("scenarios", ("freed", "meta")))
    monkeypatch.setattr(view.View, "zero", lambda self, address: None)
    assert compared(tmp_path, [vector]).fields["freed"] == 1


def test_memory_that_is_not_given_back_is_a_disagreement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vector, _ = next(places("scenarios", ("freed", "meta")))
    real = memory.hyp_donate_host
    monkeypatch.setattr(hypercalls, "hyp_donate_host", lambda view, name: name.startswith("vc") or real(view, name))
    assert compared(tmp_path, [vector]).fields["freed"] == 1


def test_a_vector_that_begins_like_the_last_one_is_compared_like_any_other(tmp_path: Path) -> None:
    vector = some("interleave-v1")[0]
    last = len(vector["steps"]) - 1
    other = changed(vector, ("steps", last, "ret"), lambda _: -99)
    tally = compared(tmp_path, [vector, other, vector])
    assert (dict(tally.fields), tally.steps) == ({"ret": 1}, 3 * (last + 1))
