"""The honest host makes the hypercalls that real kernels made, in their order and with their answers."""
from __future__ import annotations

import re

import pytest

from pkvm_model.conform.recordings import RecordedScenario, load
from tests.conform.program import SCRIPTS, Program, recorded

SCENARIOS = [scenario for kernel in ("6.19.14", "7.3.4") for scenario in load(f"{kernel}-natural").scenarios]
EACH = pytest.mark.parametrize("scenario", SCENARIOS, ids=[f"{s.kernel}-{s.name}" for s in SCENARIOS])


@EACH
def test_the_host_makes_the_recorded_hypercalls(scenario: RecordedScenario) -> None:
    assert Program(scenario).made == recorded(scenario)


@EACH
def test_the_model_refuses_the_program_what_the_real_kernel_refused(scenario: RecordedScenario) -> None:
    calls = [row.call for row in scenario.rows if row.side == "user"]
    errors = [-int(found[1]) for call in calls if (found := re.search(r"ret=-1 errno=(\d+)", call))]
    segv = [-14 for call in calls if call == "host_read while_alive signal=11"]
    answers = dict.fromkeys(ret for _, ret in Program(scenario).answers if ret)
    assert list(answers) == errors + segv


@EACH
def test_the_host_warns_as_often_as_the_real_kernel_did(scenario: RecordedScenario) -> None:
    warnings = [row for row in scenario.rows if row.side == "dmesg" and row.call.startswith("WARNING")]
    assert len(Program(scenario).warnings) == len(warnings)


@pytest.mark.parametrize("kernel", ["6.19.14", "7.3.4"])
def test_every_script_was_recorded_with_ordinary_guests(kernel: str) -> None:
    names = {scenario.name for scenario in SCENARIOS if scenario.kernel == kernel}
    assert {f"n{number}" for number in SCRIPTS} | {"i3"} <= names


def test_every_script_but_the_tenth_was_recorded_with_protected_guests() -> None:
    names = {scenario.name for scenario in SCENARIOS if scenario.kernel == "7.3.4"}
    assert {f"p{number}" for number in SCRIPTS} - names == {"p10"}
