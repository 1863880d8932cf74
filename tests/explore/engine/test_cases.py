"""A property about each record is asked family by family, and has the answers that it has when it is asked whole."""
from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from pkvm_model.explore.check import VIOLATED, Always, Sometimes, explore
from pkvm_model.explore.engine.cases import Each, PredicateTables
from pkvm_model.explore.engine.predicates import TracedPredicate
from pkvm_model.explore.engine.search import Search
from pkvm_model.explore.machines import AnyHost, every_call
from pkvm_model.explore.properties import INVARIANTS, LOADED_WHILE_DYING, WRONG_COUNT
from pkvm_model.model.revisions import REVISIONS, UPSTREAM
from pkvm_model.model.state import Config, Page, State, Vcpu, Vm

ASKED = INVARIANTS[:-1]
TWO_VMS = Config(slots=2)


class UnsplitHost(NamedTuple):
    """A host that says nothing about families."""

    host: AnyHost
    actions: Any
    initial: Any
    step: Any
    view: Any
    is_unfinished: Any


def hide_families(host: AnyHost) -> UnsplitHost:
    """Return the same machine without families."""
    return UnsplitHost(host, host.actions, host.initial, host.step, host.view, host.is_unfinished)


class Stairs(NamedTuple):
    """A machine on which page after page comes to be: the page of each step is met in that step."""

    actions: tuple[str, ...] = ("next",)

    def initial(self) -> Any:
        """Return the page that is there from the beginning."""
        return {(Page, "p0"): Page(refcount=1)}

    def step(self, _: str, records: Any) -> Any:
        """Make the next page, up to p4, which counts 2."""
        made = sum((Page, f"p{number}") in records for number in range(5))
        if made == 5:
            return None
        after = records.copy()
        after[Page, f"p{made}"] = Page(refcount=1 + (made == 4))
        return after, "next"

    def family(self, key: Any) -> Any:
        """Return the page."""
        return key

    def view(self, records: Any) -> State:
        """Return the state with these pages."""
        return State(Config(), records)

    def is_unfinished(self, _: Any) -> bool:
        """Return False: nothing waits."""
        return False


@pytest.mark.parametrize("revision", REVISIONS.values(), ids=lambda revision: revision.name)
def test_every_invariant_has_the_answer_that_it_has_as_a_whole(revision: Any) -> None:
    host = AnyHost(revision, every_call(revision), most=1)
    split, whole = (explore(machine, ASKED, many=float("inf")) for machine in (host, hide_families(host)))
    assert split.answers == whole.answers
    assert split.states == whole.states
    assert revision is UPSTREAM or VIOLATED in {answer.verdict for answer in split.answers}


def test_a_record_that_is_met_late_is_asked_about() -> None:
    two = Each((Page, lambda state, name: "2" * (state.get(Page, name).refcount > 1)))
    few = Always("few", "No page counts 2.", two)
    answer = explore(Stairs(), (few, Sometimes("never", "Goes on.", lambda _: False))).answers[0]
    assert (answer.verdict, answer.reason, len(answer.run or ())) == (VIOLATED, "2", 4)


def test_with_two_vms_a_count_is_looked_at_in_few_states() -> None:
    search = Search(AnyHost(UPSTREAM, every_call(UPSTREAM, TWO_VMS), TWO_VMS, most=1))
    tables = PredicateTables(search, TracedPredicate(search.machine, search.packing, WRONG_COUNT))
    while search.states < 4000:
        search.advance()
    assert not any(tables.find_first(search, level) for level in range(len(search.levels) - 1))
    assert len(tables.tables) == 2
    assert sum(len(table.known) for table in tables.tables.values()) < search.states / 4


def test_whole_levels_find_the_same_with_one_look_for_all_that_looks_the_same() -> None:
    pytest.importorskip("numpy", reason="numpy is not installed")
    host = AnyHost(REVISIONS["v1"], every_call(REVISIONS["v1"]), most=1)
    plain, levels = (explore(host, ASKED, many=many) for many in (float("inf"), 100))
    assert [(answer.prop.name, answer.verdict, len(answer.run or ())) for answer in plain.answers] == [
        (answer.prop.name, answer.verdict, len(answer.run or ())) for answer in levels.answers]
    assert {answer.prop.name for answer in levels.answers if answer.verdict == VIOLATED} >= {"I4", "I6"}


def test_what_is_not_seen_of_a_record_is_not_shown() -> None:
    seen = []
    each = Each((Page, lambda state, name: seen.append(state.get(Page, name))), sees={Page: lambda _: Page()})
    explore(Stairs(), (Always("seen", "Fine.", each),))
    assert len(seen) >= 5
    assert {*seen} == {Page()}


def test_memory_that_a_dying_vm_gave_back_is_another_vms_vcpu() -> None:
    records: dict[Any, Any] = {
        (Vm, "vm0"): Vm(0x1000, is_dying=True, vcpus=("vc1.0",)), (Vcpu, "vc1.0"): Vcpu("vm1", loaded_on=0)}
    assert LOADED_WHILE_DYING(State(TWO_VMS, records)) == ""
    records[Vcpu, "vc1.0"] = Vcpu("vm0", loaded_on=0)
    assert LOADED_WHILE_DYING(State(TWO_VMS, records)) == "VM 0x1000 is dying and vc1.0 is loaded on CPU 0"
