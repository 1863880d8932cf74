"""`kernel --get` fetches a kernel with Debian's client: the right one, as a whole, and nothing else is changed."""
from __future__ import annotations

import errno
import json
import os
import signal
import time
from pathlib import Path

import pytest

from pkvm_model.course import cli
from pkvm_model.machine import tools
from tests.course.kernel.conftest import Desk
from tests.machine.made_up import make_image, make_package
from tests.patience import PATIENCE, wait_until

IMAGE = make_image()
PACKAGE = make_package({"./usr/share/doc/x": b"", "./usr/lib/modules/7.3.4+deb13-arm64/vmlinuz": IMAGE})


@pytest.fixture
def debian(desk: Desk) -> Desk:
    """A computer whose mirror has the backports of two releases, and sid."""
    desk.offer("stable-backports", "7.2.12", "7.3.4", "7.10", "7.2.9")
    desk.offer("oldstable-backports", "6.12.95")
    desk.offer("sid", "7.2.13")
    desk.put_package(PACKAGE)
    return desk


def get(*words: str) -> int:
    return cli.run_inside(["kernel", *words])


def asked_for(desk: Desk) -> str:
    """Return the package that was fetched last."""
    return next(call[3] for call in reversed(desk.read_log()) if "download" in call)


def test_the_newest_backport_is_kept_with_a_note_on_where_it_came_from(
        debian: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert get("--get") == 0
    assert asked_for(debian) == "linux-binary-7.10+deb13-arm64=7.10-1~bpo13+1"
    assert debian.list_files() == ["7.3.4"]  # the name is the one that the kernel gives itself
    assert (debian.kernels / "7.3.4" / tools.IMAGE).read_bytes() == IMAGE
    note = json.loads((debian.kernels / "7.3.4" / tools.NOTE).read_text())
    assert note.pop("date") == time.strftime("%Y-%m-%d")
    assert [len(note.pop(name)) for name in ("sha256", "package_sha256")] == [64, 64]
    assert note == {"release": "7.3.4+deb13-arm64", "version": "7.3.4", "suite": "stable-backports",
                    "package": "linux-binary-7.10+deb13-arm64", "package_version": "7.10-1~bpo13+1"}
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "Fetching linux-binary-7.10+deb13-arm64 (12 MB) from stable-backports."
    assert lines[2].startswith(f"Linux 7.3.4+deb13-arm64 is in {debian.kernels / '7.3.4'} (")


@pytest.mark.parametrize(("words", "version"), [
    (["--get", "7.3.4"], "7.3.4"), (["--get", "7.2"], "7.2.12"), (["--get", "7.2.13"], "7.2.13"),
    (["--get", "6.12.95"], "6.12.95"), (["--get", "--suite", "sid"], "7.2.13"), (["--get", "7.1"], None),
    (["--get", "7.3.4", "--suite", "sid"], None)])
def test_a_version_or_a_suite_can_be_named(words: list[str], version: str | None, debian: Desk,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    assert get(*words) == (0 if version else 1)
    if version:
        assert asked_for(debian) == f"linux-binary-{version}+deb13-arm64={version}-1~bpo13+1"
    else:
        assert debian.count_downloads() == 0
        assert f"Debian has no kernel {words[1]} in " in capsys.readouterr().err


def test_an_error_names_versions_that_there_are(debian: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert get("--get", "9.9") == 1
    assert capsys.readouterr().err == (
        "course.py: Debian has no kernel 9.9 in stable-backports, oldstable-backports or sid; it has 7.10, 7.3.4, "
        "7.2.12, 7.2.9, 6.12.95, 7.2.13. See --list, and --suite NAME.\n")


def test_older_packages_have_the_kernel_themselves(debian: Desk) -> None:
    debian.change(suites={"stable-backports": "Package: linux-image-6.1.0-47-arm64\nVersion: 6.1.170-3\n"
                                              "Size: 59480656\n"})
    assert get("--get", "6.1") == 0
    assert asked_for(debian) == "linux-image-6.1.0-47-arm64=6.1.170-3"


def test_of_a_name_and_the_suite_for_which_it_stands_the_suite_counts(debian: Desk) -> None:
    debian.change(codenames={"stable-backports": "trixie-backports"})
    debian.offer("trixie-backports", "7.11")
    assert get("--get") == 0
    assert asked_for(debian).startswith("linux-binary-7.11+")


def test_a_mirror_without_that_suite_has_the_name_at_least(debian: Desk) -> None:
    debian.change(codenames={"stable-backports": "trixie-backports"})
    assert get("--get") == 0
    assert asked_for(debian).startswith("linux-binary-7.10+")


def test_a_suite_that_the_mirror_lacks_is_passed_over(debian: Desk) -> None:
    del debian.world["suites"]["stable-backports"]
    debian.change()
    assert get("--get") == 0
    assert asked_for(debian).startswith("linux-binary-6.12.95+")


def test_the_list_is_of_kernels_only_and_the_newest_is_first(debian: Desk,
                                                             capsys: pytest.CaptureFixture[str]) -> None:
    assert get("--list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["7.10", "7.3.4", "7.2.12", "7.2.9"]
    assert lines[0] == "7.10          12 MB  linux-binary-7.10+deb13-arm64 of stable-backports"
    assert get("--list", "--suite", "sid") == 0
    assert capsys.readouterr().out.split()[0] == "7.2.13"
    assert debian.list_files() == []


def test_what_is_here_is_not_fetched_again(debian: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert get("--get", "7.3.4") == 0
    calls = len(debian.read_log())
    assert get("--get", "7.3.4") == 0
    assert len(debian.read_log()) == calls
    assert "Linux 7.3.4 is here already" in capsys.readouterr().out
    (debian.kernels / "7.3.4" / tools.IMAGE).write_bytes(b"damaged")
    assert get("--get", "7.3.4") == 0
    assert debian.count_downloads() == 2
    assert debian.list_files() == ["7.3.4"]


def test_the_client_gets_folders_of_its_own_and_only_the_proxy_of_the_machine(debian: Desk) -> None:
    debian.change(settings='Acquire::http::Proxy "http://proxy:3128";\nAPT::Sandbox::User "_apt";\nDir::State "/var";\n'
                           'APT::Update::Post-Invoke:: "touch harm";\nAcquire::IndexTargets::deb::DEP-11 "";')
    assert get("--get") == 0
    call = next(call for call in debian.read_log() if "update" in call)
    settings = call[-1].splitlines()
    assert settings[-2:] == ['Acquire::http::Proxy "http://proxy:3128";', 'APT::Sandbox::User "_apt";']
    assert not [line for line in settings if "harm" in line or "DEP-11" in line]
    folders = [line.split('"')[1] for line in settings if line.startswith("Dir::")]
    assert all(folder == os.devnull or folder.startswith(f"{debian.kernels}/.new-") for folder in folders)
    assert {"Dir::State", "Dir::State::lists", "Dir::Cache", "Dir::Etc::SourceList"} <= {
        line.split()[0] for line in settings}


FAILURES = {
    "Debian's mirror cannot be reached": "E: Failed to fetch http://m/InRelease  Could not resolve 'm'",
    "has no suite stable-backports": "E: The repository 'http://m x Release' does not have a Release file.",
    "this machine's keys of Debian's archive do not fit": "E: GPG error: http://m: NO_PUBKEY 6ED0E7B82643E131",
    "want a login in a browser": "E: Failed to fetch http://m/InRelease  Clearsigned file isn't valid, got 'NODATA'",
    "the proxy wants a name": "E: Failed to fetch http://m/InRelease  407  Proxy Authentication Required",
    "refuses to give this": "E: Failed to fetch http://m/InRelease  403  Forbidden [IP: 203.0.113.80 80]\n"
                            "E: The repository 'http://m x InRelease' is not signed.",
    "the mirror is out of order": "E: Failed to fetch http://m/InRelease  503  Service Unavailable",
    "for this machine's clock": "E: Release file for http://m is expired (invalid since 24d).",
    "is full: a kernel takes": "E: Write error - write (28: No space left on device)",
    "Debian's client failed (something new)": "W: whatever\nE: something new"}


@pytest.mark.parametrize("words", FAILURES)
def test_what_stops_the_client_is_one_line_with_the_cure(words: str, debian: Desk,
                                                         capsys: pytest.CaptureFixture[str]) -> None:
    debian.change(failures=dict.fromkeys(("stable-backports", "oldstable-backports", "sid"), FAILURES[words]))
    assert get("--get") == 1
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert debian.list_files() == []


@pytest.mark.parametrize(("failure", "words"), [
    ("E: Failed to fetch http://m/x.deb  Hash Sum mismatch", "does not fit the signed list"),
    ("E: Unable to locate package linux-binary-7.10+deb13-arm64", "has changed meanwhile. Run it again"),
    ("E: You don't have enough free space in /tmp", "is full: a kernel takes")])
def test_a_download_that_fails_leaves_nothing(failure: str, words: str, debian: Desk,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    debian.change(failures={"download": failure})
    assert get("--get") == 1
    assert words in capsys.readouterr().err
    assert debian.list_files() == []


@pytest.mark.parametrize(("content", "words"), [
    (make_package({"./usr/share/doc/x": b""}), "it is a package without a kernel"),
    (PACKAGE[:-20], "it is a damaged package"),
    (make_package({"./boot/vmlinuz-7": b"MZ" + bytes(100)}), "it is a program for EFI")])
def test_a_package_without_a_kernel_is_refused_by_its_name(content: bytes, words: str, debian: Desk,
                                                           capsys: pytest.CaptureFixture[str]) -> None:
    debian.put_package(content)
    assert get("--get", "7.3.4") == 1
    assert f"course.py: linux-binary-7.3.4+deb13-arm64: {words}" in capsys.readouterr().err
    assert debian.list_files() == []


def test_a_full_disk_is_one_line_and_the_kernel_that_was_there_stays(
        debian: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert get("--get") == 0
    write = Path.write_bytes

    def fill(path: Path, data: bytes) -> int:
        if path.name == tools.IMAGE:
            write(path, data[:10])
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", fill)
    assert get("--get", "7.2") == 1
    assert capsys.readouterr().err == (
        f"course.py: the disk of {debian.kernels} is full: a kernel takes up to 200 MB while it is fetched, and 60 MB "
        "later. Make room, or set PKVM_COURSE_HOME to a folder on another disk.\n")
    assert debian.list_files() == ["7.3.4"]
    assert (debian.kernels / "7.3.4" / tools.IMAGE).read_bytes() == IMAGE


def wait_for_download(desk: Desk) -> None:
    """Wait until the client writes a package."""
    wait_until(lambda: list(desk.kernels.glob(".new-*/*/packages/*.deb")))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_stopped_leaves_nothing(number: signal.Signals, debian: Desk) -> None:
    debian.hold.touch()
    with debian.start("--get") as command:
        wait_for_download(debian)
        command.send_signal(number)
        assert command.communicate(timeout=PATIENCE)[1] == "\nStopped.\n"
    assert command.returncode == 130
    assert debian.list_files() == []


def test_what_a_killed_command_leaves_is_removed_by_the_next(debian: Desk) -> None:
    debian.hold.touch()
    with debian.start("--get") as command:
        wait_for_download(debian)
        command.kill()
        debian.hold.unlink()
    assert debian.list_files() != []
    assert get("--get") == 0
    assert debian.list_files() == ["7.3.4"]


def test_of_two_at_once_one_waits_and_then_finds_it_here(debian: Desk) -> None:
    debian.offer("stable-backports", "7.3.4")
    debian.hold.touch()
    with debian.start("--get") as first:
        wait_for_download(debian)
        with debian.start("--get") as second:
            assert second.stdout
            waits = second.stdout.readline()
            debian.hold.unlink()
            said = second.communicate(timeout=PATIENCE)[0]
        first.communicate(timeout=PATIENCE)
    assert waits == "Another course.py kernel is at work here; this one waits for it.\n"
    assert "Linux 7.3.4 is here already" in said
    assert (first.returncode, second.returncode, debian.count_downloads()) == (0, 0, 1)


def test_without_the_client_the_other_way_is_named(debian: Desk, capsys: pytest.CaptureFixture[str],
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert get("--get") == 1
    assert capsys.readouterr().err.endswith(
        "course.py: there is no apt-get here, which fetches Debian's kernels. Get a package linux-binary-VERSION-arm64 "
        "of Debian's, or any other kernel for arm64, in another way, then: python3 course.py kernel --kernel FILE.\n")


def test_nothing_is_fetched_without_debians_keys(debian: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    (debian.folder / "keyring.gpg").unlink()
    assert get("--get") == 1
    assert "sudo apt-get install debian-archive-keyring" in capsys.readouterr().err


@pytest.mark.parametrize(("mirrors", "system", "template", "found"), [
    ({"Label: Debian": "cdrom:[Debian]/ http://own/debian/"}, "", "", "http://own/debian/"),
    ({"Release: trixie": "http://source/debian"}, 'ID=debian\nVERSION_CODENAME="trixie"\n', "", "http://source/debian"),
    ({"Release: noble": "http://ubuntu"}, "ID=ubuntu\nVERSION_CODENAME=noble\n",
     "Suite: x\nBaseURI: http://template/debian\n", "http://template/debian"),
    ({}, "", "", "")])
def test_the_mirror_is_the_one_that_the_machine_knows(
        mirrors: dict[str, str], system: str, template: str, found: str, debian: Desk,
        capsys: pytest.CaptureFixture[str]) -> None:
    (debian.folder / "os-release").write_text(system)
    (debian.folder / "Debian.info").write_text(template)
    debian.change(mirrors=mirrors, failures={"stable-backports": "E: Failed to fetch"})
    assert get("--get") == 1
    error = capsys.readouterr().err
    if found:
        assert debian.sources.read_text().split()[2:] == [found, "stable-backports", "main"]
    else:
        assert "apt knows no mirror of Debian's here. Name one with --mirror ADDRESS" in error
        assert get("--get", "--mirror", "http://named/debian") == 1
        assert debian.sources.read_text().split()[2] == "http://named/debian"


@pytest.mark.parametrize("words", [["--get", "newest"], ["--get", "--suite", "a b"], ["--get", "--mirror", "here"],
                                   ["--get", "--mirror", "http://m [trusted=yes]"], ["--get", "--suite=-o"]])
def test_words_that_cannot_be_meant_are_refused(words: list[str], debian: Desk,
                                                capsys: pytest.CaptureFixture[str]) -> None:
    assert get(*words) == 1
    assert " is not the " in capsys.readouterr().err
    assert not (debian.folder / "log").exists()


def test_one_thing_at_a_time(debian: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--get"], ["--list"]):
        assert get(*words, "--kernel", "vmlinuz") == 1
        assert "one at a time" in capsys.readouterr().err
    assert not debian.kernels.exists()
