"""A file that is not a recording is refused with one line that says where and why."""
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkvm_model.conform.recordings import RECORDINGS, RecordingError, load, replay

LINES = (RECORDINGS / "6.19.14-natural.jsonl").read_text(encoding="utf-8").splitlines()
N3 = [line for line in LINES if '"n3"' in line]


def refusal(folder: Path, lines: list[str]) -> str:
    """Return the message with which these lines are refused."""
    path = folder / "broken.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(RecordingError) as refused:
        replay(load(path).scenarios[0])
    return str(refused.value)


def changed(number: int, **fields: object) -> list[str]:
    """Return the rows of n3 with some fields of row `number` replaced; rows count from 1."""
    row = json.loads(N3[number - 1]) | fields
    return [*N3[:number - 1], json.dumps(row), *N3[number:]]


def without(number: int, field: str) -> list[str]:
    """Return the rows of n3 with a field of row `number` missing."""
    row = json.loads(N3[number - 1])
    del row[field]
    return [*N3[:number - 1], json.dumps(row), *N3[number:]]


BROKEN = [
    ("a cut line", [*N3[:4], N3[4][:50]], "line 5: this is not a whole row"),
    ("an empty line", [N3[0], "", *N3[1:]], "line 2: this is not a whole row"),
    ("a line without end", ["[" * 200_000], "line 1: this is not a whole row"),
    ("a list", ["[1, 2]"], "line 1: row must be an object, not [1, 2]"),
    ("a missing field", without(2, "ret"), "line 2: row has no field 'ret'"),
    ("an answer of the wrong type", changed(2, ret=True), "line 2: row.ret must be a number, a text or null, not True"),
    ("a huge answer", changed(2, ret=10**30), "line 2: row.ret must be a number, a text or null, not 1000"),
    ("a text for an answer", changed(2, ret="0"), "line 2: a hypercall returns a number or null"),
    ("a negative CPU", changed(2, cpu=-1), "line 2: row.cpu must be a number from 0 to 99, not -1"),
    ("an unknown side", changed(2, side="moon"), "line 2: row.side must be hyp, inject, host, user, dmesg or meta"),
    ("a nested side", changed(2, side=[]), "line 2: row.side must be hyp, inject, host, user, dmesg or meta, not []"),
    ("an unknown kernel", changed(2, kernel="5.10.1"), "line 2: kernel '5.10.1' is not known here; known"),
    ("a missing row", [*N3[:3], *N3[4:]], "line 4: row 5 of scenario n3 follows row 3"),
    ("an argument of the wrong type", changed(2, args=[5]), "line 2: the arguments of a hypercall are texts"),
    ("code for an argument", changed(2, args=["__import__('os')"]), "line 2: the arguments"),
    ("too few arguments", changed(13, args=["0x1000"]), "line 13: __pkvm_init_vcpu has 3 arguments, not 1"),
    ("a struct out of nowhere", changed(12, args=["0xffff000000000000"] * 3), "init_vcpu name lie on pages"),
    ("a field that occurs twice", [N3[0], '{"ret": 0, ' + N3[1][1:]], "line 2: 'ret' occurs twice in one object"),
    ("nothing", [""], "this file has no rows"),
]


@pytest.mark.parametrize(("lines", "says"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_broken_recording_is_refused_in_one_line(tmp_path: Path, lines: list[str], says: str) -> None:
    message = refusal(tmp_path, lines)
    assert says in message
    assert message.startswith("broken.jsonl")
    assert "\n" not in message


def test_a_missing_file_is_refused_with_the_names_of_the_shipped_ones() -> None:
    with pytest.raises(RecordingError, match=r"no-such: No such file.*with the course: .*6\.19\.14-natural"):
        load("no-such")


def test_an_unknown_scenario_is_refused_with_the_known_names() -> None:
    with pytest.raises(RecordingError, match=r"no scenarios are called 'n99'; the scenarios are i3, n1, n2"):
        load("6.19.14-natural").scenario("n99")


@given(st.integers(0, len(N3) - 1), st.integers(0, 400), st.integers(0, 400), st.text(max_size=5))
def test_a_damaged_recording_is_read_or_refused_but_never_a_traceback(tmp_path_factory: pytest.TempPathFactory,
                                                                      row: int, start: int, length: int,
                                                                      put: str) -> None:
    line = N3[row][:start] + put + N3[row][start + length:]
    path = tmp_path_factory.getbasetemp() / "damaged.jsonl"
    path.write_text("\n".join([*N3[:row], line, *N3[row + 1:]]), encoding="utf-8", errors="replace")
    said = "damaged.jsonl: nothing wrong"
    try:
        replay(load(path).scenarios[0])
    except RecordingError as error:
        said = str(error)
    assert re.fullmatch(r"damaged\.jsonl(, line \d+)?: [^\n]+", said)
