"""Every link of the site leads somewhere inside it, wherever the site is, and no page loads anything from elsewhere."""
from __future__ import annotations

import gzip
import posixpath
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

MOST_SENT = 100_000
"""The most bytes, packed as servers do, of a first page and all that comes with it before its first step."""
LOADS = ("src", "srcset", "poster", "data", "action")
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


class Seen(HTMLParser):
    """What a page links to, what it loads by itself, and its anchors."""

    def __init__(self, text: str) -> None:
        """Read a page."""
        super().__init__()
        self.links, self.loads, self.anchors = set[str](), set[str](), set[str]()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the addresses and the anchor of an element."""
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif name == "href" and value and tag != "link":
                self.links.add(value)
            elif value and (name in LOADS or (name, tag) == ("href", "link")):
                self.loads.add(value)


@cache
def see(page: Path) -> Seen:
    """Return what a page links to and loads."""
    return Seen(page.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def pages(site: Path) -> list[Path]:
    """Return all pages but those of JupyterLite, which are not ours."""
    return [page for page in sorted(site.rglob("*.html")) if page.relative_to(site).parts[0] != "lab"]


def is_broken(site: Path, page: Path, link: str) -> bool:
    """Return True if a link leads out of the site, or to a page or an anchor that is not there."""
    path, _, anchor = link.partition("#")
    here, path = page.relative_to(site).as_posix(), unquote(path.partition("?")[0])
    name = posixpath.normpath(posixpath.join(posixpath.dirname(here), path)) if path else here
    target = site / name
    if name.startswith("..") or not target.is_file():
        return True
    # What follows a name and `=` moves a widget; there is no such element.
    return bool(anchor) and "=" not in anchor and unquote(anchor) not in see(target).anchors


def test_every_link_leads_to_a_page_and_an_anchor_of_the_site(site: Path, pages: list[Path]) -> None:
    links = [(page, link) for page in pages for link in sorted(see(page).links) if not ADDRESS.match(link)]
    assert len(links) > 900
    assert [f"{page.relative_to(site)}: {link}" for page, link in links if is_broken(site, page, link)] == []


def test_a_link_out_of_the_site_is_one_that_a_reader_clicks(site: Path, pages: list[Path]) -> None:
    outside = {link for page in pages for link in see(page).links if ADDRESS.match(link)}
    assert {link for link in outside if not link.startswith(("https://", "mailto:"))} == set()


def test_no_page_loads_from_an_absolute_address(site: Path, pages: list[Path]) -> None:
    loads = {load for page in pages for load in see(page).loads if not load.startswith("data:")}
    assert {load for load in loads if ADDRESS.match(load) or load.startswith("/")} == set()
    styles = [style for page in pages for style in re.findall(r"<style.*?</style>", page.read_text(), flags=re.DOTALL)]
    assert [address for style in styles for address in re.findall(r"url\([^)]*\)|@import[^;]*", style)] == []


def test_every_page_of_the_folder_can_be_reached_from_the_first(site: Path, pages: list[Path]) -> None:
    reached, ahead = set[Path](), [site / "index.html"]
    while ahead:
        page = ahead.pop()
        if page not in reached:
            reached.add(page)
            names = {link.partition("#")[0].partition("?")[0] for link in see(page).links if not ADDRESS.match(link)}
            ahead += [target for name in names if (target := (page.parent / name).resolve()) in pages]
    assert sorted(page.relative_to(site).as_posix() for page in {*pages} - reached) == []


@pytest.mark.parametrize("name", ["index.html", "01-start-here.html"])
def test_a_first_page_is_small(site: Path, name: str) -> None:
    loaded = [site / name, *(site / load for load in see(site / name).loads if not load.startswith("data:"))]
    assert sum(len(gzip.compress(path.read_bytes(), 6)) for path in loaded) <= MOST_SENT


def test_no_page_says_how_to_run_its_cells(pages: list[Path]) -> None:
    assert [page.name for page in pages if re.search(r"Shift\+Enter|Notebook kernel", page.read_text())] == []
