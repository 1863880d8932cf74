"""What all pages of the site have in common: the bar above, the styles, and one module with all that they need."""
from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from ...widgets.front_end import bundle
from ..publish import pages
from .icons import format_links
from .python_parts import POLICY, describe_parts
from .service_worker import SIZE_MARK

FRONT_END = Path(__file__).parent / "front_end"
"""The modules and style sheets of the pages."""
COURSE_TITLE = "Taking a virtual machine apart"
WITHOUT_PYTHON = '<meta name="pkvm-python" content="none">'
"""What a page says that was built without Python."""
WITH_PYTHON = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
FOOT = (f'<footer><p class="on-device" role="status" data-size="{SIZE_MARK}"></p>'
        '<p><a href="{root}licences.html">Licences</a></p></footer>')
"""What is below each page: whether the course is on this device (update.js)."""


YOUR_WORK = """<section class="your-work pkvm-widget" aria-labelledby="your-work">
<h2 id="your-work">Your work</h2></section>
"""
"""Where a page shows what can be done with all of the learner's work."""


EXPORTS = re.compile(r"^export (\{.*\}|default .*);$", re.MULTILINE)
"""What a bundle exports, which no page asks for."""


class Site(NamedTuple):
    """A site that is being built: its folder, and whether its pages can start Python."""

    folder: Path
    python: bool

    def write(self, name: str, text: str) -> None:
        """Write a page or another text."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


class LivePage(NamedTuple):
    """A page with live widgets: their kinds, and the code cells of its notebook, on which Python needs to begin.

    Its module is in the page, unless `script` names one that it shares with others.
    """

    title: str
    body: str
    bar: str = ""
    kinds: Sequence[str] = ()
    sources: Sequence[str] = ()
    sheets: Sequence[str] = ()
    main: str = "site.js"
    root: str = "./"
    look: str = ""
    script: str = ""


def format_live(page: LivePage, *, python: bool) -> str:
    """Return a page whose widgets step at once, and ask Python for the rest."""
    module = "" if page.script else bundle(*sorted(page.kinds), main=FRONT_END / page.main)
    shared = f'<script src="{page.root}{page.script}" defer></script>' if page.script else ""
    names = ("site", "update", "yourwork", *page.sheets)
    sheets = [(FRONT_END / f"{name}.css").read_text(encoding="utf-8") for name in names]
    cells = pages.embed_json(list(page.sources), ' id="cells"')
    parts = pages.embed_json(describe_parts(), ' id="python"') if python else ""
    return pages.format_page(pages.PageParts(
        page.title, page.body, head=format_links(page.root) + (WITH_PYTHON if python else WITHOUT_PYTHON),
        before=format_bar(page.root, page.bar), after=FOOT.format(root=page.root) + cells + parts + shared,
        look="".join([*sheets, page.look]), module=module, root=page.root))


def share_script(site: Site, kinds: Iterable[str], main: str) -> str:
    """Write what many pages need as one file, and return its name, in which its hash keeps versions apart.

    It is no module, since a page from disk cannot load one.
    """
    code = EXPORTS.sub("", bundle(*sorted(kinds), main=FRONT_END / main))
    text = f'(() => {{\n"use strict";\n{code}}})();\n'
    name = f"assets/{Path(main).stem}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.js"
    site.write(name, text)
    return name


def format_bar(root: str, ways: str) -> str:
    """Return the bar above a page: the way home, and the ways on from here."""
    home = f'<a class="home" href="{root}index.html">{escape(COURSE_TITLE)}</a>'
    return f'<header class="site-bar">{home}{ways}</header>'
