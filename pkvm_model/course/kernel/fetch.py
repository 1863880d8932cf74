"""Fetches a kernel of Debian's: a named one, or the newest backport. Standard library only."""
from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...machine import tools
from ..errors import CourseError
from . import store
from .apt import Client
from .causes import NoSuchSuiteError
from .offers import Offer, choose
from .take import keep_kernel

SUITES = ("stable-backports", "oldstable-backports", "sid")
"""Where to look if nothing is named: Debian's names for the backports of its newest release, and of the one before."""
VERSION = re.compile(r"\d+(?:\.\d+)*(?:-rc\d+)?")
NAME = re.compile(r"[\w][\w./+-]*")
ADDRESS = re.compile(r"[a-z][a-z+]*:/?[^\s\[\]]+")
MOST_NAMED = 8
"""How many versions an error names."""


def show_offers(arguments: argparse.Namespace) -> int:
    """Print the kernels that can be fetched, the newest first; those of the first suite that has some."""
    version = check_words(arguments)
    with store.open_workshop() as workshop:
        for offers in ask_suites(Client(workshop, arguments.mirror or ""), arguments.suite):
            chosen = list(choose(offers, version))
            for offer in chosen:
                print(f"{offer.version:<12}{offer.size // 10**6:>4} MB  {offer.package} of {offer.suite}")
            if chosen:
                return 0
    raise CourseError(f"Debian has no kernel {version or 'for arm64'} there. See --suite NAME.")


def fetch_kernel(arguments: argparse.Namespace) -> int:
    """Fetch a kernel and keep it, unless it is here already."""
    version = check_words(arguments)
    if version and not arguments.suite and is_here(version, ""):
        print(f"Linux {version} is here already, in {tools.KERNELS / version}.")
        return 0
    with store.open_workshop() as workshop:
        client = Client(workshop, arguments.mirror or "")
        print("Asking Debian which kernels it has.", flush=True)
        offer = find_offer(client, arguments.suite, version)
        if is_here(offer.version, offer.package_version):
            print(f"Linux {offer.version} is here already, in {tools.KERNELS / offer.version}.")
            return 0
        print(f"Fetching {offer.package} ({offer.size // 10**6} MB) from {offer.suite}.", flush=True)
        facts = {"package": offer.package, "package_version": offer.package_version, "suite": offer.suite}
        print(keep_package(client.download(offer), facts, workshop))
    return 0


def keep_package(path: Path, facts: dict[str, str], workshop: Path) -> str:
    """Keep the kernel of a package that was fetched, and return a sentence on that."""
    try:
        return keep_kernel(path, facts, workshop)
    except CourseError as error:
        raise CourseError(f"{facts['package']}: {str(error).removeprefix(f'{path}: ')}") from None


def check_words(arguments: argparse.Namespace) -> str:
    """Return the version that is asked for, '' for any. Raise CourseError if a word cannot be what it should be."""
    version = (arguments.get or "").strip()
    for word, pattern, what in ((version, VERSION, "the version of a kernel, such as 7.3.4"),
                                (arguments.suite, NAME, "the name of a suite, such as trixie-backports"),
                                (arguments.mirror, ADDRESS, "the address of a mirror, as in apt's sources")):
        if word and not pattern.fullmatch(word):
            raise CourseError(f"{word} is not {what}.")
    return version


def is_here(version: str, package_version: str) -> bool:
    """Return True if a kernel is here already, from this package if that is named."""
    image = tools.KERNELS / version / tools.IMAGE
    known = tools.read_note(image).get("package_version", "")
    return tools.is_image(image) and bool(known) and package_version in ("", known)


def find_offer(client: Client, suite: str | None, version: str) -> Offer:
    """Return the newest kernel of a version. Raise CourseError if there is none; it names some that there are."""
    others: list[str] = []
    for offers in ask_suites(client, suite):
        if offer := next(choose(offers, version), None):
            return offer
        others += [each.version for each in offers]
    there = f"; it has {', '.join(dict.fromkeys(others[:MOST_NAMED]))}" if others else ""
    raise CourseError(f"Debian has no kernel {version or 'for arm64'} in {suite or describe(SUITES)}{there}. "
                      "See --list, and --suite NAME.")


def describe(suites: Sequence[str]) -> str:
    """Return the names of suites as a part of a sentence."""
    return f"{', '.join(suites[:-1])} or {suites[-1]}"


def ask_suites(client: Client, suite: str | None) -> Iterator[list[Offer]]:
    """Yield the kernels of the named suite, or of each of our own that the mirror has."""
    names = (suite,) if suite else SUITES
    missing: list[NoSuchSuiteError] = []
    for name in names:
        try:
            yield client.list_kernels(name)
        except NoSuchSuiteError as error:
            missing.append(error)
    if len(missing) == len(names):
        raise missing[0]
