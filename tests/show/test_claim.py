"""Claims: a true sentence shows how far it was checked, a false one fails with the sentence."""

import re

import pytest

from pkvm_model.explore import check, invariants, outcomes
from pkvm_model.explore.catalogue import find_scenario
from pkvm_model.explore.check import Always, Limits, Report, Sometimes, explore
from pkvm_model.explore.homecoming import HOME
from pkvm_model.explore.machines import Scripts
from pkvm_model.explore.properties import INVARIANTS
from pkvm_model.model.revisions import MERGED, V1
from pkvm_model.model.state import Vm
from pkvm_model.scenes.scene import Scene
from pkvm_model.scenes.start_here import COLD_OPEN
from pkvm_model.scenes.two_phases import NEVER_RAN, TWO_PHASES
from pkvm_model.show.claim import LOOKS, Claim, ClaimBroken, claim

NO_VCPU = next(each for each in INVARIANTS if each.name == "I3")
NO_LOST_MEMORY = next(each for each in INVARIANTS if each.name == "I0b")
GONE = Sometimes("gone", "The VM is gone.", lambda state: not any(True for _ in state.all(Vm)))
NOTHING = Sometimes("nothing", "Nothing is what it seems.", lambda state: False)


def explore_scene(scene: Scene, *properties: Always | Sometimes, limits: Limits = Limits()) -> Report:  # noqa: B008  # frozen
    """Return the explorer's report on the scripts of a scene."""
    return explore(Scripts(scene), properties, limits)


def test_a_plain_truth_shows_its_sentence_and_an_untruth_fails_with_it() -> None:
    assert repr(claim("Two is two.", [2] == [2])) == "holds: Two is two."
    with pytest.raises(ClaimBroken, match=r"^not true of the model: The moon is square\.$"):
        claim("The moon is square.", [])


@pytest.mark.parametrize("verdict", LOOKS)
def test_its_frame_names_no_colour_which_a_notebook_that_is_not_trusted_would_lose(verdict: str) -> None:
    borders = re.findall(r"border:([^;]*);", Claim("So it is.", verdict)._repr_html_())
    assert len(borders) == 2
    assert all(re.fullmatch(r"[\d.]+px (solid|dotted)", border) for border in borders)


def test_an_invariant_shows_over_how_many_states_it_holds() -> None:
    report = explore_scene(TWO_PHASES, NO_VCPU)
    shown = claim("A dying VM has no vCPU loaded.", report)
    assert repr(shown) == ("holds: A dying VM has no vCPU loaded. "
                           f"Checked in all {report.states} states; in some of them it applies.")
    assert f"Checked in all {report.states} states" in shown._repr_html_()


def test_a_broken_invariant_fails_with_the_sentence_and_the_reason() -> None:
    with pytest.raises(ClaimBroken, match=r"^not true of the model: EL2 is careful\. .*a run of 4 steps.*page vm0"):
        claim("EL2 is careful.", explore_scene(COLD_OPEN, NO_LOST_MEMORY))


def test_a_broken_invariant_can_be_claimed_and_has_its_own_sign() -> None:
    shown = claim("EL2 is careless.", explore_scene(COLD_OPEN, NO_LOST_MEMORY), verdict=check.VIOLATED)
    assert repr(shown).startswith(
        "does not hold: “EL2 is careless.” Shown by a run of 4 steps, found among 15 states: EL2_")
    assert ">✗</span>" in shown._repr_html_()


def test_an_empty_invariant_is_no_evidence_unless_the_claim_says_so() -> None:
    empty = explore_scene(NEVER_RAN, NO_VCPU)
    with pytest.raises(ClaimBroken, match="the explorer says empty"):
        claim("Nobody runs it.", empty)
    shown = claim("Nobody can run what never was.", empty, verdict=check.EMPTY)
    assert repr(shown).endswith("” None of the 2 states is of the kind that it is about.")
    assert "dotted" in shown._repr_html_()


def test_a_goal_shows_the_length_of_its_run_or_the_number_of_states_without_it() -> None:
    report = explore_scene(TWO_PHASES, GONE)
    steps = len(report.answers[0].run or ())
    assert repr(claim("It can go.", report)).startswith(f"happens: It can go. Shown by a run of {steps} steps")
    never = explore_scene(TWO_PHASES, NOTHING)
    assert f"Checked in all {never.states} states" in repr(claim("It never does.", never, verdict=check.NEVER))
    with pytest.raises(ClaimBroken, match="the explorer says never"):
        claim("It can.", never)


def test_what_is_always_possible_says_who_gets_there_or_what_is_lost() -> None:
    race = find_scenario("R15")
    shown = claim("Everything can come home.", explore(race.machine(V1), (HOME,)))
    assert repr(shown) == ("always possible: Everything can come home. Checked in all 25 states: from each of "
                           "them, an honest host can reach this end.")
    lost = explore(race.machine(MERGED), (HOME,))
    assert repr(claim("A page is lost.", lost, verdict=check.VIOLATED)) == (
        "not always possible: “A page is lost.” Shown by a run of 1 step, found among 2 states: whatever an honest "
        "host does now, page g0 still counts as lent to a guest.")
    with pytest.raises(ClaimBroken, match="the explorer says violated: shown by a run of 1 step"):
        claim("Everything can come home.", lost)


def test_a_search_that_was_stopped_proves_nothing() -> None:
    with pytest.raises(ClaimBroken, match="incomplete: 3 states checked, but not all of them: the limit of 3"):
        claim("It can.", explore_scene(TWO_PHASES, NOTHING, limits=Limits(states=3)))


def test_all_answers_of_a_report_must_be_as_expected() -> None:
    report = explore_scene(COLD_OPEN, Always("fine", "All is fine.", lambda state: ""), NO_LOST_MEMORY)
    with pytest.raises(ClaimBroken, match="violated"):
        claim("Both.", report)
    assert claim("One.", report.answers[1], verdict=check.VIOLATED).verdict == check.VIOLATED


def test_a_cell_of_the_invariant_table_brings_its_number_of_states() -> None:
    cell = next(each for each in invariants.check_invariants(V1, invariants.HONEST) if each.invariant.name == "I3")
    shown = claim("The honest host is safe.", cell)
    assert repr(shown).startswith(f"holds: The honest host is safe. Checked in all {cell.report.states} states;")


def test_a_record_without_an_answer_is_rejected_because_it_would_count_as_true() -> None:
    with pytest.raises(TypeError, match="a Outcome is neither"):
        claim("R5 is harmless.", outcomes.Outcome("R5", "v1", outcomes.BUG))
    with pytest.raises(TypeError, match="a Report is neither"):
        claim("Nothing was asked.", Report((), 1, 0, 0, 0.0))


def test_an_expected_verdict_needs_an_answer_of_the_explorer() -> None:
    with pytest.raises(ClaimBroken):
        claim("Two is three.", holds=True, verdict=check.VIOLATED)


def test_markup_in_a_claim_is_escaped() -> None:
    assert "<script>" not in claim("<script>", True)._repr_html_()
