"""The front end is type-checked, linted and formatted, with tools from npm that only developers need.

The tools are installed on first use: `npm ci` in this folder. Without npm or a network these tests are skipped.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from pkvm_model.course.dev import declarations
from pkvm_model.course.site import editor, frame
from pkvm_model.widgets.front_end import FOLDER, LAST, bundle, list_kinds

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TOOLS = HERE / "node_modules" / ".bin"
PARTS = [str(folder.relative_to(ROOT)) for folder in (FOLDER, HERE, frame.FRONT_END, editor.SOURCE.parent)]


@cache
def install() -> str:
    """Install the tools if they are missing; return why that is not possible, or ''."""
    if (TOOLS / "tsc").exists() and (TOOLS / "eslint").exists():
        return ""
    npm = shutil.which("npm")
    if not npm:
        return "npm is not installed, so the front end is not type-checked and linted"
    if os.environ.get("PYTEST_XDIST_WORKER", "gw0") != "gw0":
        return "another process of this test run installs the tools"
    command = [npm, "ci", "--no-audit", "--no-fund", "--fetch-retries=0"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    return f"npm ci failed: {done.stderr.strip().splitlines()[-1:]}" if done.returncode else ""


@pytest.fixture
def run() -> Callable[..., str]:
    """Return a function that runs a tool in the repository and returns its output."""
    if reason := install():
        pytest.skip(reason)

    def run_tool(tool: str, *arguments: str) -> str:
        done = subprocess.run([TOOLS / tool, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        return (done.stdout + done.stderr).strip()

    return run_tool


def test_types_are_consistent(run: Callable[..., str]) -> None:
    assert run("tsc", "--project", PARTS[1], "--pretty", "false") == ""


def test_the_types_are_those_of_the_contract() -> None:
    stale = [path.name for path, content in declarations.draw() if path.read_text() != content.decode()]
    assert stale == [], "run: python3 course.py build"


def test_the_linter_finds_nothing(run: Callable[..., str]) -> None:
    output = run("eslint", "--config", f"{PARTS[1]}/eslint.config.js", "--format", "json", *PARTS)
    assert [f"{Path(file['filePath']).name}:{message['line']}: {message['message']}"
            for file in json.loads(output) for message in file["messages"]] == []


def test_every_file_is_formatted(run: Callable[..., str]) -> None:
    files = [*(f"{part}/*.js" for part in PARTS), *(f"{PARTS[at]}/*.css" for at in (0, 2)), f"{PARTS[1]}/globals.d.ts"]
    assert run("prettier", "--config", f"{PARTS[1]}/.prettierrc.json", "--list-different", *files) == ""


def test_the_lock_file_names_no_registry() -> None:
    """A name of a registry would bind everybody to it."""
    assert "resolved" not in (HERE / "package-lock.json").read_text(encoding="utf-8")


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed, so no bundle can be parsed")
@pytest.mark.parametrize("main", [LAST, *sorted(frame.FRONT_END.glob("*.js"))], ids=lambda path: path.name)
def test_a_bundle_of_all_kinds_declares_no_name_twice(main: Path, tmp_path: Path) -> None:
    """Modules share one scope in a bundle, where a second declaration is a syntax error."""
    file = tmp_path / "bundle.mjs"
    file.write_text(bundle(*list_kinds(), main=main), encoding="utf-8")
    done = subprocess.run(["node", "--check", file], capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
