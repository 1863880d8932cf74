"""Reads which kernels a suite of Debian's has. Standard library only."""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ...machine.tools import sort_key

NAME = re.compile(r"linux-(binary|image)-\d[\d.]*(?:-rc\d+)?(?:\+deb[\d.]+|-\d+)-arm64")
"""The packages of ordinary kernels; others are for clouds or real time, or have larger pages."""
LEAST = 1_000_000
"""A package with fewer bytes only names the one that has the kernel."""


class Offer(NamedTuple):
    """A kernel that can be fetched: its version, its package, the version and the size of that, and its suite."""

    version: str
    package: str
    package_version: str
    size: int
    suite: str


def list_offers(available: str, suite: str) -> list[Offer]:
    """Return the kernels in a list of packages, the newest first."""
    offers = filter(None, (read_offer(paragraph, suite) for paragraph in available.split("\n\n")))
    return sorted(offers, key=lambda offer: (sort_key(offer.version), split_numbers(offer.package_version)),
                  reverse=True)


def read_offer(paragraph: str, suite: str) -> Offer | None:
    """Return the kernel in a package, None if it has none."""
    fields = dict(line.partition(": ")[::2] for line in paragraph.splitlines() if not line.startswith(" "))
    size = int(fields.get("Size", "0") or 0)
    if not NAME.fullmatch(fields.get("Package", "")) or size < LEAST:
        return None
    version = fields["Version"]
    number = version.rpartition(":")[2].rpartition("-")[0].replace("~rc", "-rc")
    return Offer(number, fields["Package"], version, size, suite)


def split_numbers(version: str) -> list[int]:
    """Return the numbers in a package's version, which sort it well enough among those of one kernel."""
    return [int(number) for number in re.findall(r"\d+", version)]


def choose(offers: Iterable[Offer], version: str) -> Iterator[Offer]:
    """Yield the kernels of a version; 7.2 stands for each 7.2.x, and nothing for every kernel."""
    return (offer for offer in offers if not version or f"{offer.version}.".startswith(f"{version}."))
