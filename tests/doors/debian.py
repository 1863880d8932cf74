"""A Debian in a folder, with a few packages and nothing else."""
from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


@contextmanager
def debian_root(*packages: str) -> Iterator[Path]:
    """Make a Debian, and remove it in the end; it trusts whom this machine trusts."""
    if os.geteuid() or not shutil.which("debootstrap"):
        pytest.skip("needs root and debootstrap")
    root = Path(mkdtemp(prefix="pkvm-debian-"))
    include = [f"--include={','.join(packages)}"] if packages else []
    made = subprocess.run(["debootstrap", "--variant=minbase", *include, "trixie", root], check=False,
                          capture_output=True, text=True)
    if made.returncode:
        shutil.rmtree(root)
        pytest.skip(f"debootstrap cannot make a root here: {made.stdout.strip().splitlines()[-1:]}")
    root.chmod(0o755)
    shutil.copy2("/etc/resolv.conf", root / "etc")
    (root / "ca.crt").write_bytes(CERTIFICATES.read_bytes())  # of the network that this machine is in
    with mount("proc", root / "proc"):
        yield root
    shutil.rmtree(root)


@contextmanager
def mount(kind: str, place: Path) -> Iterator[None]:
    """Mount a file system for a while."""
    subprocess.run(["mount", "-t", kind, kind, place], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)
