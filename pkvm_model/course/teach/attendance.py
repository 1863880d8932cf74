"""Who handed in and who did not, by the roster, and what became of every file."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...outside import escape
from ...text import count
from .collect import Collection, RefusedFile
from .roster import Person, Roster

MISSING = "missing: there is no file"
SYSTEM = "passed over: a file that a system made, or the roster"


def list_remarks(roster: Roster, collection: Collection) -> Iterator[tuple[str, str, str]]:
    """Yield the learners who are missing or late, files whose names disagree, and files of nobody on the roster."""
    sent = {each.owner.person for each in collection.submissions}
    for person in roster.people:
        yield from () if person in sent else explain_missing(person, collection.refused)
    for file, _, owner, late in collection.submissions:
        yield from ((owner.name, file, escape(remark)) for remark in (late, owner.remark) if remark)


def explain_missing(person: Person, refused: Sequence[RefusedFile]) -> list[tuple[str, str, str]]:
    """Return that a learner sent nothing, or the files that could not be read."""
    tried = [each for each in refused if each.owner.person == person]
    return [(person.name, each.file, f"missing, since the file {escape(each.reason)}") for each in tried] or [
        (person.name, "", MISSING)]


def summarize(roster: Roster, collection: Collection) -> str:
    """Return how many learners on the roster handed in, and what to know about the roster."""
    if not roster.people:
        return "There is no roster."
    known, late = [each.owner.person for each in collection.submissions], [each.late for each in collection.submissions]
    return (f"{len({*known} - {None})} of {count(len(roster.people), 'learner')} on the roster handed in, "
            f"{sum(map(bool, late))} late. {count(known.count(None), 'hand-in')} of nobody on the roster. "
            f"{roster.remark}").strip()


def list_fates(collection: Collection) -> list[tuple[str, str, str]]:
    """Return every file, in order, with the learner and what became of it."""
    return sorted([
        *((file, owner.name or hand_in.name, "counts") for file, hand_in, owner, _ in collection.submissions),
        *((file, "", f"does not count: {escape(reason)}") for file, reason in collection.repeated),
        *((file, owner.name, f"refused: {escape(reason)}") for file, reason, owner in collection.refused),
        *((file, "", SYSTEM) for file in collection.passed_over)])
