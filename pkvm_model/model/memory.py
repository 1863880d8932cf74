"""Who owns a page: the moves between host and EL2, each with its checks.

These are bodies of a lock region: the caller holds the host's lock and EL2's page-table lock (H+Y). A move that is
not allowed refuses and changes nothing; `code` is there for callers that answer with another code.
Source: hyp/nvhe/mem_protect.c (pre, v1).
"""
from __future__ import annotations

from .revisions import EBUSY, EPERM
from .state import HOST, HYP, NOPAGE, OWNED, SHARED_BORROWED, SHARED_OWNED, Span
from .view import View


def host_share_hyp(view: View, name: str) -> None:
    """The host lends a page to EL2 and keeps it."""
    page = view.page(name)
    view.check(page.host == OWNED, -EPERM, f"page {name} is not the host’s alone")
    view.check(page.hyp == NOPAGE, -EPERM, f"EL2 has page {name} already")
    page.host, page.hyp = SHARED_OWNED, SHARED_BORROWED


def host_unshare_hyp(view: View, name: str) -> None:
    """The host ends the loan, unless EL2 has pinned the page."""
    page = view.page(name)
    view.check(page.host == SHARED_OWNED, -EPERM, f"page {name} is not on loan from the host")
    view.check(page.hyp == SHARED_BORROWED, -EPERM, f"page {name} is not on loan to EL2")
    view.check(page.refcount == 0, -EBUSY, f"EL2 has page {name} pinned")
    page.host, page.hyp = OWNED, NOPAGE


def hyp_pin_shared_mem(view: View, struct: str, code: int = -EPERM) -> None:
    """EL2 holds on to all pages of a struct the host lends it: the host cannot end the loan meanwhile."""
    pages = [view.page(name) for name in span(view, struct)]
    for page in pages:
        view.check(page.host == SHARED_OWNED, code, f"the host does not lend page {page}")
        view.check(page.hyp == SHARED_BORROWED, code, f"page {page} is not on loan to EL2")
    for page in pages:
        page.refcount += 1


def hyp_unpin_shared_mem(view: View, struct: str) -> None:
    """EL2 lets go of the pages of a struct it had pinned."""
    for name in span(view, struct):
        view.page(name).refcount -= 1


def span(view: View, struct: str) -> tuple[str, ...]:
    """The pages that a host struct lies on: the one of its name, unless more are known."""
    return view.ref(Span, struct).pages or (struct,)


def host_donate_hyp(view: View, name: str, code: int = -EPERM) -> None:
    """The host gives a page to EL2 and loses it."""
    page = view.page(name)
    view.check(page.host == OWNED, code, f"page {name} is not the host’s alone")
    view.check(page.hyp == NOPAGE, code, f"EL2 has page {name} already")
    page.host, page.hyp, page.owner = NOPAGE, OWNED, HYP


def hyp_donate_host(view: View, name: str) -> None:
    """EL2 gives a page to the host and loses it; the page's count goes along, unless that is asked for."""
    page = view.page(name)
    view.warn_on(page.hyp != OWNED or page.host != NOPAGE, "hyp_donate_host", f"page {name} is not EL2's to give")
    if view.stands("give_back_unreferenced"):
        view.warn_on(page.refcount != 0, "hyp_donate_host", f"page {name} still counts {page.refcount}")
    page.host, page.hyp, page.owner = OWNED, NOPAGE, HOST
