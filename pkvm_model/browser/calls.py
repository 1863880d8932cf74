"""The calls that a page makes to its Python: one function, from JSON text to JSON text.

A worker and its Python share no objects, and whatever goes wrong is said in words.
"""
from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ..course.errors import CourseError
from ..widgets.widget import compact, describe_error


def answer(call: str, given: str) -> str:
    """Answer a call: `{"answer": …}` or `{"error": TEXT}`, with `"spoiled": true` if this Python is used up."""
    try:
        return compact(find_call(call)(json.loads(given)))
    except CourseError as error:
        return compact({"error": str(error)})
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        # A check says what is wrong with an answer; if it cannot even do that, the answer has changed this Python.
        return compact({"error": describe_error(error), "spoiled": call == "check"})


def find_call(name: str) -> Callable[[Any], dict[str, Any]]:
    """Return the function for a call; what it needs is imported now. Raise LookupError if there is none."""
    if name in ("begin", "ask"):
        from . import page  # noqa: PLC0415  # each worker imports what it is asked for

        return {"begin": page.begin, "ask": page.ask}[name]
    if name == "check":
        from . import judge  # noqa: PLC0415  # see above

        return judge.check
    if name in ("read_work", "write_handin"):
        from . import clerk  # noqa: PLC0415  # see above

        work: Callable[[Any], Any] = {"read_work": clerk.read_work, "write_handin": clerk.write_handin}[name]
        return lambda given: {"answer": work(given)}
    raise LookupError(f"a page asks for {name}, which its Python does not know; load the page again")
