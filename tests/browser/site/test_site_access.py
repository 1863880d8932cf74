"""axe-core finds no fault in any page of the site: a sample of them, or all with `--full`."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from benchmarks.static_host import Host
from tests.browser.access import find_violations
from tests.browser.conftest import open_context

SAMPLE = ("index", "03-a-vm-is-born", "course-map", "licences", "summary", "slides", "exercises/find-the-hole")
FEW = ("index", "03-a-vm-is-born", "exercises/find-the-hole")
DRAWN = "!document.querySelector('.writing textarea[readonly]')"
"""An answer can be written as soon as its page has read what the browser keeps."""


@pytest.fixture
def page(browser: Browser, site: Path) -> Iterator[Page]:
    """Return a page that shows the site; the site is not kept on the device."""
    host = Host(site)
    context = open_context(browser, base_url=host.address, service_workers="block", reduced_motion="reduce")
    yield context.new_page()
    context.close()
    host.stop()


@pytest.mark.parametrize(("names", "media"), [
    (SAMPLE, {"color_scheme": "light"}), (FEW, {"color_scheme": "dark"}), (FEW, {"forced_colors": "active"})],
    ids=["light", "dark", "forced colours"])
def test_axe_finds_no_violation_on_any_page(request: pytest.FixtureRequest, site: Path, page: Page,
                                            names: tuple[str, ...], media: dict[str, Any]) -> None:
    every = sorted(path.relative_to(site).with_suffix("").as_posix() for path in site.rglob("*.html"))
    page.emulate_media(**media)
    found = {}
    for name in every if request.config.option.full else names:
        page.goto(f"{name}.html")
        page.wait_for_function(DRAWN)
        found[name] = find_violations(page)
    assert {name: violations for name, violations in found.items() if violations} == {}
