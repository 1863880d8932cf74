"""On a Debian with nothing but python3, the README's commands either work or say what to install."""
from __future__ import annotations

import re
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doors.debian import debian_root
from tests.doors.desks import Desk, copy_checkout


@pytest.fixture(scope="module")
def debian() -> Iterator[Desk]:
    """Make a Debian root with python3 alone, and a course in it."""
    with debian_root("python3") as root:
        copy_checkout(root / "course")
        variables = {"HOME": "/root", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PIP_CERT": "/ca.crt"}
        yield Desk(Path("/usr/bin/python3"), root, root / "course", variables,
                   ("chroot", str(root), "env", "-C", "/course"))


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
