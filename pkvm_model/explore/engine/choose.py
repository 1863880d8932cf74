"""Choose how to search: state by state, or by whole levels where there are many states and numpy works."""
from __future__ import annotations

import warnings
from functools import cache
from types import ModuleType

from .search import Search


def choose_search(search: Search, many: float, symmetric: bool = False) -> Search:
    """Return the search, or one by whole levels if there are many states, numpy works and a state fits its numbers.

    To find out whether they fit, it looks at all states; so it asks again only when their number has doubled.
    Only a search by whole levels can be symmetric.
    """
    if search.states < max(many, search.asked_again_at) or type(search) is not Search:
        return search
    levels = import_levels()
    if levels and levels.fits(search):
        chosen: Search = levels.LevelSearch(search, symmetric)
        return chosen
    search.asked_again_at = 2 * search.states
    return search


@cache
def import_levels() -> ModuleType | None:
    """Import the search by whole levels; return None if numpy is missing, or warn once and do so if it is broken.

    Most searches end before it is needed. Importing a broken numpy may raise any exception.
    """
    try:
        from . import levels  # noqa: PLC0415
    except Exception as error:
        if not (isinstance(error, ModuleNotFoundError) and error.name == "numpy"):
            warnings.warn(f"numpy does not work, so large searches are slower: {type(error).__name__}: {error}",
                          RuntimeWarning, stacklevel=2)
        return None
    return levels
