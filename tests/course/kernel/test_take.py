"""`kernel --kernel` takes any kernel for arm64, and `kernel` says what is here."""
from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from pkvm_model.course import cli
from pkvm_model.course.doctor import machine
from pkvm_model.machine import tools
from tests.course.kernel.conftest import Desk
from tests.machine.made_up import make_image, make_package, make_zboot

MINE = make_image("7.4.0-mine+")


def take(path: Path, content: bytes) -> int:
    path.write_bytes(content)
    return cli.run_inside(["kernel", "--kernel", str(path)])


@pytest.mark.parametrize("content", [
    MINE, gzip.compress(MINE), make_zboot(gzip.compress(MINE)), make_package({"./boot/vmlinuz-7.4.0-mine+": MINE}),
    make_package({"lib/modules/7.4.0-mine+/vmlinuz": MINE}, ""),
    make_package({"usr/lib/modules/7.4.0-mine+/vmlinuz": gzip.compress(MINE)})])
def test_the_plain_image_is_kept_under_the_name_that_it_has(content: bytes, desk: Desk, tmp_path: Path) -> None:
    assert take(tmp_path / "my kernel", content) == 0
    assert desk.list_files() == ["7.4.0-mine+"]
    image = desk.kernels / "7.4.0-mine+" / tools.IMAGE
    assert image.read_bytes() == MINE
    assert tools.list_kernels() == [image]
    note = json.loads(image.with_name(tools.NOTE).read_text())
    assert (note["file"], note["release"]) == ("my kernel", "7.4.0-mine+")


def test_a_newer_build_of_the_same_name_takes_its_place(desk: Desk, tmp_path: Path) -> None:
    for content in (MINE, MINE + b"newer"):
        assert take(tmp_path / "Image", content) == 0
    assert (desk.kernels / "7.4.0-mine+" / tools.IMAGE).read_bytes() == MINE + b"newer"
    assert desk.list_files() == ["7.4.0-mine+"]


@pytest.mark.parametrize(("content", "words"), [(b"", "it is empty"), (b"\x7fELF" + bytes(100), "it is an ELF file"),
                                                (make_package({"a": b""}), "it is a package without a kernel"),
                                                (make_package({"a": b""})[:-7], "it is a damaged package")])
def test_what_is_no_kernel_is_refused_by_its_true_name(content: bytes, words: str, desk: Desk, tmp_path: Path,
                                                       capsys: pytest.CaptureFixture[str]) -> None:
    assert take(tmp_path / "file", content) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"course.py: {tmp_path / 'file'}: {words}")
    assert error.count("\n") == 1
    assert desk.list_files() == []


def test_a_folder_and_a_name_without_a_file_are_one_line(desk: Desk, tmp_path: Path,
                                                         capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run_inside(["kernel", "--kernel", str(tmp_path)]) == 1
    assert cli.run_inside(["kernel", "--kernel", str(tmp_path / "gone")]) == 1
    assert capsys.readouterr().err == (f"course.py: {tmp_path}: it is a folder. Name the kernel in it.\n"
                                       f"course.py: No such file or directory: {tmp_path / 'gone'}\n")


def put_emulator(desk: Desk) -> None:
    program = desk.programs / tools.EMULATOR
    program.write_text("#!/bin/sh\necho QEMU emulator version 7.2.22\n")
    program.chmod(0o755)


def test_the_report_says_what_is_here(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    put_emulator(desk)
    take(tmp_path / "Image", MINE)
    take(tmp_path / "old", make_image())
    capsys.readouterr()
    assert cli.run_inside(["kernel"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"ok      emulator  QEMU 7.2.22, {desk.programs / tools.EMULATOR}",
        "ok      program   what runs in the machine came with the course; no compiler is needed",
        "ok      kernel    Linux 7.4.0-mine+, from Image (this one is started)",
        "ok      kernel    Linux 7.3.4, from old",
        "A real kernel can be started here: python3 -m pkvm_model machine TRACE"]


def test_the_report_says_what_is_missing_and_that_the_course_works_without(
        desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert cli.run_inside(["kernel"]) == 1
    first, second, third, last = capsys.readouterr().out.splitlines()
    assert first.startswith("missing emulator  qemu-system-aarch64 is not installed: sudo apt-get install")
    assert second == "missing kernel    there is no kernel for the emulated machine: python3 course.py kernel --get"
    assert third.startswith("ok      program")
    assert last.endswith("Without a real kernel, all of the course works as before.")
    assert not desk.kernels.exists()


def test_doctor_says_in_one_line_whether_a_real_kernel_can_be_started(
        desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    status, subject, text = machine.check_real_kernel()
    assert (status, subject) == ("ok", "real kernel")
    assert text == ("none can be started here, and you need none (emulator missing; python3 course.py kernel says how "
                    "to get it)")
    put_emulator(desk)
    take(tmp_path / "Image", MINE)
    assert machine.check_real_kernel().text == f"{desk.kernels / '7.4.0-mine+' / tools.IMAGE} can be started"


def test_the_command_needs_no_environment(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pkvm_model.course.setup.install.ensure_python", None)
    assert cli.run_outside(["kernel"]) == 1
