"""A plain table with a caption: as aligned text, and as HTML that needs no script and no trust."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

CELL = "text-align:left;vertical-align:top;padding:4px 12px 4px 0;border-bottom:1px solid #767E8A"


@dataclass(frozen=True)
class Table:
    """Rows under heads; a row's first cell names it. `note` is a sentence below, `code` the numbers of code columns."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    code: frozenset[int] = frozenset()

    def __repr__(self) -> str:
        widths = [max(len(row[i]) for row in [self.heads, *self.rows]) for i in range(len(self.heads))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
                 for row in [self.heads, ["-" * width for width in widths], *self.rows]]
        return "\n".join([self.caption, *lines, *([self.note] if self.note else [])])

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col" style="{CELL}">{escape(text)}</th>' for text in self.heads)
        body = "".join(f"<tr>{self.render_row(row)}</tr>" for row in self.rows)
        note = f"<p>{escape(self.note)}</p>" if self.note else ""
        caption = f'<caption style="text-align:left;font-weight:700">{escape(self.caption)}</caption>'
        parts = f"{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
        return f'<div style="overflow-x:auto"><table style="border-collapse:collapse">{parts}</table></div>{note}'

    def render_row(self, row: Sequence[str]) -> str:
        """Return one row as HTML; its first cell is the row's head."""
        texts = [f"<code>{escape(cell)}</code>" if cell and at in self.code else escape(cell)
                 for at, cell in enumerate(row)]
        first = f'<th scope="row" style="{CELL}">{texts[0]}</th>'
        return first + "".join(f'<td style="{CELL}">{text}</td>' for text in texts[1:])
