"""A recorded kernel and the model answer the same calls the same way, and any difference is noticed."""
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkvm_model.conform.recordings import (
    RECORDINGS,
    RecordedScenario,
    ReplayedScenario,
    load,
    replay,
    start,
    translate_calls,
)
from pkvm_model.model.revisions import V1, Revision
from pkvm_model.model.run import begin, finish, resume
from pkvm_model.model.state import HYP, OWNED, Cpu, Page, Slot, Span, State
from pkvm_model.model.state_json import digest, from_json, to_json
from pkvm_model.model.steps import Call

NAME = "6.19.14-natural"
SCENARIOS = load(NAME).scenarios
FILE = RECORDINGS / f"{NAME}.jsonl"


def rows(scenario: str) -> list[dict[str, object]]:
    """Return the rows of a scenario, to be changed and written elsewhere."""
    every = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    return [row for row in every if row["scenario"] == scenario]


def replayed(folder: Path, changed: list[dict[str, object]]) -> ReplayedScenario:
    """Replay these rows as a recording of their own."""
    path = folder / "changed.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in changed), encoding="utf-8")
    return replay(load(path).scenarios[0])


def final(scenario: RecordedScenario) -> State:
    """Return the state after the last call of a scenario."""
    return list(states(scenario))[-1]


def states(scenario: RecordedScenario) -> Iterator[State]:
    """Yield the state after each lock region of a scenario."""
    state, revision = start(scenario), scenario.revision
    for row, call in translate_calls(scenario, revision):
        assert call is not None
        step = begin(state, revision, row.cpu, call)
        yield step.state
        while step.pending:
            step = resume(step.state, revision, row.cpu)
            yield step.state
        state = step.state


def test_every_call_in_the_life_of_a_real_vm_is_answered_as_the_kernel_answered_it() -> None:
    life = replay(load(NAME).scenario("n3"))
    assert [row for row in life if row.agree is not True] == []
    assert life.summary == "37 of 37 modelled calls returned what the kernel returned; 0 rows of other calls."


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_recorded_scenario_is_answered_as_the_kernel_answered_it(scenario: RecordedScenario) -> None:
    assert [row.cells for row in replay(scenario) if row.agree is not True] == []


def test_all_fifteen_scenarios_exist() -> None:
    assert {scenario.name for scenario in SCENARIOS} == {*(f"n{number}" for number in range(1, 15)), "i3"}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_hypercall_of_a_recording_is_compared(scenario: RecordedScenario) -> None:
    recorded = [row for row in rows(scenario.name) if row["side"] == "hyp"]
    assert len(replay(scenario).rows) == len(recorded)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_el2_keeps_nothing_of_a_destroyed_vm(scenario: RecordedScenario) -> None:
    state = final(scenario)
    assert list(state.all(Slot)) == []
    assert [name for name, page in state.all(Page) if page.owner == HYP or page.hyp == OWNED] == []


def test_the_vcpu_that_came_too_late_leaves_its_three_pages_pinned() -> None:
    pinned = {name for name, page in final(load(NAME).scenario("n7")).all(Page) if page.refcount}
    assert pinned == {"hv0.1", "hv0.1.p1", "hv0.1.p2"}


@pytest.mark.parametrize(("scenario", "struct", "pages"), [
    ("n3", "kvm0", ("kvm0", "kvm0.p1")),
    ("n3", "hv0.0", ("hv0.0", "hv0.0.p1", "hv0.0.p2")),
    ("n5", "hv0.1", ("hv0.1", "hv0.1.p1", "hv0.0")),
    ("n10", "hv1.0", ("hv1.0", "hv1.0.p1", "hv0.0")),
])
def test_a_struct_lies_on_the_pages_that_the_recording_shows(scenario: str, struct: str,
                                                             pages: tuple[str, ...]) -> None:
    assert start(load(NAME).scenario(scenario)).get(Span, struct).pages == pages


def test_a_page_under_two_structs_is_pinned_for_each(tmp_path: Path) -> None:
    changed = rows("n5")[:25]
    scenario = load_rows(tmp_path, changed)
    assert final(scenario).get(Page, "hv0.0").refcount == 2


def load_rows(folder: Path, changed: list[dict[str, object]]) -> RecordedScenario:
    """Return these rows as a scenario."""
    replayed(folder, changed)
    return load(folder / "changed.jsonl").scenarios[0]


@pytest.mark.parametrize("number", [number for number, row in enumerate(rows("n3")) if row["side"] == "hyp"])
def test_one_changed_answer_is_exactly_one_disagreement(tmp_path: Path, number: int) -> None:
    changed = rows("n3")
    changed[number]["ret"] = -1
    assert [row.recorded.seq for row in replayed(tmp_path, changed).disagreements] == [number + 1]


def test_rows_after_an_el2_panic_differ_from_the_model(tmp_path: Path) -> None:
    without_put = [row for row in rows("n3") if row["call"] != "__pkvm_vcpu_put"]
    changed = [row | {"seq": number} for number, row in enumerate(without_put, 1)]
    teardown = next(row for row in changed if row["call"] == "__pkvm_teardown_vm")
    teardown |= {"ret": None, "note": "did not return: hyp panic"}
    life = list(replayed(tmp_path, changed))
    panic = next(number for number, row in enumerate(life) if row.recorded.call == teardown["call"])
    assert (life[panic].cells[1:], life[panic].agree) == (("EL2_PANIC", "EL2_PANIC", "yes"), True)
    assert {row.modelled for row in life[panic + 1:]} == {"the machine has ended"}


def test_calls_that_a_revision_lacks_are_counted_apart() -> None:
    life = replay(load(NAME).scenario("n3"), V1)
    assert [row.recorded.call for row in life if row.agree is None] == ["__pkvm_teardown_vm"]
    assert life.summary.endswith("1 row of another call.")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_each_state_of_a_recorded_life_survives_json_and_leads_to_the_same_end(scenario: RecordedScenario) -> None:
    state, revision, end = start(scenario), scenario.revision, digest(final(scenario))
    todo = [(row.cpu, call) for row, call in translate_calls(scenario, revision) if call]
    for number, (cpu, call) in enumerate(todo):
        step = begin(state, revision, cpu, call)
        while True:
            restored = from_json(json.loads(json.dumps(to_json(step.state))))
            assert restored == step.state
            assert digest(run_out(restored, revision, cpu, todo[number + 1:])) == end
            if not step.pending:
                break
            step = resume(step.state, revision, cpu)
        state = step.state


def run_out(state: State, revision: Revision, cpu: int, todo: list[tuple[int, Call]]) -> State:
    """Return the state after the call in flight on a CPU, if there is one, and all later calls."""
    if any(number == cpu and record.flight for number, record in state.all(Cpu)):
        state = finish(resume(state, revision, cpu), revision).state
    for where, call in todo:
        state = finish(begin(state, revision, where, call), revision).state
    return state
