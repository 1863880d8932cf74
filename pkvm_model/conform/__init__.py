"""The evidence: the model compared with real kernels, and an interface through which your own checker can drive it.

The five functions below are the whole interface for other programs; docs/conformance.md describes it.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .driver import begin, new, resume, state, step

__all__ = ["begin", "new", "resume", "state", "step"]


def __getattr__(name: str) -> Any:
    """Return one of the functions. Who only reads recordings, such as a page, does without their module."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import driver  # noqa: PLC0415  # only if it is needed
    return getattr(driver, name)
