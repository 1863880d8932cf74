"""The workflow that publishes the site: well-formed, pinned, with few rights, and with the commands of the README."""
from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from pkvm_model.course.paths import ROOT
from pkvm_model.machine import tools

WORKFLOW = ROOT / ".github" / "workflows" / "site.yml"
VALIDATOR = ROOT / "tests" / "front_end" / "node_modules" / ".bin" / "action-validator"


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    """The jobs of the workflow, by name."""
    loaded: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    assert loaded["permissions"] == {}
    found: dict[str, Any] = loaded["jobs"]
    return found


def steps_of(jobs: dict[str, Any], key: str) -> list[Any]:
    """Return what all steps have under a key."""
    return [step[key] for job in jobs.values() for step in job["steps"] if key in step]


def test_every_action_is_pinned_to_a_full_version(jobs: dict[str, Any]) -> None:
    actions = steps_of(jobs, "uses")
    assert len(actions) == 6
    assert [action for action in actions if not re.fullmatch(r"actions/[\w-]+@v\d+\.\d+\.\d+", action)] == []


def test_only_what_publishes_may_write_and_only_pages(jobs: dict[str, Any]) -> None:
    assert {name: job["permissions"] for name, job in jobs.items()} == {
        "build": {"contents": "read"}, "publish": {"pages": "write", "id-token": "write"}}


def test_its_commands_are_those_of_the_readme(jobs: dict[str, Any]) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = [command for command in steps_of(jobs, "run") if not command.startswith("sudo ")]
    assert len(commands) == 3
    assert [command for command in commands if not re.search(rf"^{re.escape(command)}\s", readme, re.MULTILINE)] == []


def test_a_real_kernel_is_asked_if_it_can_be_had(jobs: dict[str, Any]) -> None:
    steps = [step for step in jobs["build"]["steps"] if "run" in step]
    assert [step.get("continue-on-error", False) for step in steps] == [True, True, False, False]
    assert f"{tools.EMULATOR_PACKAGE} " in steps[0]["run"]
    assert f"\n{steps[1]['run']} ||" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_what_is_published_is_what_was_built(jobs: dict[str, Any]) -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert [given["path"] for given in steps_of(jobs, "with") if "path" in given] == ["_site"]
    assert "_site/" in ignored
    assert 'default="_site"' in Path(ROOT / "pkvm_model/course/cli.py").read_text(encoding="utf-8")


@pytest.mark.skipif(not VALIDATOR.exists(), reason="npm ci was not run in tests/front_end, so no schema was asked")
def test_the_schema_of_workflows_finds_no_fault() -> None:
    done = subprocess.run([VALIDATOR, WORKFLOW], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
