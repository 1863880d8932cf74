"""What Python and the front end must compute alike: each runs the cases in `cases.json`."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pkvm_model.model.trace import split_trace
from pkvm_model.widgets.walk import AnyWalk, Walk, split_link

HERE = Path(__file__).parent
CASES: dict[str, Any] = json.loads((HERE / "cases.json").read_text(encoding="utf-8"))


def summarize(walk: AnyWalk) -> dict[str, Any]:
    """Return everything that both sides compute about where a walk stands."""
    return {
        "history": walk.history, "link": walk.link.partition("=")[2], "trace": walk.trace.splitlines(),
        "says": walk.says,
        "properties": [[name, word, reason, step] for name, _, word, reason, step in walk.properties],
        "breaks": {name: walk.find_break([name]) for name, _ in walk.graph["properties"]}}


@pytest.mark.parametrize("case", CASES["walks"], ids=lambda case: str(case["name"]))
def test_python_agrees_with_a_walk(case: dict[str, Any]) -> None:
    walk = Walk(CASES["graph"])
    for action in case["do"]:
        if "take" in action:
            assert walk.take_line(action["take"]) == ""
        else:
            walk.place = walk.places[action["go"]]
    assert summarize(walk) == {name: case[name] for name in summarize(walk)}


@pytest.mark.parametrize("case", CASES["walks"], ids=lambda case: str(case["name"]))
def test_python_restores_a_history(case: dict[str, Any]) -> None:
    walk = Walk(CASES["graph"])
    walk.recall(case["history"])
    assert summarize(walk) == {name: case[name] for name in summarize(walk)}


@pytest.mark.parametrize("case", CASES["traces"], ids=lambda case: str(case["text"])[:20])
def test_python_splits_a_trace(case: dict[str, Any]) -> None:
    assert split_trace(case["text"])._asdict() == {name: case[name] for name in ("version", "lines", "digest")}


@pytest.mark.parametrize("case", CASES["fits"], ids=lambda case: str(case["trace"][0]))
def test_python_accepts_the_same_traces(case: dict[str, Any]) -> None:
    assert (Walk(CASES["graph"]).follow("\n".join(case["trace"])) == "") == case["fits"]


@pytest.mark.parametrize("case", CASES["links"], ids=lambda case: str(case["text"]))
def test_python_splits_a_link(case: dict[str, Any]) -> None:
    assert split_link(case["text"]) == (case["lines"], case["at"])


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed, so the front end's own code cannot run")
@pytest.mark.parametrize("script", ["run_cases.js", "fuzz_texts.js"])
def test_the_front_end_agrees_with_every_case(script: str) -> None:
    run = subprocess.run(["node", HERE / script], capture_output=True, text=True, check=False)
    assert (run.stdout, run.returncode) == ("", 0), run.stderr
