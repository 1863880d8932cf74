"""On a Debian with nothing but python3, the README's commands either work or say what to install."""
from __future__ import annotations

import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.doors.desks import Desk, copy_checkout

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


@pytest.fixture(scope="module")
def debian() -> Iterator[Desk]:
    """Make a Debian root with python3 alone, and a course in it."""
    if os.geteuid() or not shutil.which("debootstrap"):
        pytest.skip("needs root and debootstrap")
    root = Path(mkdtemp(prefix="pkvm-debian-"))
    made = subprocess.run(["debootstrap", "--variant=minbase", "--include=python3", "trixie", root], check=False,
                          capture_output=True, text=True)
    if made.returncode:
        shutil.rmtree(root)
        pytest.skip(f"debootstrap cannot make a root here: {made.stdout.strip().splitlines()[-1:]}")
    shutil.copy2("/etc/resolv.conf", root / "etc")
    copy_checkout(root / "course")
    (root / "ca.crt").write_bytes(CERTIFICATES.read_bytes())  # of the network that this machine is in
    variables = {"HOME": "/root", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PIP_CERT": "/ca.crt"}
    with mount("proc", root / "proc"):
        yield Desk(Path("/usr/bin/python3"), root, root / "course", variables,
                   ("chroot", str(root), "env", "-C", "/course"))
    shutil.rmtree(root)


@contextmanager
def mount(kind: str, place: Path) -> Iterator[None]:
    """Mount a file system for a while."""
    subprocess.run(["mount", "-t", kind, kind, place], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def test_the_missing_package_is_named_then_lab_opens(debian: Desk) -> None:
    """The first command says which package to install; when that is done, it opens JupyterLab."""
    status, text = debian.run("lab")
    assert (status, text.count("\n")) == (1, 1), text
    named = re.search(r"sudo apt install (python3\.\d+-venv)", text)
    assert named, text
    apt = f"apt-get update -q && apt-get install -q -y --no-install-recommends {named[1]}"
    subprocess.run(["chroot", debian.top, "bash", "-c", apt], check=True, stdout=subprocess.DEVNULL)
    for _ in range(2):  # the first start makes the environment, the second finds it
        with debian.open_lab() as address, urllib.request.urlopen(address) as page:
            assert b"JupyterLab" in page.read()
    status, text = debian.run("doctor")
    assert (status, "You can work." in text) == (0, True), text
