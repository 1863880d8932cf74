"""The printed summary of the course."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from pkvm_model.course.publish import summary
from tests.browser.access import find_violations
from tests.browser.in_lab import Theme


def test_the_summary_prints_on_two_a4_pages_and_loads_nothing(offline: Page, tmp_path: Path) -> None:
    summary.write(tmp_path)
    offline.goto((tmp_path / "summary.html").as_uri())
    printed = offline.pdf(prefer_css_page_size=True)
    assert printed.count(b"/Type /Page\n") == 2
    assert printed.count(b"/MediaBox [0 0 594.95996 841.91998]") == 2
    assert offline.locator("table").count() == 3
    assert offline.locator("svg").count() == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_violation_in_the_summary(offline: Page, tmp_path: Path, theme: Theme) -> None:
    offline.emulate_media(color_scheme=theme)
    summary.write(tmp_path)
    offline.goto((tmp_path / "summary.html").as_uri())
    assert find_violations(offline) == []
