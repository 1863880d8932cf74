"""An answer of a machine as a JSON object."""
from __future__ import annotations

from typing import Any

from ..schema import JSON
from .answer import RealAnswer, Row
from .holdings import Holding, PageRecords


def to_json(answer: RealAnswer) -> JSON:
    """Return the answer as a JSON object."""
    return {"kernel": answer.kernel, "trace": answer.trace, "rows": [row._asdict() for row in answer.rows],
            "territory": [show_page(page) for page in answer.territory]}


def show_page(page: PageRecords) -> JSON:
    """Return a page as a JSON object."""
    return {**page._asdict(), "model": page.model._asdict(), "machine": page.machine._asdict()}


def from_json(data: dict[str, Any]) -> RealAnswer:
    """Return the answer that a JSON object describes. Raise ValueError for any other object."""
    try:
        return RealAnswer(data["kernel"], data["trace"], tuple(Row(**row) for row in data["rows"]),
                          tuple(map(make_page, data.get("territory", []))))
    except (KeyError, TypeError) as error:
        raise ValueError(f"this is no answer of a machine: {error}") from None


def make_page(data: dict[str, Any]) -> PageRecords:
    """Return the page that a JSON object describes."""
    return PageRecords(data["page"], Holding(**data["model"]), Holding(**data["machine"]), data["is_settled"])
