"""The interleavings that were observed on real kernels: the model answers each step as the machine did."""
from __future__ import annotations

from pathlib import Path

import pytest

from pkvm_model.machine.interleavings import interleavings, list_races
from pkvm_model.machine.observations import AGREES, read
from pkvm_model.machine.observe import DATA
from pkvm_model.machine.recheck import compare

FILES = sorted(DATA.glob("*-interleavings.jsonl"))


def test_observations_come_with_the_course() -> None:
    assert {read(file).origin.kernel for file in FILES} >= {"6.19.14", "7.2.12", "7.3.4"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_model_answers_as_the_machine_did(file: Path) -> None:
    assert [str(mismatch) for mismatch in compare(read(file))] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_all_races_of_the_kernel_were_observed(file: Path) -> None:
    observed = read(file)
    races = {each.race for each in observed if each.verdict == AGREES}
    assert {*list_races(observed.origin.revision)} <= races
    assert sum(each.verdict == AGREES for each in observed) >= 60


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_observation_is_the_interleaving_of_its_name(file: Path) -> None:
    observed = read(file)
    every = {each.name: each.trace for each in interleavings(observed.origin.revision)}
    calls = {each.name: [(line.cpu, line.call) for line in each.lines] for each in observed}
    assert {name: [(line.cpu, line.call) for line in every[name].lines][:len(lines)]
            for name, lines in calls.items() if name in every} == calls


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_run_that_does_not_end_the_machine_has_its_pages(file: Path) -> None:
    has_panicked = {each.name: each.lines[-1].outcome.startswith("!") for each in read(file)}
    assert {each.name: not each.territory for each in read(file)} == has_panicked
