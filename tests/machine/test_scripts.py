"""The scripts of recordings: what they do is what the recordings that come with the course show."""
from __future__ import annotations

import pytest

from pkvm_model.conform.recordings import RecordedScenario
from pkvm_model.machine.likeness import list_shipped
from pkvm_model.machine.recorder import name_injected
from pkvm_model.machine.scripts import list_injections, list_lives, write_script

NUMBERS = {"__pkvm_init": 16}
SHIPPED = [(kernel == "7.3.4", scenario) for kernel in ("6.19.14", "7.3.4")
           for scenario in list_shipped(kernel).values()]
EVERY = pytest.mark.parametrize(("split", "scenario"), SHIPPED,
                                ids=[f"{scenario.kernel}-{scenario.name}" for _, scenario in SHIPPED])


@EVERY
def test_a_script_makes_the_marks_of_its_recording(split: bool, scenario: RecordedScenario) -> None:
    marks = [row.args[0] for row in scenario.rows if row.call == "mark"]
    script = [step.split()[1] for step in write_script(scenario.name, split=split) if step.startswith("mark")]
    assert script[:len(marks)] == marks
    assert len(script) == len(marks) or scenario.name[1:] in ("22", "23")  # in which the program does not come back


@EVERY
def test_a_script_injects_the_calls_of_its_recording(split: bool, scenario: RecordedScenario) -> None:
    recorded = [(row.call, *row.args[:2 if "load" in row.call else None]) for row in scenario.rows
                if row.side == "inject"]
    steps = [step.split()[1:] for step in write_script(scenario.name, split=split) if step.startswith("inject")]
    calls = [name_injected(words, NUMBERS) for words in steps]
    assert [(name, *(f"{value:#x}" for value in values)) for name, _, values in calls] == recorded


def test_every_recorded_scenario_can_be_recorded_again() -> None:
    for split, kernel in ((False, "6.19.14"), (True, "7.3.4")):
        assert sorted([*list_lives(split=split), *list_injections(split=split)]) == sorted(list_shipped(kernel))


@pytest.mark.parametrize("split", [False, True])
def test_only_known_steps_occur(split: bool) -> None:
    words = {step.split()[0] for name in (*list_lives(split=split), *list_injections(split=split))
             for step in write_script(name, split=split)}
    assert words <= {"mark", "say", "done", "inject", "read", "hush", "create", "slot", "delete", "vcpu", "raw", "run",
                     "drop", "shut", "unmap", "fork", "exit"}
