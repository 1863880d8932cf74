"""Who owns a page: the moves between host and EL2, each with its checks.

Each move is the body of a lock region: the caller holds the host's lock and EL2's page-table lock (H+Y). A move that is
not allowed changes nothing and is refused, with -EPERM or with the caller's `code`.
Source: hyp/nvhe/mem_protect.c (pre, v1).
"""
from __future__ import annotations

from .revisions import EBUSY, EPERM
from .state import HOST, HYP, NOPAGE, OWNED, SHARED_BORROWED, SHARED_OWNED, Span
from .view import View


def host_share_hyp(view: View, name: str) -> None:
    """Lend a page of the host to EL2; the host keeps it."""
    page = view.page(name)
    view.check(page.host == OWNED, -EPERM, f"page {name} is not the host’s alone")
    view.check(page.hyp == NOPAGE, -EPERM, f"EL2 has page {name} already")
    page.host, page.hyp = SHARED_OWNED, SHARED_BORROWED


def host_unshare_hyp(view: View, name: str) -> None:
    """End the loan of a page to EL2, unless EL2 has pinned it."""
    page = view.page(name)
    view.check(page.host == SHARED_OWNED, -EPERM, f"page {name} is not on loan from the host")
    view.check(page.hyp == SHARED_BORROWED, -EPERM, f"page {name} is not on loan to EL2")
    view.check(page.refcount == 0, -EBUSY, f"EL2 has page {name} pinned")
    page.host, page.hyp = OWNED, NOPAGE


def hyp_pin_shared_mem(view: View, struct: str, code: int = -EPERM) -> None:
    """Pin all pages of a struct that the host lends to EL2: the host cannot end the loan meanwhile."""
    pages = [view.page(name) for name in list_pages(view, struct)]
    for page in pages:
        view.check(page.host == SHARED_OWNED, code, f"the host does not lend page {page}")
        view.check(page.hyp == SHARED_BORROWED, code, f"page {page} is not on loan to EL2")
    for page in pages:
        page.refcount += 1


def hyp_unpin_shared_mem(view: View, struct: str) -> None:
    """Unpin the pages of a struct."""
    for name in list_pages(view, struct):
        view.page(name).refcount -= 1


def list_pages(view: View, struct: str) -> tuple[str, ...]:
    """Return the pages that a host struct lies on: the page of the same name, unless a Span names others."""
    return view.ref(Span, struct).pages or (struct,)


def host_donate_hyp(view: View, name: str, code: int = -EPERM) -> None:
    """Give a page of the host to EL2; the host loses it."""
    page = view.page(name)
    view.check(page.host == OWNED, code, f"page {name} is not the host’s alone")
    view.check(page.hyp == NOPAGE, code, f"EL2 has page {name} already")
    page.host, page.hyp, page.owner = NOPAGE, OWNED, HYP


def hyp_donate_host(view: View, name: str) -> None:
    """Give a page of EL2 to the host; EL2 loses it. The count goes along, unless a guard forbids that.

    Its callers warn if it is refused; where a warning does not end the machine, the page stays EL2's.
    """
    page = view.page(name)
    why = "is not EL2's to give" if page.hyp != OWNED or page.host != NOPAGE else ""
    if not why and view.stands("give_back_unreferenced") and page.refcount != 0:
        why = f"still counts {page.refcount}"
    view.warn_on(why, "hyp_donate_host", f"page {name} {why}")
    if why:
        return
    page.host, page.hyp, page.owner = OWNED, NOPAGE, HOST
