"""An exported page keeps folded what a notebook folds."""
from __future__ import annotations

import re
from pathlib import Path

import nbformat

from pkvm_model.course.publish.pages import render_notebook

FOLD = "<details><summary>Hint</summary>\n\nAsk *twice*.\n\n- And again.\n\n</details>"


def test_what_a_notebook_folds_is_folded_in_its_page(tmp_path: Path) -> None:
    cells = [nbformat.v4.new_markdown_cell(text) for text in ("# Page", FOLD, "After it.")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "page.ipynb")
    (fold,) = re.findall(r"<details>.*?</details>", render_notebook(tmp_path / "page.ipynb").body, flags=re.DOTALL)
    assert "twice" in fold
    assert "And again." in fold
    assert "After it." not in fold
