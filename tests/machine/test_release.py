"""The check of a kernel release: what each part finds, and the page."""
from __future__ import annotations

from dataclasses import replace

import pytest

from pkvm_model.conform.recordings.kernels import call_numbers
from pkvm_model.conform.tally import Disagreement, Tally
from pkvm_model.machine.answer import AGREES, DIFFERS, NOT_TRIED
from pkvm_model.machine.chronicle import Findings, RecordedLife
from pkvm_model.machine.failure import MachineError
from pkvm_model.machine.interleavings import interleavings
from pkvm_model.machine.likeness import Comparison
from pkvm_model.machine.observations import Observation
from pkvm_model.machine.observe import Facts
from pkvm_model.machine.parameters import PARAMETERS
from pkvm_model.machine.regions import list_boundaries
from pkvm_model.machine.release import (
    CheckedPart,
    attempt,
    check_boundaries,
    check_interleavings,
    check_lives,
    check_numbers,
    conclude,
    decide_status,
    write_page,
)
from pkvm_model.model.revisions import UPSTREAM

CALLS = [call for call in UPSTREAM.calls if call in PARAMETERS]
NUMBERS = {call: number for number, call in enumerate(CALLS)}
FUNCTIONS = {place.function for call in CALLS for place in list_boundaries(call, UPSTREAM.guards)}
FIRST = interleavings(UPSTREAM)[:3]
FACTS = Facts("7.4.1", "Debian's kernel 7.4.1", "7.4.1-1", "QEMU 7.2.22", "virt, cortex-a53, 2 CPUs", "nVHE")


def seen(place: int, verdict: str = AGREES) -> Observation:
    """Return an observation of one of the first interleavings, which differs in its third step if it differs."""
    each = FIRST[place]
    lines = each.trace.lines
    if verdict == DIFFERS:
        lines = (*lines[:2], lines[2]._replace(outcome="= -EDOM"))
    notes = {} if verdict == AGREES else {0: "for a reason"}
    return Observation(each.name, each.race, UPSTREAM, each.trace.config, lines, verdict, notes)


def test_a_kernel_with_all_calls_and_functions_agrees() -> None:
    part = check_boundaries(UPSTREAM, FUNCTIONS, NUMBERS)
    assert (part.verdict, part.evidence) == (AGREES, ())
    assert part.says == f"The kernel has all {len(CALLS)} calls of the model, and each of them can be stopped " \
                        "wherever one of its lock regions ends and the next one begins."


def test_a_function_that_is_missing_is_named_with_its_calls() -> None:
    part = check_boundaries(UPSTREAM, FUNCTIONS - {"put_pkvm_hyp_vm"}, NUMBERS)
    assert part.verdict == NOT_TRIED
    assert f"and {len(part.evidence)} of them cannot be stopped wherever" in part.says
    says = "__pkvm_host_unshare_guest: it cannot stop at put_pkvm_hyp_vm, which the kernel does not have"
    assert says in part.evidence


def test_a_call_that_is_missing_is_a_difference() -> None:
    numbers = {call: number for call, number in NUMBERS.items() if call != "__pkvm_start_teardown_vm"}
    part = check_boundaries(UPSTREAM, FUNCTIONS, numbers)
    assert f"has {len(CALLS) - 1} of {len(CALLS)} calls" in part.says
    assert (part.verdict, part.evidence) == (DIFFERS, ("__pkvm_start_teardown_vm: the kernel has no such call",))


def test_numbers_are_compared_if_they_are_known() -> None:
    known = call_numbers("7.3.4")
    assert check_numbers("7.3.4", known) == CheckedPart(
        "Numbers of calls", AGREES, f"All {len(known)} numbers that the course knows of 7.3.4 are the kernel's.")
    part = check_numbers("7.3.4", known | {"__pkvm_vcpu_put": 99})
    assert part.verdict == DIFFERS
    assert part.evidence == (f"__pkvm_vcpu_put: 99 in the kernel, {known['__pkvm_vcpu_put']} known",)
    assert check_numbers("9.9.9", known).verdict == NOT_TRIED


def test_interleavings_that_differ_are_shown_with_both_runs() -> None:
    assert check_interleavings(FIRST, [seen(0), seen(1)]).verdict == AGREES
    part = check_interleavings(FIRST, [seen(0), seen(1, DIFFERS), seen(2, NOT_TRIED)])
    assert part.verdict == DIFFERS
    assert part.says == "Of 3 interleavings, 1 agree, 1 differ, 1 could not be tried. They are about 3 races " \
                        "of the course: R7, R16 and R24."
    step, outcome = next(line for line in part.evidence if "EDOM" in line).split("|")
    assert (step.strip(), outcome) == (str(FIRST[1].trace.lines[2]), " = -EDOM")
    assert f"{FIRST[2].name}: for a reason" in part.evidence
    assert check_interleavings(FIRST, [seen(2, NOT_TRIED)]).verdict == NOT_TRIED


def test_a_run_ends_at_the_step_that_differs_and_one_without_an_outcome_refers_to_the_note() -> None:
    whole = seen(1, DIFFERS)
    cut = replace(whole, lines=whole.lines[:3], notes={3: "another page"})
    part = check_interleavings(FIRST, [cut])
    assert [line.rpartition("|")[2] for line in part.evidence[2:-2]] == [
        *(f" {line.outcome}" for line in FIRST[1].trace.lines[:2]), " = -EDOM"]
    part = check_interleavings(FIRST, [replace(cut, notes={0: "it does not come back"})])
    assert part.evidence[-3].endswith("| see below")
    assert part.evidence[-2:] == ("it does not come back", "")


@pytest.mark.parametrize(("fields", "lines", "failure", "verdict"), [
    ({}, (), "", AGREES), ({"ret": 1}, (), "", DIFFERS), ({}, ("-old", "+new"), "", DIFFERS),
    ({}, (), "no answer", NOT_TRIED)])
def test_lives_agree_if_model_and_recording_do(fields: dict[str, int], lines: tuple[str, ...], failure: str,
                                               verdict: str) -> None:
    tally = Tally()
    if fields:
        tally.note(Disagreement(1, "7.4.1 n1", "row 3", "a call", "ret", "0", "-22"), lambda: "a trace")
    every = [RecordedLife("n1", ({},)), RecordedLife("n2", (), failure)]
    part = check_lives("Lives", every, Findings(tally, (Comparison("n1", "7.3.4", lines),)))
    assert part.verdict == verdict
    assert ("  +new" in part.evidence) == bool(lines)
    assert ("a trace" in part.evidence) == bool(fields)
    assert ("n2: no answer" in part.evidence) == bool(failure)


def test_nothing_recorded_is_not_tried() -> None:
    part = check_lives("Lives", [RecordedLife("n1", (), "no answer")], None)
    assert (part.verdict, part.evidence) == (NOT_TRIED, ("n1: no answer",))


def test_a_part_without_a_machine_is_not_tried() -> None:
    def fail() -> CheckedPart:
        raise MachineError("the emulator has ended")

    assert attempt("Lives", fail) == CheckedPart("Lives", NOT_TRIED, "The emulator has ended.")


@pytest.mark.parametrize(("verdicts", "status", "says"), [
    ((AGREES, AGREES), 0, "agrees with the model"),
    ((AGREES, DIFFERS, NOT_TRIED), 1, "differs from the model in 1 of 3 parts"),
    ((AGREES, NOT_TRIED), 0, "agrees with the model; 1 of 2 parts could not be tried to the end"),
    ((NOT_TRIED,), 2, "was not compared: no part could be tried to its end")])
def test_the_conclusion_and_the_status(verdicts: tuple[str, ...], status: int, says: str) -> None:
    parts = [CheckedPart("One", verdict, "Words.") for verdict in verdicts]
    assert (decide_status(parts), conclude(parts)) == (status, says)


def test_the_page_has_a_table_the_evidence_and_the_limits() -> None:
    page = write_page(FACTS, "upstream", "2026-11-30", [
        CheckedPart("Numbers", AGREES, "All the same."),
        CheckedPart("Lives", DIFFERS, "One is another.", ("-old", "+new"))])
    assert page.startswith("# Linux 7.4.1 differs from the model in 1 of 2 parts\n")
    says = "It is compared with the model's revision `upstream`, although nobody has compared such a release before."
    assert says in page
    assert "| Numbers | agrees | All the same. |\n| Lives | differs | One is another. |\n\nThe model is" in page
    assert "\n## Lives\n\n```\n-old\n+new\n```\n" in page
    assert "## Numbers" not in page
    assert page.endswith("where the model does.\n")
