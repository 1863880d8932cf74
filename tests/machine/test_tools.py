"""What the machine needs here is found, or named together with the command that gets it."""
from __future__ import annotations

import gzip
import sys
from pathlib import Path

import pytest

from pkvm_model.machine import tools
from tests.machine.made_up import make_image

QEMU = "#!/bin/sh\necho 'QEMU emulator version 10.0.2 (Debian 1:10.0.2)'\n"


class Desk:
    """A computer with what a test puts there."""

    def __init__(self, folder: Path) -> None:
        """Begin with nothing."""
        self.programs, self.kernels = folder / "bin", folder / "kernels"
        self.programs.mkdir()

    def put_program(self, name: str, text: str = QEMU) -> None:
        """Put a program on PATH."""
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def put_kernel(self, version: str, content: bytes) -> Path:
        """Put a kernel where the course keeps them."""
        image = self.kernels / version / tools.IMAGE
        image.parent.mkdir(parents=True)
        image.write_bytes(content)
        return image


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A computer with nothing on it."""
    desk = Desk(tmp_path)
    monkeypatch.setenv("PATH", str(desk.programs))
    monkeypatch.setattr(tools, "KERNELS", desk.kernels)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv(tools.KERNEL_VARIABLE, raising=False)
    return desk


def test_with_all_that_is_needed_nothing_is_missing(desk: Desk) -> None:
    desk.put_program(tools.EMULATOR)
    image = desk.put_kernel("7.3.4", make_image())
    found = tools.find_tools()
    assert (found.missing, found.version, found.kernel) == ((), "10.0.2", image)
    assert found.emulator == desk.programs / tools.EMULATOR
    assert found.program.is_file()


def test_what_is_missing_is_named_with_the_command_that_gets_it(desk: Desk) -> None:
    assert tools.find_tools().missing == (
        "qemu-system-aarch64 is not installed: on Debian and Ubuntu, sudo apt-get install --no-install-recommends "
        "qemu-system-arm",
        "there is no kernel for the emulated machine: python3 course.py kernel --get")
    desk.put_program("apt-get")
    assert "is not installed: sudo apt-get install" in tools.find_tools().missing[0]


def test_another_system_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr("platform.system", lambda: "Windows")
    assert tools.find_tools().missing[0] == "the emulated machine needs Linux, and this is Windows"


@pytest.mark.parametrize(("text", "reason"), [("#!/bin/sh\necho 'libfdt.so.1: gone' >&2; exit 127\n", "libfdt.so.1"),
                                              ("#!/no/such/interpreter\n", "No such file"),
                                              ("#!/bin/sh\nexit 3\n", "status 3")])
def test_an_emulator_that_does_not_start_is_not_one(text: str, reason: str, desk: Desk) -> None:
    desk.put_program(tools.EMULATOR, text)
    found = tools.find_tools()
    assert found.emulator is None
    assert reason in found.missing[0]
    assert "--reinstall qemu-system-arm" in found.missing[0]


def test_the_newest_kernel_is_started(desk: Desk) -> None:
    for version in ("7.3.4", "7.10.1", "7.11-rc2", "7.11", "7.9", "6.19.14"):
        desk.put_kernel(version, make_image())
    desk.put_kernel("8.0", b"not an image")
    desk.put_kernel(".new-9", make_image())
    names = [image.parent.name for image in tools.list_kernels()]
    assert names == ["7.11", "7.11-rc2", "7.10.1", "7.9", "7.3.4", "6.19.14"]


def test_a_variable_or_an_argument_names_another_kernel(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.put_kernel("7.3.4", make_image())
    other = desk.put_kernel("6.19.14", make_image())
    assert tools.find_tools(other).kernel == other
    monkeypatch.setenv(tools.KERNEL_VARIABLE, str(other))
    assert tools.find_tools().kernel == other


def test_a_kernel_that_not_every_emulator_can_start_is_refused_with_the_cure(
        desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    packed = tmp_path / "Image.gz"
    packed.write_bytes(gzip.compress(make_image()))
    for named in (packed, tmp_path):
        found = tools.find_tools(named)
        assert found.kernel is None
        assert f"{named} is no plain Image for arm64: python3 course.py kernel --kernel {named}" in found.missing
    monkeypatch.setenv(tools.KERNEL_VARIABLE, str(tmp_path / "gone"))
    assert f"{tmp_path / 'gone'} is not there: python3 course.py kernel --kernel FILE" in tools.find_tools().missing


def test_a_program_of_which_a_part_is_missing_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = tools.PROGRAM.read_bytes()
    assert tools.explain_program() == ""
    monkeypatch.setattr(tools, "PROGRAM", tmp_path / "init")
    assert "init is gone: git restore" in tools.explain_program()
    for damaged in (b"", content[:100], content[:2000], b"\r\n" + content):
        tools.PROGRAM.write_bytes(damaged)
        assert "init is damaged: git restore" in tools.explain_program()
        assert "gcc-aarch64-linux-gnu" in tools.explain_program()


@pytest.mark.parametrize("text", ["", "[]", "{", "\udcff"])
def test_a_damaged_note_says_nothing(text: str, desk: Desk) -> None:
    image = desk.put_kernel("7.3.4", make_image())
    assert tools.read_note(image) == {}
    image.with_name(tools.NOTE).write_bytes(text.encode(errors="surrogateescape"))
    assert tools.read_note(image) == {}
