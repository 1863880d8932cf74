"""Writes the landing page: what the course is, a bench to step at once, the chapters and the ways through them."""
from __future__ import annotations

from .frame import COURSE_TITLE, LivePage, Site, format_live


def write(site: Site) -> None:
    """Write the landing page."""
    site.write("index.html", format_live(LivePage(COURSE_TITLE, f"<h1>{COURSE_TITLE}</h1>"), python=site.python))
