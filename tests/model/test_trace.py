"""Traces and states as text: both can be read back, traces can be replayed, and junk is refused."""
from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pkvm_model.model.state import Config, State
from pkvm_model.model.state_json import BadState, digest, from_json, to_json
from pkvm_model.model.trace import LIMIT, Trace, TraceError, parse, replay
from pkvm_model.model.view import ModelError
from tests.model.machine import HANDLE, V1, Machine, dying_with_pages
from tests.model.runs import runs

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(10**500),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=6)


@cache
def story() -> Trace:
    """Return a trace that makes, uses and destroys a VM: 30 steps, three of them single lock regions of one call."""
    machine = Machine(V1, State())
    machine.call(0, "create", "kvm0")
    machine.call(0, "first run", "kvm0", "hv0.0")
    machine.call(0, "load", HANDLE, 0)
    for gfn in range(10):
        machine.call(0, "share", f"g{gfn}", gfn)
    machine.call(0, "run", "hv0.0")
    machine.call(0, "put")
    machine.call(1, "start", HANDLE)
    for gfn in range(9):
        machine.call(1, "unshare", HANDLE, gfn)
    machine.begin(0, "unshare", HANDLE, 9)
    machine.resume(0)
    machine.resume(0)
    machine.call(1, "finalise", HANDLE)
    machine.call(1, "unshare_hyp", "kvm0")
    return machine.trace


@settings(max_examples=40)
@given(runs())
def test_a_trace_can_be_read_back_and_replays_without_a_difference(machine: Machine) -> None:
    text = str(machine.trace)
    assert parse(text) == machine.trace
    assert str(parse(text)) == text
    again = replay(parse(text))
    assert (again.differs, again.state, len(again.steps)) == ("", machine.state, len(machine.steps))


@settings(max_examples=40)
@given(runs())
def test_a_state_can_be_read_back_from_json(machine: Machine) -> None:
    text = json.dumps(to_json(machine.state))
    assert from_json(json.loads(text)) == machine.state
    assert json.dumps(to_json(from_json(json.loads(text)))) == text


@settings(max_examples=25)
@given(runs(12), runs(12))
def test_two_digests_are_equal_exactly_when_the_states_are(first: Machine, second: Machine) -> None:
    states = [step.state for step, _ in (*first.steps, *second.steps)]
    assert len(set(states)) == len({digest(state) for state in states})


@settings(max_examples=150)
@given(st.data())
def test_a_damaged_trace_is_refused_in_one_line_or_is_still_a_trace(data: st.DataObject) -> None:
    text = str(story())
    start, length = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 40))
    damaged = text[:start] + data.draw(st.text(max_size=30)) + text[start + length:]
    check_refused_or_replayed(damaged)


def find_refusal(read: Callable[[Any], Any], value: Any) -> str:
    """Return the message with which `read` refuses a value, '' if it accepts it; any other exception is a failure."""
    try:
        read(value)
    except (TraceError, BadState) as error:
        return str(error)
    return ""


def check_refused_or_replayed(text: str) -> None:
    """Assert that a text is refused with one short line, or is a trace that can be replayed."""
    says = find_refusal(parse, text)
    assert "\n" not in says
    assert len(says) < 500
    assert says or isinstance(replay(parse(text)).differs, str)


@settings(max_examples=120)
@given(st.text(max_size=200))
@example("pkvm-trace 1 v1\nstate 0123456789ab\n")
@example("pkvm-trace 1 v1\n0 __pkvm_vcpu_load(0x1000, " + "9" * 5000 + ") = void\nstate 0123456789ab")
@example("pkvm-trace 1 v1\n0 __pkvm_vcpu_load(" + "(" * 90000 + ") = void\nstate 0123456789ab")
@example("pkvm-trace 1 v1 cpus=" + "9" * 5000 + "\nstate 0123456789ab")
@example("pkvm-trace 1 v1 " + "slots=9 " * 9000 + "\nstate 0123456789ab")
@example("x" * (LIMIT + 1))
@example("pkvm-trace 1 v1\n٣ __pkvm_reserve_vm() = 0x1000\nstate 0123456789ab")
@example("pkvm-trace 1 v1\n0 __import__(os) = 0\nstate 0123456789ab")
@example("pkvm-trace 1 v1\n0 __pkvm_init_vm(kvm0, 0x1000, 999999999999999999, vm0, pgd0) = 0\nstate 0123456789ab")
def test_junk_is_refused_in_one_line_or_is_a_trace(text: str) -> None:
    check_refused_or_replayed(text)


HUGE = """\
pkvm-trace 1 v1
0 __pkvm_host_share_hyp(kvm0) = 0
0 __pkvm_reserve_vm() = 0x1000
0 __pkvm_init_vm(kvm0, 0x1000, 999999999999999999, vm0, pgd0) = -ENOMEM
0 __pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0) = 0
0 __pkvm_host_share_hyp(x) = 0
0 __pkvm_init_vcpu(0x1000, x, vc0.0) = 0
0 __pkvm_vcpu_load(0x1000, -1) = void
1 __kvm_vcpu_run(x) = -EINVAL
0 __pkvm_vcpu_load(0x1000, 0) = void
0 __pkvm_host_share_guest(g0, 0, 1, RWX, 999999999999999999) = -ENOMEM
state 000000000000"""


def test_numbers_too_large_for_the_machine_are_refused_like_missing_memory() -> None:
    assert replay(parse(HUGE)).differs.endswith("the trace says 000000000000")


@settings(max_examples=120)
@given(st.data())
def test_a_damaged_state_is_refused_in_one_line_or_is_still_a_state(data: st.DataObject) -> None:
    machine = dying_with_pages(V1)
    machine.begin(0, "unshare", HANDLE, 0)
    value = json.loads(json.dumps(to_json(machine.state)))
    damage(value, data)
    says = find_refusal(from_json, value)
    assert "\n" not in says
    assert says or json.dumps(to_json(from_json(value)), sort_keys=True) == json.dumps(value, sort_keys=True)


def damage(value: Any, data: st.DataObject) -> None:
    """Put junk somewhere into nested lists and dictionaries."""
    while True:
        places = list(value) if isinstance(value, dict) else list(range(len(value)))
        place = data.draw(st.sampled_from(places))
        inner = value[place]
        if not (isinstance(inner, dict | list) and inner) or data.draw(st.integers(0, 5)) == 0:
            value[place] = data.draw(JUNK)
            return
        value = inner


@settings(max_examples=100)
@given(JUNK)
def test_junk_is_rejected_as_a_state(value: Any) -> None:
    with pytest.raises(BadState, match="this is not a state"):
        from_json(value)


def deep(levels: int) -> Any:
    """Return lists that are nested this deep."""
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("field", ["slots", "pages", "cpus", "structs", "config"])
def test_deep_nesting_is_rejected(field: str) -> None:
    with pytest.raises(BadState):
        from_json(to_json(State()) | {field: deep(100_000)})


@pytest.mark.parametrize("size", [0, -1, 100, 10**12, True, "2", 2.0, None])
def test_impossible_sizes_are_rejected(size: Any) -> None:
    value = to_json(State())
    value["config"]["cpus"] = size
    with pytest.raises(BadState, match=r"state\.config\.cpus must be a number from 1 to 99, not "):
        from_json(value)


@pytest.mark.parametrize("page", [["MINE", "NOPAGE", 0, 0, "HOST"], ["OWNED", "NOPAGE", 0, 0, "ME"],
                                  ["OWNED", "NOPAGE", "0", 0, "HYP"], [["OWNED"], "NOPAGE", 0, 0, "HOST"]])
def test_unknown_page_states_are_rejected(page: list[Any]) -> None:
    with pytest.raises(BadState, match=r"this is not a state: state\.pages\['vm0'\]\[[0-4]\] must be "):
        from_json(to_json(State()) | {"pages": {"vm0": page}})


def test_an_unknown_call_in_flight_is_rejected() -> None:
    machine = dying_with_pages(V1)
    machine.begin(0, "unshare", HANDLE, 0)
    value = to_json(machine.state)
    value["cpus"][0]["in_flight"]["call"] = "__pkvm_format_disk"
    with pytest.raises(BadState, match="__pkvm_format_disk"):
        from_json(value)


def test_blank_lines_and_spaces_around_lines_do_not_count() -> None:
    text = str(story())
    assert parse("\n" + text.replace("\n", " \n\n  ")) == parse(text)
    with pytest.raises(TraceError, match=r"twelve hexadecimal digits$"):
        parse(f"{text} more")


def test_a_trace_of_another_version_is_refused_in_one_clear_line() -> None:
    later = str(story()).replace("pkvm-trace 1 ", "pkvm-trace 2 ", 1)
    with pytest.raises(TraceError, match=r"^line 1: a trace of version '2'; this course reads version 1$"):
        parse(later)


@pytest.mark.parametrize(("old", "new", "says"), [
    ("v1", "v9", "there is no revision 'v9'; there are pre, v1"),
    ("v1", "v1 without=magic", "revision v1 has no guard 'magic'"),
    ("v1", "v1 colour=2", "'colour=2' is not an option of a trace"),
    ("__pkvm_vcpu_load(0x1000, 0)", "__pkvm_vcpu_lode(0x1000, 0)", "there is no call '__pkvm_vcpu_lode'"),
    ("__pkvm_vcpu_load(0x1000, 0)", "__pkvm_vcpu_load(0x1000, zero)", "'zero' is not a number"),
    ("__pkvm_vcpu_load(0x1000, 0)", "__pkvm_vcpu_load(0x1000, 0, 1)", "has 2 arguments, not 3"),
    ("__pkvm_vcpu_load(0x1000, 0)", "__pkvm_vcpu_load(0x1000)", "wants handle, idx; 1 given"),
])
def test_the_refusal_of_a_trace_names_the_wrong_word(old: str, new: str, says: str) -> None:
    with pytest.raises(TraceError, match=re.escape(says)):
        parse(str(story()).replace(old, new, 1))


def test_a_replay_reports_how_far_it_went_and_what_differs() -> None:
    text = str(story()).replace("1 __pkvm_start_teardown_vm(0x1000) = 0", "1 __pkvm_start_teardown_vm(0x1000) = -EBUSY")
    again = replay(parse(text))
    assert len(again.steps) == 15
    assert again.differs == "line 17: 1 __pkvm_start_teardown_vm(0x1000) = -EBUSY now comes out as = 0"


def test_a_wrong_digest_is_reported_with_the_right_one() -> None:
    text = str(story())
    again = replay(parse(text[:-12] + "0123456789ab"))
    assert again.differs == f"the state is {text[-12:]}, the trace says 0123456789ab"


def test_a_trace_that_resumes_an_idle_cpu_stops_there() -> None:
    again = replay(Trace(V1, Config(), parse("pkvm-trace 1 v1\n1 resume = 0\nstate 0123456789ab").lines, ""))
    assert again.differs == "line 2: CPU 1 is not in the middle of a call; begin one"


def test_impossible_requests_are_refused_with_advice() -> None:
    machine = Machine(V1)
    machine.begin(0, "reserve")
    with pytest.raises(ModelError, match="there is no CPU 7; this machine has 2"):
        machine.call(7, "reserve")
    with pytest.raises(ModelError, match=r"revision v1 has no call __pkvm_teardown_vm; it has __kvm"):
        machine.call(0, "teardown", HANDLE)


def link(text: str) -> str:
    """Return a trace as it stands in a link: `;` for a line's end, `+` for a space."""
    return text.replace("\n", ";").replace(" ", "+")


def unlink(part: str) -> str:
    """Return the trace in a link; a `+` before a comma or a bracket belongs to an address that is not aligned."""
    return re.sub(r"\+(?![,)])", " ", part.replace(";", "\n"))


def test_a_trace_of_thirty_steps_fits_into_a_link_of_two_thousand_characters() -> None:
    assert len(story().lines) == 30
    assert len(link(str(story()))) < 2000 - len("https://example.org/course/07-two-phases.html#trace=")


@settings(max_examples=40)
@given(runs())
def test_a_trace_survives_a_link_without_escapes(machine: Machine) -> None:
    text = str(machine.trace)
    assert re.fullmatch(r"[\w\-.~!$&'()*+,;=:@/?]*", link(text), re.ASCII)
    assert unlink(link(text)) == text
