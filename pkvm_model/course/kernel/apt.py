"""Fetches packages with Debian's client, which gets lists, state and settings of its own: nothing is installed.

Of the machine's own settings only those of `Acquire` hold, such as a proxy, and the user that fetches. No mirror is
named here: it is the one from which this machine has Debian.
"""
from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ..errors import CourseError
from . import causes
from .offers import Offer, list_offers

KEYRINGS = tuple(Path("/usr/share/keyrings") / f"debian-archive-keyring.{kind}" for kind in ("pgp", "gpg"))
"""Where Debian's keys are, in new releases and in old ones; Ubuntu has a package with them, too."""
TEMPLATE = Path("/usr/share/python-apt/templates/Debian.info")
"""Where Ubuntu's package client has the address of Debian's archive."""
RELEASE = Path("/etc/os-release")
KEPT = re.compile(r"Acquire::(?!IndexTargets|Languages|GzipIndexes|Changelogs)|APT::Sandbox::")
"""The settings of the machine that hold for us as well."""
CONFIGURATION = """\
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::SourceList "{folder}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State "{folder}/state";
Dir::State::lists "{folder}/state/lists";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
APT::Architecture "arm64";
APT::Architectures {{ "arm64"; }};
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
"""


class Client:
    """Debian's client with one mirror and folders of its own."""

    def __init__(self, folder: Path, mirror: str) -> None:
        """Name the folder to work in, and a mirror; '' stands for the machine's own."""
        self.folder = folder
        self.mirror = mirror or find_mirror()
        self.keyring = find_keyring()
        self.settings = "".join(line for line in run(["apt-config", "dump"]).splitlines(keepends=True)
                                if KEPT.match(line))

    def list_kernels(self, suite: str) -> list[Offer]:
        """Return the kernels of a suite. Raise NoSuchSuiteError if the mirror does not have it.

        A mirror's copy of a name like stable-backports can be older than that of the suite for which it stands.
        """
        found = self.read_suite(suite)
        codename = next(iter(self.ask(suite, "apt-get", "indextargets", "--format", "$(CODENAME)").split()), suite)
        if codename != suite and suite.endswith("-backports"):
            with contextlib.suppress(causes.NoSuchSuiteError):
                return self.read_suite(codename)
        return found

    def read_suite(self, suite: str) -> list[Offer]:
        """Fetch the list of a suite's packages, and return its kernels."""
        folder = self.folder / suite.replace("/", "_")
        for name in ("state/lists/partial", "cache/archives/partial", "packages"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        (folder / "sources.list").write_text(f"deb [signed-by={self.keyring}] {self.mirror} {suite} main\n",
                                             encoding="utf-8")
        (folder / "apt.conf").write_text(CONFIGURATION.format(folder=folder) + self.settings, encoding="utf-8")
        self.ask(suite, "apt-get", "-q", "update")
        return list_offers(self.ask(suite, "apt-cache", "dumpavail"), suite)

    def download(self, offer: Offer) -> Path:
        """Fetch a package, which the client compares with the signed list, and return its path."""
        folder = self.folder / offer.suite.replace("/", "_") / "packages"
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            with contextlib.suppress(LookupError, OSError):  # There need not be such a user.
                shutil.chown(folder, "_apt")
        self.ask(offer.suite, "apt-get", "-q", "download", f"{offer.package}={offer.package_version}", cwd=folder)
        return next(folder.glob("*.deb"))

    def ask(self, suite: str, *command: str, cwd: Path | None = None) -> str:
        """Run a program of the client's with our settings, and return what it prints."""
        return run(list(command), suite, APT_CONFIG=str(self.folder / suite.replace("/", "_") / "apt.conf"), cwd=cwd)


def run(command: list[str], suite: str = "", cwd: Path | None = None, **variables: str) -> str:
    """Run a program and return what it prints. Raise CourseError with the cause if it fails."""
    try:
        done = subprocess.run(command, cwd=cwd, env={**os.environ, "LC_ALL": "C.UTF-8", **variables}, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, errors="replace", check=False)
    except FileNotFoundError:
        raise CourseError(causes.NO_CLIENT) from None
    if done.returncode:
        raise causes.explain(done.stdout + done.stderr, suite)
    return done.stdout


def find_keyring() -> Path:
    """Return the file with the keys of Debian's archive. Raise CourseError if this machine has none."""
    keyring = next((path for path in KEYRINGS if path.exists()), None)
    if keyring is None:
        raise CourseError("the keys of Debian's archive are not here, and nothing is fetched without them: "
                          "sudo apt-get install debian-archive-keyring, then run it again.")
    return keyring


def find_mirror() -> str:
    """Return the address from which this machine has Debian. Raise CourseError if it knows none."""
    mirror = next((mirror for mirror in list_mirrors() if not mirror.startswith("cdrom:")), None)
    if mirror is None:
        raise CourseError(causes.NO_MIRROR)
    return mirror


def list_mirrors() -> Iterator[str]:
    """Yield the addresses of Debian's archive that the machine knows: its own, then the one of Ubuntu's client."""
    words = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    yield from run([*words, "Origin: Debian", "Label: Debian"]).split()
    system = read_release()
    if system.get("ID") == "debian":  # Without lists, the client does not know whose archive a source is.
        yield from run([*words, f"Release: {system.get('VERSION_CODENAME', 'stable')}"]).split()
    with contextlib.suppress(OSError):
        yield from re.findall(r"^BaseURI: *(\S+)", TEMPLATE.read_text(encoding="utf-8", errors="replace"),
                              re.MULTILINE)[:1]


def read_release() -> dict[str, str]:
    """Return what the system says about itself."""
    try:
        lines = RELEASE.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    return {name: value.strip("\"'") for name, _, value in (line.partition("=") for line in lines)}
