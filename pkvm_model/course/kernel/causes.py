"""What stopped Debian's client: its output turned into one line with cause and cure. Standard library only."""
from __future__ import annotations

import re

from ...outside import escape
from ..errors import CourseError
from ..paths import name_command
from . import store

BY_HAND = ("Get a package linux-binary-VERSION-arm64 of Debian's, or any other kernel for arm64, in another way, then: "
           f"{name_command('kernel --kernel FILE')}.")
NO_CLIENT = f"there is no apt-get here, which fetches Debian's kernels. {BY_HAND}"
NO_MIRROR = ("apt knows no mirror of Debian's here. Name one with --mirror ADDRESS, as in apt's sources on any Debian. "
             f"Or: {BY_HAND}")
MISSING = r"does not have a Release file|\b404  "
CAUSES = (
    (r"The value '[^']*' is invalid|Malformed entry",
     "the address of the mirror or the name of the suite is not one that apt understands."),
    (r"NO_PUBKEY|EXPKEYSIG|BADSIG|[Ii]nvalid signature|couldn't be verified",
     "this machine's keys of Debian's archive do not fit {suite}. sudo apt-get install debian-archive-keyring "
     "brings the newest; then run it again."),
    (r"NODATA|isn't valid, got",
     "what comes is not Debian's: is the address of the mirror right, or does this network want a login in a browser?"),
    (r"is expired \(invalid since|is not valid yet",
     "the mirror's list of {suite} is too old or too new for this machine's clock. If the clock is right, nobody keeps "
     "the mirror up to date: try --mirror ADDRESS with another one."),
    (r"Hash Sum mismatch|unexpected size|Mirror sync in progress",
     "what came does not fit the signed list: the mirror is being updated, or something on the way changes it. Run it "
     "again in some minutes."),
    (r"\b407  ", "the proxy wants a name and a password: put them into Acquire::http::Proxy in apt's settings."),
    (r"\b4\d\d  ", "the mirror, or a filter on the way to it, refuses to give this. Is its address right? Try another "
     "one with --mirror ADDRESS."),
    (r"\b5\d\d  ", "the mirror is out of order. Run it again later."),
    (r"Could not resolve|Temporary failure|[Cc]ould not connect|Cannot initiate|Unable to connect|[Cc]onnection (?:"
     r"failed|timed out|refused|reset)|unreachable|Failed to fetch",
     "Debian's mirror cannot be reached. Is there a network, or does apt need a proxy (Acquire::http::Proxy)? Then run "
     "it again."),
    (r"Unable to locate package|was not found|Can't find a source",
     "the mirror's list of {suite} has changed meanwhile. Run it again."))
"""What is found in the client's output, and the line that it means; the first that is found counts."""
FULL = r"No space left on device|enough free space|Disk quota exceeded"


class NoSuchSuiteError(CourseError):
    """The mirror does not have a suite."""


def explain(output: str, suite: str) -> CourseError:
    """Turn the output of the client that failed into an error of one line."""
    if re.search(FULL, output):
        return CourseError(store.describe_full_disk())
    if re.search(MISSING, output):
        return NoSuchSuiteError(f"Debian's mirror has no suite {suite} for arm64, or not all of it. See --suite NAME.")
    cause = next((sentence for pattern, sentence in CAUSES if re.search(pattern, output)), None)
    if cause:
        return CourseError(cause.format(suite=suite or "Debian"))
    reason = next((line for line in reversed(output.splitlines()) if line.startswith("E:")), "no reason given")
    return CourseError(f"Debian's client failed ({escape(reason.removeprefix('E:').strip())}). {BY_HAND}")
