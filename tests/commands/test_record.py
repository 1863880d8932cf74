"""The command record: what it writes and says, and that no run leaves anything half-done."""
from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from pkvm_model.commands import lives, play_all
from pkvm_model.conform.recordings import RECORDINGS, load
from pkvm_model.machine.answer import AGREES, DIFFERS, NOT_TRIED
from pkvm_model.machine.chronicle import Chronicler, RecordedLife
from pkvm_model.machine.drafts import write_whole
from pkvm_model.machine.failure import MachineError
from pkvm_model.machine.interleavings import Interleaving, interleavings
from pkvm_model.machine.life import LifeMachine
from pkvm_model.machine.observations import Observation, read
from pkvm_model.machine.observe import DATA, Facts, Observer
from pkvm_model.machine.recorder import Recorder
from pkvm_model.model.revisions import UPSTREAM
from tests.conform.files import run

EVERY = interleavings(UPSTREAM)
FACTS = Facts("7.3.4", "Debian's kernel 7.3.4", "7.3.4-1", "QEMU 7.2", "virt, cortex-a53, 2 CPUs", "nVHE")
VERDICTS: list[str] = []


def make(each: Interleaving, verdict: str = AGREES) -> Observation:
    """Return an observation with a verdict; one that differs does so in its last step."""
    lines = each.trace.lines
    if verdict == DIFFERS:
        lines = (*lines[:-1], lines[-1]._replace(outcome="= -EDOM"))
    return Observation(each.name, each.race, UPSTREAM, each.trace.config, lines, verdict,
                       {} if verdict == AGREES else {0: "for a reason"})


@pytest.fixture(autouse=True)
def fake_machine(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Have a machine that agrees with everything; it is returned, and says whether it was closed."""
    machine = SimpleNamespace(revision=UPSTREAM, is_closed=False)
    machine.close = lambda: setattr(machine, "is_closed", True)
    monkeypatch.setattr(play_all, "open_machine", lambda kernel: machine)
    monkeypatch.setattr(play_all, "interleavings", lambda revision: EVERY)
    monkeypatch.setattr(play_all, "read_facts", lambda machine: FACTS)
    monkeypatch.setattr(Observer, "observe", lambda self, each: make(each))
    return machine


def answer_with(monkeypatch: pytest.MonkeyPatch, *verdicts: str) -> None:
    """Have the machine answer with these verdicts, one after the other."""
    left = list(verdicts)
    monkeypatch.setattr(Observer, "observe", lambda self, each: make(each, left.pop(0)))


def test_a_recording_is_written_and_counted(tmp_path: Path, fake_machine: SimpleNamespace) -> None:
    path = tmp_path / "made.jsonl"
    status, out, errors = run("record", "--interleavings", "3", "-o", str(path))
    assert (status, out) == (0, "3 interleavings: 3 agree\n")
    assert errors.splitlines()[0] == "Linux 7.3.4, nVHE, an example of upstream"
    assert [line.split()[:4] for line in errors.splitlines()[1:]] == [[str(n), "of", "3", "agrees"] for n in (1, 2, 3)]
    assert [each.name for each in read(path)] == [each.name for each in EVERY[:3]]
    assert [each.name for each in tmp_path.iterdir()] == ["made.jsonl"]
    assert fake_machine.is_closed


def test_a_recording_is_made_again(tmp_path: Path) -> None:
    old, new = tmp_path / "old.jsonl", tmp_path / "new.jsonl"
    run("record", "--interleavings", "3", "-o", str(old))
    status, out, _ = run("record", "--again", str(old), "-o", str(new))
    assert (status, out) == (0, "3 interleavings: 3 agree\n")
    assert new.read_text() == old.read_text()


def test_what_is_no_recording_or_one_of_another_kernel_is_not_made_again(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text("{}\n")
    for path, reason in ((tmp_path / "bad.jsonl", "bad.jsonl, line 1: "), (tmp_path / "none.jsonl", "none.jsonl: "),
                         (DATA / "6.19.14-interleavings.jsonl", "this is a recording of 6.19.14")):
        status, _, errors = run("record", "--again", str(path))
        assert (status, errors.count("\n")) == (2, 1)
        assert reason in errors


def test_without_a_file_the_recording_is_all_of_the_output(tmp_path: Path) -> None:
    path = tmp_path / "made.jsonl"
    _, out, errors = run("record", "--interleavings", "2")
    path.write_text(out, encoding="utf-8")
    assert len(read(path).every) == 2
    assert errors.splitlines()[-1] == "2 interleavings: 2 agree"


@pytest.mark.parametrize(("verdicts", "status", "says"), [
    ((AGREES, DIFFERS), 1, "1 agree, 1 differ"), ((NOT_TRIED, AGREES), 0, "1 agree, 1 not tried"),
    ((NOT_TRIED, NOT_TRIED), 2, "0 agree, 2 not tried"), ((NOT_TRIED, DIFFERS), 1, "0 agree, 1 differ, 1 not tried")])
def test_the_status_and_the_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, verdicts: tuple[str, ...],
                                   status: int, says: str) -> None:
    answer_with(monkeypatch, *verdicts)
    found, out, _ = run("record", "--interleavings", "2", "-o", str(tmp_path / "made.jsonl"))
    assert (found, out.splitlines()[-1]) == (status, f"2 interleavings: {says}")
    assert [line.partition(":")[0] for line in out.splitlines()[:-1]] == [word for word in verdicts if word != AGREES]


def test_ctrl_c_keeps_what_is_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
                                    fake_machine: SimpleNamespace) -> None:
    done: list[Interleaving] = []

    def observe(_: Observer, each: Interleaving) -> Observation:
        done.append(each)
        if len(done) == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return make(each)

    monkeypatch.setattr(Observer, "observe", observe)
    path = tmp_path / "made.jsonl"
    with pytest.raises(KeyboardInterrupt):
        run("record", "--interleavings", "5", "-o", str(path))
    assert [each.name for each in read(path)] == [each.name for each in EVERY[:2]]
    assert fake_machine.is_closed


def test_a_machine_that_cannot_be_started_again_keeps_what_is_whole(monkeypatch: pytest.MonkeyPatch,
                                                                    tmp_path: Path) -> None:
    answer_with(monkeypatch, AGREES)
    kept = Observer.observe

    def observe(self: Observer, each: Interleaving) -> Observation:
        if each.name == EVERY[1].name:
            raise MachineError("no machine any more")
        return kept(self, each)

    monkeypatch.setattr(Observer, "observe", observe)
    path = tmp_path / "made.jsonl"
    status, out, errors = run("record", "--interleavings", "2", "-o", str(path))
    assert (status, out) == (2, "1 interleaving: 1 agree\n")
    assert errors.splitlines()[-2:] == ["stopped after 1 of 2 interleavings", "pkvm_model: no machine any more"]
    assert len(read(path).every) == 1


def test_a_file_is_replaced_only_by_force(tmp_path: Path) -> None:
    path = tmp_path / "made.jsonl"
    path.write_text("mine", encoding="utf-8")
    status, out, errors = run("record", "--interleavings", "1", "-o", str(path))
    assert (status, out) == (2, "")
    assert errors == f"pkvm_model: {path} exists; give another name, or --force to replace it\n"
    assert path.read_text(encoding="utf-8") == "mine"
    assert run("record", "--interleavings", "1", "--force", "-o", str(path))[0] == 0
    assert len(read(path).every) == 1


def test_a_place_where_no_file_can_be_is_noticed_before_anything_is_played(tmp_path: Path) -> None:
    for place, says in ((tmp_path / "none" / "made", "No such file or directory; make room, or give another name"),
                        (tmp_path, "exists; give another name, or --force to replace it")):
        status, _, errors = run("record", "--interleavings", "1", "-o", str(place))
        assert (status, errors.count("\n")) == (2, 1)
        assert errors.endswith(says + "\n")


def test_a_full_disk_is_noticed_before_anything_is_played(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_bavail=1, f_frsize=4096))
    path = tmp_path / "made.jsonl"
    status, _, errors = run("record", "--interleavings", "1", "-o", str(path))
    assert status == 2
    assert errors == f"pkvm_model: {path}: there is no room on this disk; make room, or give another name\n"


def test_a_disk_that_fills_meanwhile_leaves_no_part_of_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def replace_file(part: Path, _: Path) -> None:
        assert part.read_text(encoding="utf-8") == "whole"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", replace_file)
    with pytest.raises(MachineError, match="No space left on device; make room"):
        write_whole(tmp_path / "made.jsonl", "whole")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", ["0", "-1", "some", "1.5"])
def test_a_number_that_is_none_is_refused(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        run("record", f"--interleavings={number}")
    assert end.value.code == 2


@pytest.mark.parametrize("name", ["7.3.4-injected", "6.19.14-natural"])
def test_a_recording_of_the_course_is_like_itself(name: str) -> None:
    path = RECORDINGS / f"{name}.jsonl"
    status, out, errors = run("record", "--compare", str(path))
    assert (status, errors) == (0, "")
    kernel = name.partition("-")[0]
    assert re.search(rf"^(\d+) scenarios beside the recordings of {kernel}: \1 the same, 0 differ$", out, re.MULTILINE)


def test_what_differs_between_recordings_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "changed.jsonl"
    lines = (RECORDINGS / "7.3.4-natural.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    rows = [line for line in lines if '"scenario": "n3"' in line]
    place = next(place for place, line in enumerate(rows) if "finalize" in line)
    rows[place] = rows[place].replace('"ret": 0', '"ret": -22')
    path.write_text("".join(rows), encoding="utf-8")
    status, out, _ = run("record", "--compare", str(path))
    assert status == 1
    assert "n3: differs from the recording of 7.3.4" in out
    assert "  +__pkvm_finalize_teardown_vm(0x1000) = -EINVAL" in out
    assert "1 disagreement" in out


def test_a_file_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text("{}\n", encoding="utf-8")
    status, out, errors = run("record", "--compare", str(path), str(tmp_path / "none"))
    assert (status, out) == (2, "")
    assert [line.partition(": line")[0].partition(": No such")[0] for line in errors.splitlines()] == [
        f"pkvm_model: {path}", f"pkvm_model: {tmp_path / 'none'}"]


class FakeChronicler(Chronicler):
    """Records what it is told to, on no machine."""

    def __init__(self, machine: LifeMachine, start: Callable[[], LifeMachine]) -> None:
        self.recorder = cast(Recorder, SimpleNamespace(machine=machine))
        self.start = start

    def record(self, name: str) -> RecordedLife:
        """Return the scenario of the course's recording."""
        if name == "n8":
            return RecordedLife(name, (), "in 3 tries, each on a new machine: no answer")
        lines = (RECORDINGS / "7.3.4-natural.jsonl").read_text(encoding="utf-8").splitlines()
        return RecordedLife(name, tuple(row for row in map(json.loads, lines) if row["scenario"] == name))


@pytest.fixture
def fake_lives(monkeypatch: pytest.MonkeyPatch, fake_machine: SimpleNamespace) -> SimpleNamespace:
    """Have a machine that lives as the one of the course's recording did."""
    fake_machine.release, fake_machine.log, fake_machine.is_split = "7.3.4", ["Protected nVHE mode"], True
    monkeypatch.setattr(lives, "open_life_machine", lambda kernel, hvhe: fake_machine)
    monkeypatch.setattr(lives, "Chronicler", FakeChronicler)
    return fake_machine


def test_lives_are_recorded_and_compared(tmp_path: Path, fake_lives: SimpleNamespace) -> None:
    path = tmp_path / "made.jsonl"
    status, out, errors = run("record", "--lives", "n3", "n1", "-o", str(path))
    assert status == 0
    assert out.splitlines()[-1] == "2 scenarios beside the recordings of 7.3.4: 2 the same, 0 differ"
    assert [line.split()[:4] for line in errors.splitlines()[1:]] == [["1", "of", "2", "n3"], ["2", "of", "2", "n1"]]
    assert [scenario.name for scenario in load(path).scenarios] == ["n3", "n1"]
    assert fake_lives.is_closed


def test_a_life_that_cannot_be_recorded_is_named(tmp_path: Path, fake_lives: SimpleNamespace) -> None:
    status, out, _ = run("record", "--lives", "n8", "n1", "-o", str(tmp_path / "made.jsonl"))
    assert status == 0
    assert out.splitlines()[0] == "n8: not recorded: in 3 tries, each on a new machine: no answer"
    assert run("record", "--lives", "n8", "-o", str(tmp_path / "none.jsonl"))[0] == 2


def test_a_life_that_no_kernel_has_is_refused(fake_lives: SimpleNamespace) -> None:
    status, out, errors = run("record", "--lives", "n3", "n99")
    assert (status, out) == (2, "")
    assert errors.startswith("pkvm_model: 7.3.4 has no scenario n99;")
    assert fake_lives.is_closed


def test_ctrl_c_keeps_whole_scenarios(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fake_lives: SimpleNamespace
                                      ) -> None:
    kept = FakeChronicler.record

    def record_one(self: FakeChronicler, name: str) -> RecordedLife:
        if name == "n4":
            os.kill(os.getpid(), signal.SIGINT)
        return kept(self, name)

    monkeypatch.setattr(FakeChronicler, "record", record_one)
    path = tmp_path / "made.jsonl"
    with pytest.raises(KeyboardInterrupt):
        run("record", "--lives", "n3", "n4", "n5", "-o", str(path))
    assert [scenario.name for scenario in load(path).scenarios] == ["n3"]
