"""The output of the peers is read as they mean it; the samples are from SPIN 6.5.2, TLC 2.15 and rumur 2022.08."""
from __future__ import annotations

import pytest

from benchmarks import ours, peers
from benchmarks.counts import Counts
from benchmarks.measure import Failed
from benchmarks.scenarios import SCENARIOS, differences

SPIN_HOLDS = """\
(Spin Version 6.5.2 -- 6 December 2019)
      + Breadth-First Search

State-vector 28 byte, depth reached 16, errors: 0
      184 states, stored
           184 nominal states (stored-atomic)
      443 states, matched
      627 transitions (= stored+matched)
        0 atomic steps
"""
SPIN_VIOLATED = """\
pan:1: assertion violated (state[0]==2) (at depth 4)
pan: wrote model.pml.trail
Warning: Search not completed
State-vector 28 byte, depth reached 4, errors: 1
       41 states, stored
       26 states, matched
       67 transitions (= stored+matched)
"""
TLC_HOLDS = """\
Progress(9) at 2026-11-22 22:40:19: 90,001 states generated (90,001 s/min), 7,201 distinct states found, 3 states left
Model checking completed. No error has been found.
627 states generated, 184 distinct states found, 0 states left on queue.
The depth of the complete state graph search is 17.
"""
TLC_VIOLATED = """\
Error: Invariant Safe is violated.
Error: The behavior up to this point is:
State 1: <Initial predicate>
/\\ lock = FALSE

State 2: <Step line 29, col 12 to line 71, col 87 of module Script>
/\\ lock = TRUE

265 states generated, 200 distinct states found, 33 states left on queue.
The depth of the complete state graph search is 14.
"""
RUMUR_HOLDS = """\
Status:

	No error found.

State Space Explored:

	184 states, 626 rules fired in 0s.
"""
RUMUR_VIOLATED = """\
Startstate 1 fired.
pc[0]:0
----------

Rule 36 fired.
pc[2]:5
lock:true
----------

Rule "load", c: 0, v: 0, s: 0 fired.
slot_on[0]:0
----------

End of the error trace.

Status:

	1 error(s) found.

State Space Explored:

	86 states, 157 rules fired in 0s.
"""


def test_spin_counts_the_initial_state_as_a_transition() -> None:
    assert peers.read_spin(SPIN_HOLDS) == Counts("holds", 184, 626, 16)


def test_spin_reports_the_depth_before_the_violating_step() -> None:
    assert peers.read_spin(SPIN_VIOLATED) == Counts("violated", 41, 67, 5)


def test_tlc_counts_the_initial_state_as_a_transition_and_as_a_level() -> None:
    assert peers.read_tlc(TLC_HOLDS) == Counts("holds", 184, 626, 16)


def test_a_tlc_trace_of_two_states_is_one_step() -> None:
    assert peers.read_tlc(TLC_VIOLATED) == Counts("violated", 200, 265, 1)


def test_rumur_counts_rules_and_no_levels() -> None:
    assert peers.read_rumur(RUMUR_HOLDS) == Counts("holds", 184, 626, None)


def test_a_rumur_trace_has_a_step_for_each_rule() -> None:
    assert peers.read_rumur(RUMUR_VIOLATED) == Counts("violated", 86, 157, 2)


def test_our_answer_is_the_last_line() -> None:
    said = 'a remark\n{"verdict": "holds", "states": 7, "transitions": 9, "depth": 3, "seconds": 0.1}\n'
    assert ours.read_ours(said) == Counts("holds", 7, 9, 3)


@pytest.mark.parametrize(("read", "said", "why"), [
    (peers.read_spin, SPIN_HOLDS.replace("errors: 0", "errors: 1"), "spin did not finish"),
    (peers.read_spin, f"error: max search depth too small\n{SPIN_HOLDS}", "spin did not finish"),
    (peers.read_spin, "pan: out of memory", "no answer: pan: out of memory"),
    (peers.read_tlc, TLC_HOLDS.replace("No error", "An error"), "TLC did not finish"),
    (peers.read_tlc, "", "no answer: it said nothing"),
    (peers.read_rumur, RUMUR_HOLDS.replace("No error found.", ""), "rumur did not finish"),
    (peers.read_rumur, "model: out of memory", "no answer: model: out of memory"),
    (ours.read_ours, "no explorer", "no answer: no explorer")])
def test_an_unfinished_search_is_not_an_answer(read: object, said: str, why: str) -> None:
    with pytest.raises(Failed, match=why):
        read(said)  # type: ignore[operator]  # each function reads a text


def test_a_wrong_count_is_named() -> None:
    expected = SCENARIOS["H211"].expected
    wrong = Counts("holds", 183, 626, 99)
    assert differences(wrong, expected, peers.COUNTS) == ["states 183 instead of 184"]
    other = wrong._replace(verdict="violated")
    assert differences(other, expected, frozenset()) == ["verdict violated instead of holds"]


def test_only_the_length_of_the_trace_is_compared_if_a_search_stopped_early() -> None:
    found = Counts("violated", 109, 500, 6)
    assert differences(found, SCENARIOS["H222-M1"].expected, peers.COUNTS | {"depth"}) == ["depth 6 instead of 5"]
