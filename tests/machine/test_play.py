"""A trace is played on a machine beside the model; here its EL2 is the model itself, or differs on purpose."""
from __future__ import annotations

import pytest

from pkvm_model.machine.calls import Hangs, Panicked, Result, Returned, Stands
from pkvm_model.machine.failure import MachineError
from pkvm_model.machine.holdings import Holding, PageRecords
from pkvm_model.machine.interleavings import interleavings
from pkvm_model.machine.plain import from_json, to_json
from pkvm_model.machine.play import play
from pkvm_model.machine.regions import Boundary
from pkvm_model.model.revisions import PRE, UPSTREAM, V1, Revision
from pkvm_model.model.run import begin, finish, resume
from pkvm_model.model.state import NOPAGE, OWNED, SHARED_BORROWED, SHARED_OWNED, State
from pkvm_model.model.trace import Trace, parse_call, record
from tests.machine.fakes import FakeMachine

HOLE = ("0 kvm_create_vm(kvm0)", "0 kvm_first_run(kvm0, hv0.0)", "0 __pkvm_start_teardown_vm(0x1000)",
        "1 __pkvm_host_unshare_guest(0x1000, 0) ...", "0 __pkvm_finalize_teardown_vm(0x1000)", "1 resume")


def make_trace(revision: Revision, *lines: str) -> Trace:
    """Return the trace of steps that are given without their outcomes, but with `...` where a call goes on."""
    state, steps = State(), []
    for line in lines:
        cpu, _, what = line.removesuffix(" ...").partition(" ")
        step = (resume(state, revision, int(cpu)) if what == "resume"
                else begin(state, revision, int(cpu), parse_call(what)))
        step = step if line.endswith("...") else finish(step, revision)
        steps.append((step, what != "resume"))
        state = step.state
    return record(revision, state.config, steps)


class Altered(FakeMachine):
    """A machine that does something else at one of its results."""

    def __init__(self, number: int, result: Result, kernel: Revision = UPSTREAM) -> None:
        super().__init__(kernel)
        self.left, self.result = number, result

    def alter(self, result: Result) -> Result:
        """Return another result, once."""
        self.left -= 1
        return self.result if self.left == 0 else result


@pytest.mark.parametrize("revision", [UPSTREAM, PRE], ids=lambda each: each.name)
def test_a_machine_that_is_the_model_agrees_in_every_step(revision: Revision) -> None:
    for each in interleavings(revision)[:40]:
        answer = play(FakeMachine(revision, each.trace.config), each.trace)
        assert [row.verdict for row in answer.rows if row.note != "EL2 is not asked"] == [
            "agrees"] * sum(row.note != "EL2 is not asked" for row in answer.rows), each.name
        assert len(answer.rows) == len(each.trace.lines)


def test_what_a_function_of_the_host_asks_is_asked_of_the_machine() -> None:
    answer = play(FakeMachine(), make_trace(UPSTREAM, "0 kvm_create_vm(kvm0)", "0 kvm_first_run(kvm0, hv0.0)",
                                            "0 kvm_destroy_vm(kvm0)"))
    assert [row.verdict for row in answer.rows] == ["agrees"] * 3
    assert answer.rows[0].note == "__pkvm_host_share_hyp = 0 (2 calls, one a page), __pkvm_reserve_vm = 0x1000"


def test_the_hole_of_the_patch_is_where_a_released_kernel_differs() -> None:
    answer = play(FakeMachine(), make_trace(V1, *HOLE))
    assert answer.difference
    assert (answer.difference.line, answer.difference.model, answer.difference.machine) == (6, "= 0", "= -EINVAL")
    assert len(answer.rows) == 5


@pytest.mark.parametrize(("result", "machine", "note"), [
    (Returned(known=True, value=-16), "= -EBUSY", ""),
    (Returned(known=False, value=0), "not supported", "EL2 does not know the call"),
    (Stands(Boundary("hyp_alloc_pages")), "...",
     "it stands before hyp_alloc_pages, the model before __pkvm_host_unshare_guest"),
    (Panicked("hyp_page_ref_dec"), "! EL2_PANIC hyp_page_ref_dec", ""),
    (Hangs("put_pkvm_hyp_vm", 10), "does not come back", "after 10 s it is in put_pkvm_hyp_vm")])
def test_whatever_a_machine_does_otherwise_is_the_first_difference(result: Result, machine: str, note: str) -> None:
    trace = make_trace(UPSTREAM, "0 kvm_create_vm(kvm0)", "0 kvm_first_run(kvm0, hv0.0)",
                       "1 __pkvm_host_unshare_guest(0x1000, 0) ...", "1 resume ...")
    answer = play(Altered(6, result), trace)
    assert [row.verdict for row in answer.rows] == ["agrees", "agrees", "differs"]
    assert (answer.rows[-1].machine, answer.rows[-1].note) == (machine, note)


def test_a_warning_at_el2_ends_both_machines() -> None:
    trace = make_trace(PRE, "0 kvm_create_vm(kvm0)", "0 kvm_first_run(kvm0, hv0.0)", "0 __pkvm_vcpu_load(0x1000, 0)",
                       "0 __pkvm_teardown_vm(0x1000)")
    row = play(FakeMachine(PRE), trace).rows[-1]
    assert (row.model, row.machine, row.verdict) == (
        "! EL2_PANIC teardown_unreferenced", "! EL2_PANIC hyp_panic", "agrees")


def test_after_a_step_that_cannot_be_tried_no_other_is() -> None:
    machine = FakeMachine()
    machine.numbers = {name: number for name, number in machine.numbers.items() if name != "__pkvm_reserve_vm"}
    rows = play(machine, make_trace(UPSTREAM, "0 __pkvm_host_share_hyp(kvm0)", "0 __pkvm_reserve_vm()",
                                    "0 __pkvm_unreserve_vm(0x1000)")).rows
    assert [(row.verdict, row.note) for row in rows] == [
        ("agrees", "2 calls, one a page"), ("not tried", "0.0 has no __pkvm_reserve_vm"),
        ("not tried", "a step before it was not tried")]


def test_a_kernel_that_lacks_a_boundary_is_refused_only_for_stops_in_that_call() -> None:
    machine = FakeMachine()
    machine.functions = {"put_pkvm_hyp_vm": 0}
    lines = ("0 kvm_create_vm(kvm0)", "0 kvm_first_run(kvm0, hv0.0)", "0 __pkvm_host_unshare_guest(0x1000, 0)")
    assert [row.verdict for row in play(machine, make_trace(UPSTREAM, *lines)).rows] == ["agrees"] * 3
    row = play(machine, make_trace(UPSTREAM, *lines[:2], f"{lines[2]} ...")).rows[-1]
    assert row.note == "0.0 has no function __pkvm_host_unshare_guest, so __pkvm_host_unshare_guest cannot stop there"


def test_a_step_without_a_hypercall_is_said_to_be_one() -> None:
    row = play(FakeMachine(), make_trace(UPSTREAM, "0 kvm_create_vm(kvm0)", "0 kvm_unmap(kvm0)")).rows[-1]
    assert (row.verdict, row.note) == ("not tried", "EL2 is not asked")


def test_a_trace_that_the_model_does_not_follow_is_refused() -> None:
    trace = make_trace(UPSTREAM, "0 __pkvm_reserve_vm()")
    with pytest.raises(MachineError, match="the model does not come out as the trace says: line 2"):
        play(FakeMachine(), Trace(trace.revision, trace.config, (
            trace.lines[0].__class__(0, trace.lines[0].call, "= -ENOMEM"),), trace.digest))


def test_a_difference_ends_the_play_unless_it_is_told_to_go_on() -> None:
    trace = make_trace(UPSTREAM, "0 __pkvm_reserve_vm()", "0 __pkvm_unreserve_vm(0x1000)", "0 __pkvm_reserve_vm()")
    result = Returned(known=True, value=0x1001)
    assert len(play(Altered(1, result), trace).rows) == 1
    assert [row.verdict for row in play(Altered(1, result), trace, keep_going=True).rows] == [
        "differs", "agrees", "agrees"]


def test_a_page_that_is_somebody_elses_on_the_machine_is_a_difference() -> None:
    machine = FakeMachine()
    lent, alone = Holding(SHARED_OWNED, SHARED_BORROWED, 0, 0), Holding(OWNED, NOPAGE, 0, 0)
    machine.strays = [PageRecords("kvm0", lent, alone, is_settled=False)]
    answer = play(machine, make_trace(UPSTREAM, "0 __pkvm_host_share_hyp(kvm0)"))
    row = answer.rows[0]
    assert (row.model, row.machine, row.verdict) == ("= 0", "= 0", "differs")
    assert row.note == ("page kvm0 on the machine: host OWNED, EL2 NOPAGE, lent to 0, count 0; "
                        "in the model: host SHARED_OWNED, EL2 SHARED_BORROWED, lent to 0, count 0")
    assert answer.territory == tuple(machine.strays)
    assert answer.stray == machine.strays[0]
    assert from_json(to_json(answer)) == answer


def test_a_machine_gets_as_many_slots_as_the_trace_has() -> None:
    machine = FakeMachine()
    play(machine, make_trace(UPSTREAM, "0 __pkvm_reserve_vm()"))
    assert machine.resets == [1]


def test_a_stored_answer_is_like_a_live_one() -> None:
    answer = play(FakeMachine(), make_trace(V1, *HOLE))
    assert from_json(to_json(answer)) == answer
    assert answer.summarise() == "5 steps: 4 agree, 1 differ"
    with pytest.raises(ValueError, match="no answer of a machine"):
        from_json({"kernel": "7.3.4"})
