"""The model does, field by field, what the real functions of the kernel did."""
from __future__ import annotations

import copy

import pytest

from pkvm_model.revisions import REVISIONS
from tests.model.vectors import JSON, Disagreement, Tally, compare, read

FILES = [f"{kind}-{revision}" for kind in ("scenarios", "interleave", "random", "bfs") for revision in REVISIONS]
BREAKS = {"ret": -99, "event": "EL2_FAULT", "flush": [7], "freed": {"meta": 9, "s2": 9}}
STATE_BREAKS = {"slots": {"0": "free"}, "loaded": [None, [1, 1]], "pages": {"kvm0": ["OWNED", "NOPAGE", 0, 0, "HYP"]},
                "anon_hyp": 77, "host_mc": {"hv0.1": 7}}


def judged(vector: JSON) -> int:
    """How many steps of a vector say what came of them."""
    return len(vector["probes"] if "probes" in vector else vector["steps"])


@pytest.mark.parametrize("name", FILES)
def test_the_model_agrees_with_the_recorded_functions_in_every_field(name: str) -> None:
    tally, vectors = Tally(), list(read(f"{name}.jsonl.gz"))
    assert [one for vector in vectors for one in compare(vector, tally)] == []
    assert tally.steps == sum(map(judged, vectors)) > 150


def test_the_vectors_hold_fourteen_thousand_steps_of_four_kernels() -> None:
    assert len(FILES) == 16
    assert sum(judged(vector) for name in FILES for vector in read(f"{name}.jsonl.gz")) > 14_000


def first_live(field: str) -> tuple[JSON, int]:
    """A scenario, and a step of it that shows a live VM, or that carries the field asked for."""
    for vector in read("scenarios-v1.jsonl.gz"):
        for number, step in enumerate(vector["steps"]):
            if step.get("state") and (field not in ("flush", "freed") or field in step) and number > 3:
                return copy.deepcopy(vector), number
    raise AssertionError(f"no step has {field}")


def alter(field: str) -> list[Disagreement]:
    """What the comparison finds when this one field of one step is recorded otherwise."""
    vector, number = first_live(field)
    recorded = vector["steps"][number]
    if field in BREAKS:
        recorded[field] = BREAKS[field]
    else:
        recorded["state"] |= {field: STATE_BREAKS[field]}
    return list(compare(vector, Tally()))


@pytest.mark.parametrize("field", [*BREAKS, *STATE_BREAKS])
def test_one_altered_value_gives_exactly_one_disagreement_in_that_field(field: str) -> None:
    assert [one.field for one in alter(field)] == [field]


def test_an_altered_answer_behind_a_warning_is_found() -> None:
    for vector in read("bfs-pre.jsonl.gz"):
        warned = [probe for probe in vector["probes"] if "ret_if_warn_not_fatal" in probe]
        if warned:
            warned[0]["ret_if_warn_not_fatal"] = -99
            assert [one.field for one in compare(vector, Tally())] == ["ret_if_warn_not_fatal"]
            return
    pytest.fail("no vector has a warning")
