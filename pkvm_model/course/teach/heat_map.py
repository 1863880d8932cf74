"""The map of who solved what, as text and as HTML: learners down, exercises across, a sign in each cell."""
from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ...show.table import Table

LEGEND = ("✓ solved, with the number of hints if there were any, and how many steps more than the fewest. S the "
          "solution was shown. … tried, not solved. · not tried. ! see the list of what cannot be true.")
COLOURS = {"✓": "#CFE8D5", "S": "#FBE3B5", "…": "#F6CFC9", "·": "#F4F5F7"}
"""The background for each sign; a sign never stands for its colour alone. The text on them is always dark."""
CELL = "padding:3px 7px;border:1px solid #FFFFFF;color:#16191D;text-align:center;white-space:nowrap"
HEAD = "padding:3px 10px 3px 0;text-align:left;vertical-align:bottom;white-space:nowrap"
SIDEWAYS = "writing-mode:vertical-rl;transform:rotate(180deg);padding:4px 7px;text-align:left"


class HeatMap:
    """A sign for each learner and exercise: `rows` has a learner's name and their signs."""

    def __init__(self, exercises: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> None:
        self.exercises, self.rows = exercises, rows

    def __repr__(self) -> str:
        rows = [(name, *signs) for name, signs in self.rows]
        return repr(Table("Who solved what", ("learner", *self.exercises), rows, LEGEND))

    def _repr_html_(self) -> str:
        heads = "".join(f'<th scope="col" style="{SIDEWAYS}">{name}</th>' for name in self.exercises)
        rows = "".join(self.format_row(name, signs) for name, signs in self.rows)
        caption = '<caption style="text-align:left;font-weight:700">Who solved what</caption>'
        head = f'<thead><tr><th style="{HEAD}">learner</th>{heads}</tr></thead>'
        table = f'<table style="border-collapse:collapse">{caption}{head}<tbody>{rows}</tbody></table>'
        return f'<div style="overflow-x:auto">{table}</div><p>{LEGEND}</p>'

    def format_row(self, name: str, signs: Sequence[str]) -> str:
        """Return one learner's cells as HTML."""
        cells = "".join(f'<td style="{CELL};background:{COLOURS[sign[0]]}">{sign}</td>' for sign in signs)
        return f'<tr><th scope="row" style="{HEAD}">{escape(name)}</th>{cells}</tr>'
