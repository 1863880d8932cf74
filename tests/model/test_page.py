"""The examples on the page about trace and state are what the model writes and reads."""
from __future__ import annotations

import json
import re
from pathlib import Path

from pkvm_model.model.run import CALLS
from pkvm_model.model.state import Config, State
from pkvm_model.model.state_json import from_json, observe, to_json
from pkvm_model.model.trace import LIMIT, VERSION, parse, replay
from tests.model.machine import HANDLE, V1, Machine

PAGE = (Path(__file__).parents[2] / "docs" / "trace-and-state.md").read_text()


def block(kind: str) -> str:
    """Return the first example of a kind."""
    found = re.search(rf"^```{kind}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert found
    return found[1].rstrip("\n")


def example() -> Machine:
    """Return the run that the page shows."""
    machine = Machine(V1, State())
    machine.call(0, "create", "kvm0")
    machine.call(0, "first run", "kvm0", "hv0.0")
    machine.call(0, "start", HANDLE)
    machine.begin(1, "unshare", HANDLE, 0)
    return machine


def test_the_trace_on_the_page_replays_and_is_written_the_same() -> None:
    trace = parse(block("pkvm-trace"))
    assert replay(trace).differs == ""
    assert str(trace) == block("pkvm-trace")


def test_the_state_on_the_page_is_the_one_after_the_fourth_step() -> None:
    shown = json.loads(block("json"))
    state = replay(parse(block("pkvm-trace"))).steps[3].state
    assert shown == json.loads(json.dumps(to_json(state)))
    assert from_json(shown) == state == example().state


def test_the_page_describes_every_field() -> None:
    value = to_json(example().state)
    flight = value["cpus"][1]["in_flight"]
    for field in (*value, *flight, *value["structs"]):
        assert f"`{field}`" in PAGE
    assert list(value)[:5] == list(observe(example().state))


def test_the_page_names_every_size_every_call_that_is_no_hypercall_and_the_limits() -> None:
    calls = [call for call in CALLS if not call.startswith("__")]
    names = [f"`{size}=`" for size in Config._fields] + [f"`{call}`" for call in calls]
    for name in (*names, f"{LIMIT:,} characters", f"pkvm-trace {VERSION} "):
        assert name in PAGE


def test_default_arguments_at_the_end_are_left_out() -> None:
    machine = example()
    machine.call(0, "share", "g0", 0, 1, "RWX", 2)
    assert str(machine.trace.lines[-1]) == "0 __pkvm_host_share_guest(g0, 0) = -EINVAL"
