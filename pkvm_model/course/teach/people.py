"""Whose a file is: what its name, the mail that brought it and the name in the hand-in say, compared with the roster.

What a platform wrote, a name or else a number, and the address of a mail count most, then the name in the hand-in, then
the name of the file. A name may have its words in any order, be short, or lack its accents, as long as it fits only one
learner.
"""
from __future__ import annotations

import itertools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from ..learner.handin import list_words
from .roster import Person, Roster

PARTICIPANT = re.compile(r"_(\d+)_assignsubmission_|(?:^|/)[^/_]+_(?:late_)?(\d{3,})_\d{3,}_|_([^_/]+)_attempt_\d{4}-|"
                         r"(?:^|/)submission_(\d+)/", re.IGNORECASE)
"""The number of a learner in the names of files and folders that Moodle, Canvas, Blackboard and Gradescope make."""
PLATFORM_NAME = re.compile(r"(?:^|/)([^/_]+)_(?:\d+_assignsubmission_|(?:late_)?\d{3,}_\d{3,}_)", re.IGNORECASE)
"""The name of a learner that Moodle and Canvas write before the number."""
NOISE = {"handin", "hand", "in", "json", "txt", "zip", "tar", "gz", "tgz", "bz2", "eml", "mail", "copy", "of", "kopie",
         "final", "late", "my", "work", "pkvm", "course", "homework", "submission", "assignment", "the", "text"}
"""Words in the names of files that are no names of learners."""
COPY = re.compile(r" ?\(\d+\)|(?<=[a-z])-\d(?=\.|$)")
"""What systems put behind the name of a second file of one name."""
ENDINGS = re.compile(r"(\.(json|txt|zip|tar|gz|tgz|bz2|eml))+$", re.IGNORECASE)
"""What follows a number, a user name or an address that is the whole name of a file, as on a hub."""
LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
MOST_PARTS = 4
"""How many parts of a name are tried in every order where they are written as one word."""


class Owner(NamedTuple):
    """Whose a file is, if that is known, and what a teacher should know about it."""

    person: Person | None = None
    remark: str = ""

    @property
    def name(self) -> str:
        """The learner's name on the roster, '' if that is not known."""
        return self.person.name if self.person else ""


class Register:
    """Finds the learners on a roster."""

    def __init__(self, roster: Roster) -> None:
        self.people, self.keys = roster.people, defaultdict[str, list[Person]](list)
        for person in roster.people:
            for key in {*person.ids, *spell_name(person.name)}:
                self.keys[key].append(person)

    def find_owner(self, file: str, name: str = "", sender: str = "") -> Owner:
        """Return whose a file is: by who sent it, by the name in it, and by the name of the file."""
        sent, named, filed = self.find_sender(file, sender), self.find_named(name), self.find_in_path(file)
        found = [people for people in (sent, named, filed, self.find_in_path(file, short=True)) if people]
        first = next((people for people in found if len(people) == 1), found[0] if found else [])
        if len(first) != 1:
            return Owner(remark=f"could be {list_names(first)}" if first else "is of nobody on the roster")
        return Owner(first[0], self.explain_renaming(first[0], name, named, filed))

    def explain_renaming(self, owner: Person, name: str, named: Sequence[Person], filed: Sequence[Person]) -> str:
        """Return what is odd about the names on and in an owner's file, '' if they agree."""
        if name and owner not in named:
            others = list_names(named) or "nobody on the roster"
            return f"is from {owner.name}, and the name in it, {name}, is that of {others}"
        if len(filed) == 1 and owner not in filed:
            return f"is by {name or owner.name}, and the name of the file is that of {list_names(filed)}"
        return ""

    def find_sender(self, file: str, sender: str) -> list[Person]:
        """Return whom a platform or a mail names as the one who sent a file."""
        match = PLATFORM_NAME.search(file)
        named = self.find_written(match[1]) if match else []
        return named if len(named) == 1 else self.find_number(file) or named or self.keys.get(sender.casefold(), [])

    def find_number(self, file: str) -> list[Person]:
        """Return whose number a platform has written into the name of a file. It may be one of the platform's own."""
        match = PARTICIPANT.search(file)
        return self.keys.get(match[match.lastindex or 0].casefold(), []) if match else []

    def find_named(self, name: str) -> list[Person]:
        """Return the learners whom a name, a number or an address may mean; several if it is short."""
        return self.find_written(name) or self.find_short(list_words(name))

    def find_in_path(self, file: str, *, short: bool = False) -> list[Person]:
        """Return the learners whom the names of a file and of its folders mean."""
        for part in PurePosixPath(file).parts:
            words = [word for word in list_words(COPY.sub("", part)) if word.casefold() not in NOISE]
            names = [word for word in words if not word.isdigit()]
            found = (self.keys.get(ENDINGS.sub("", part).casefold()) or self.find_written(" ".join(words))
                     or self.find_written(" ".join(names)))
            if found or (short and (found := self.find_short(names))):
                return found
        return []

    def find_written(self, name: str) -> list[Person]:
        """Return the learners whose whole name, number or address this is."""
        keys = (name.casefold().strip(), *spell_name(name))
        return next((self.keys[key] for key in keys if key in self.keys), [])

    def find_short(self, words: Iterable[str]) -> list[Person]:
        """Return the learners whose name has all of these words, or all of whose names are among them."""
        plain = {strip_accents(word) for word in words}
        names = ((person, {strip_accents(word) for word in list_words(person.name)}) for person in self.people)
        return [person for person, parts in names if plain and parts and (plain <= parts or parts <= plain)]


def spell_name(name: str) -> Iterator[str]:
    """Yield a name in the ways in which it is compared: sorted words, without accents, with umlauts spelled, as one."""
    words = [fold(word) for word in list_words(name)]
    for spell in (fold, strip_accents, spell_umlauts):
        yield from filter(None, [" ".join(sorted(map(spell, words)))])
    yield from join_words([strip_accents(word) for word in words])


def join_words(words: Sequence[str]) -> set[str]:
    """Return some words, written as one in any order, if they are not too many."""
    return {"".join(order) for order in itertools.permutations(words)} if 1 < len(words) <= MOST_PARTS else set()


def spell_umlauts(word: str) -> str:
    """Return a word as those write it who have no umlauts."""
    return fold(word).translate(UMLAUTS)


def fold(word: str) -> str:
    """Return a word as it is compared: capitals and forms of letters do not count."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", word).casefold())


def strip_accents(word: str) -> str:
    """Return a word without accents; signs that other scripts need stay."""
    parts = unicodedata.normalize("NFD", fold(word).translate(LETTERS))
    return "".join(each for each in parts if not "\u0300" <= each <= "\u036f")


def list_names(people: Sequence[Person]) -> str:
    """Return the names of some learners, with what tells them apart."""
    return " or ".join(f"{person.name} (line {person.line})" if len(people) > 1 else person.name for person in people)
