"""An exported page keeps folded what a notebook folds."""
from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import nbformat
import pytest

from pkvm_model.course.publish.pages import render_notebook
from pkvm_model.practice.notebook import GUARD

FOLD = "<details><summary>Hint</summary>\n\nAsk *twice*.\n\n- And again.\n\n</details>"


def test_what_a_notebook_folds_is_folded_in_its_page(tmp_path: Path) -> None:
    cells = [nbformat.v4.new_markdown_cell(text) for text in ("# Page", FOLD, "After it.")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "page.ipynb")
    (fold,) = re.findall(r"<details>.*?</details>", render_notebook(tmp_path / "page.ipynb").body, flags=re.DOTALL)
    assert "twice" in fold
    assert "And again." in fold
    assert "After it." not in fold


@pytest.mark.parametrize(("source", "shown"), [
    (f"{GUARD}\nfrom pkvm_model.lesson import play\n\nplay(1)  # import what?", "play(1)  # import what?"),
    ("import re\nfrom a import (\n    b,\n    c)\nb(c)\nimport d", "b(c)\nimport d"),
    (f"{GUARD}\nfrom pkvm_model.lesson import progress", ""), ("imported = 1", "imported = 1")])
def test_a_page_leaves_out_what_only_lets_a_cell_run(source: str, shown: str, tmp_path: Path) -> None:
    cells = [nbformat.v4.new_markdown_cell("# Page"), nbformat.v4.new_code_cell(source)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "page.ipynb")
    page = render_notebook(tmp_path / "page.ipynb")
    assert unescape("".join(re.sub("<[^>]*>", "", page.body.partition("</h1>")[2]))).strip() == shown
    assert page.sources == (source,)
