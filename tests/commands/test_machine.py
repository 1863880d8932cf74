"""The command `machine`, as far as it needs no machine: what it plays, and what it refuses."""
from pathlib import Path

import pytest

from pkvm_model.__main__ import main
from pkvm_model.commands.machine import conclude, find_run
from pkvm_model.machine.answer import DIFFERS, RealAnswer, Row
from pkvm_model.machine.failure import MachineError
from pkvm_model.model.trace import replay


@pytest.mark.parametrize(("release", "revision"), [("7.3.4", "upstream"), ("6.19.14", "pre"), ("9.1", "upstream")])
def test_a_race_stands_for_a_run_on_the_kernel_at_hand(release: str, revision: str) -> None:
    trace = find_run("R7", release)
    assert trace.revision.name == revision
    assert any(line.outcome.startswith("...") for line in trace.lines)
    assert not replay(trace).differs


def test_a_race_without_a_run_is_refused_and_the_others_are_named() -> None:
    refusal = r"^Linux 6\.19\.14 has no run of R29 that a machine can play; it has R2, .*R7"
    with pytest.raises(MachineError, match=refusal):
        find_run("R29", "6.19.14")


def test_what_is_neither_a_race_nor_a_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["machine", str(tmp_path / "R7.txt")]) == 2
    assert "No such file or directory; give the path of a trace" in capsys.readouterr().err


@pytest.mark.parametrize(("model", "machine", "note", "says"), [
    ("= 0", "= -EINVAL", "", "the model says '= 0', the machine '= -EINVAL'"),
    ("...", "...", "it stands before one, the model before another", "it stands before one, the model before another")])
def test_the_last_lines_say_in_what_a_run_differs(model: str, machine: str, note: str, says: str) -> None:
    answer = RealAnswer("7.3.4", "", (Row(2, 0, "call", model, machine, DIFFERS, note),))
    assert conclude(answer) == [f"line 2 is the first difference: {says}", "1 step: 0 agree, 1 differ"]
