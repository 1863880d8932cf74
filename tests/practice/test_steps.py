"""A learner's run is CPU numbers or a trace from the bench; anything else is refused in a sentence."""
from __future__ import annotations

from dataclasses import replace

import pytest

from pkvm_model.explore.mutants import mutate
from pkvm_model.model.revisions import MERGED, V1
from pkvm_model.practice.patterns import CLICKS, play_steps, read_cpus
from pkvm_model.practice.verdict import NotYet
from pkvm_model.scenes import Scene
from pkvm_model.scenes.take_a_guard_away import BOTH_GET_IN
from pkvm_model.scenes.the_hole_in_the_patch import FIND_THE_HOLE, FLUSH, ONE_CALL, SAME_MEMORY
from pkvm_model.show.story import play

HERE = play(FIND_THE_HOLE, 1, 0, 1)
NUMBERS = [
    ([], "Write the CPUs in the order"), (3, "Write the CPUs in the order"), ([True], "Write the CPUs in the order"),
    (["0"], "Write the CPUs in the order"), ([0.0], "Write the CPUs in the order"),
    ([7], "There is no CPU 7 on this bench"), ([-1], "There is no CPU -1 on this bench"),
    ([1, 1, 1], "Click 3: CPU 1 has nothing to step here"), ([0] * (CLICKS + 1), f"You gave {CLICKS + 1} steps")]
FOREIGN = {
    "another kernel": str(play(replace(FIND_THE_HOLE, revision=MERGED), 1, 0).trace),
    "a kernel without a guard": str(play(replace(FIND_THE_HOLE, revision=V1.without("finalize_dying")), 1, 0).trace),
    "another machine": str(play(replace(FIND_THE_HOLE, config=FIND_THE_HOLE.config._replace(slots=2)), 1, 0).trace),
    "a longer beginning": str(play(SAME_MEMORY, 1, 0).trace),
    "another call": str(play(FLUSH, 1, 0).trace),
    "the kernel before the patch": str(play(ONE_CALL, 0).trace),
    "no beginning": "pkvm-trace 1 v1\nstate 000000000000"}
MALFORMED = {
    "words": ("start, then unshare", "a trace has a first line"),
    "a missing last line": (str(HERE.trace).rpartition("\n")[0], "the last line is 'state'"),
    "an invalid step": (str(HERE.trace).replace("= 0\nstate", "0\nstate"), "is not a step"),
    "an unknown call": (str(HERE.trace).replace("__pkvm_start", "__pkvm_stop"), "there is no call"),
    "too long": ("pkvm-trace 1 v1\n" * 10_000, "a trace has at most")}


@pytest.mark.parametrize(("steps", "sentence"), NUMBERS)
def test_invalid_cpu_numbers_are_refused(steps: object, sentence: str) -> None:
    with pytest.raises(NotYet) as refused:
        play_steps(FIND_THE_HOLE, steps)
    assert str(refused.value).startswith(sentence)


def test_a_list_a_tuple_and_a_trace_are_equivalent() -> None:
    for steps in ([1, 0, 1], (1, 0, 1), str(HERE.trace), f"\n{HERE.trace}\n"):
        assert play_steps(FIND_THE_HOLE, steps).outcomes == HERE.outcomes


@pytest.mark.parametrize("text", FOREIGN.values(), ids=FOREIGN)
def test_a_trace_from_another_bench_is_refused(text: str) -> None:
    with pytest.raises(NotYet, match="This trace is not from this bench"):
        play_steps(FIND_THE_HOLE, text)


@pytest.mark.parametrize(("text", "fault"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_trace_is_refused_with_its_fault(text: str, fault: str) -> None:
    with pytest.raises(NotYet) as refused:
        read_cpus(FIND_THE_HOLE, text)
    assert str(refused.value).startswith("This is not a trace: ")
    assert fault in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_trace_without_a_step_is_refused() -> None:
    with pytest.raises(NotYet, match="Write the CPUs in the order"):
        play_steps(FIND_THE_HOLE, str(FIND_THE_HOLE.trace()))


def make_scene(kernel: str) -> Scene:
    """Return the scene of two finalises in a mutant."""
    return replace(BOTH_GET_IN, revision=mutate(V1, kernel))


def test_a_trace_is_replayed_by_its_cpus_in_the_kernel_of_the_bench() -> None:
    elsewhere = play(BOTH_GET_IN, 0, 1)
    assert elsewhere.outcomes[1] == "= -ENOENT"
    assert play_steps(make_scene("M5"), str(elsewhere.trace)).outcomes == ["...", "= 0"]
