"""A machine that is ready is kept for the next program, whole or not at all."""
from __future__ import annotations

from pathlib import Path

import pytest

from pkvm_model.machine import ready
from pkvm_model.machine.learn import Nature
from pkvm_model.machine.places import Pattern
from pkvm_model.machine.ready import MOST, Ready, describe_file, find_ready, forget, keep, make_key

NATURE = Nature({False: Pattern(b"\0\1", b"\2"), True: Pattern(b"\3", b"\4")}, -4096, 7, {"__pkvm_init_vm": 40})
MACHINE = Ready(b"disk", "K 7.3.4\n", NATURE, [{"pc": 1 << 63}, {"pc": 5}])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep machines in a folder of the test."""
    monkeypatch.setattr(ready, "FOLDER", tmp_path / "ready")
    return tmp_path / "ready"


def test_a_machine_that_was_kept_is_found_as_it_was() -> None:
    keep("a", MACHINE)
    assert find_ready("a") == MACHINE
    assert find_ready("b") is None


def test_half_a_disk_is_no_machine(folder: Path) -> None:
    keep("a", MACHINE)
    (folder / "a.disk").write_bytes(b"dis")
    assert find_ready("a") is None


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"bytes": 4, "patterns": {"0": ["zz", ""]}}'])
def test_damaged_notes_are_no_machine(folder: Path, content: str) -> None:
    keep("a", MACHINE)
    (folder / "a.json").write_text(content, encoding="utf-8")
    assert find_ready("a") is None


def test_where_nothing_can_be_written_nothing_is_kept_and_nothing_left(folder: Path) -> None:
    folder.write_text("a file", encoding="utf-8")
    keep("a", MACHINE)
    assert find_ready("a") is None


def test_a_full_disk_leaves_no_part_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[:2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fill)
    keep("a", MACHINE)
    assert [*folder.iterdir()] == []


def test_only_the_newest_machines_are_kept(folder: Path) -> None:
    for number in range(MOST + 2):
        keep(f"{number}", MACHINE)
    assert len([*folder.glob("*.disk")]) == len([*folder.glob("*.json")]) == MOST


def test_a_machine_can_be_forgotten_twice(folder: Path) -> None:
    keep("a", MACHINE)
    forget("a")
    forget("a")
    assert [*folder.iterdir()] == []


def test_another_kernel_or_number_of_cpus_is_another_machine() -> None:
    assert len({make_key(b"1", 2), make_key(b"2", 2), make_key(b"1", 3)}) == 3
    assert make_key(b"1", 2) == make_key(b"1", 2)


def test_a_program_is_told_from_another_version_of_it() -> None:
    assert len(describe_file("sh")) == 3
    assert describe_file("there is no such program") == ("there is no such program",)
