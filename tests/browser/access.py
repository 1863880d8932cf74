"""axe-core on a page."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from playwright.sync_api import Page

QUICK = {"resultTypes": ["violations"], "preload": False}
"""Style sheets and media from elsewhere are not fetched: a page has none."""


def find_violations(page: Page, where: Any = None, rules: Sequence[str] = (), but: Sequence[str] = ()) -> list[Any]:
    """Return the faults that axe-core finds in a part of a page, by default in all of it: rule and elements.

    Of its rules it may use only some, or leave some out: the contrast takes three quarters of the time.
    """
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    options = QUICK | {"rules": {rule: {"enabled": False} for rule in but}} | ({"runOnly": [*rules]} if rules else {})
    violations = axe.Axe().run(page, context=where, options=options).response["violations"]
    return [(violation["id"], [node["target"] for node in violation["nodes"]]) for violation in violations]
