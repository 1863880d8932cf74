"""The pages of exercises share one script: each of them stays small, and the whole course fits on a phone."""
from __future__ import annotations

import re
from pathlib import Path


def test_all_pages_of_exercises_share_one_script(site: Path) -> None:
    pages = [path.read_text(encoding="utf-8") for path in sorted((site / "exercises").glob("*.html"))]
    found = {address for page in pages for address in re.findall(r'<script src="([^"]*)" defer></script>', page)}
    assert len(pages) > 50
    assert len(found) == 1
    assert (site / "exercises" / found.pop()).is_file()
    assert max(map(len, pages)) < 150_000


def test_the_script_says_which_one_it_is_and_exports_nothing(site: Path) -> None:
    [script] = (site / "assets").glob("solving-*.js")
    assert re.fullmatch(r"solving-[0-9a-f]{12}\.js", script.name)
    assert not re.search(r"^(export|import) ", script.read_text(encoding="utf-8"), re.MULTILINE)
