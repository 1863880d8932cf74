"""Checks of the exercises about "Two ways to close it"."""
from __future__ import annotations

from ...revisions import V1
from ..answer import Answer
from ..kinds import mended
from ..verdict import Verdict


def close_the_hole(answer: Answer) -> Verdict:
    """A finalise, or other calls, that close the hole and forbid nothing good."""
    calls = {name: made for name, made in answer.names.items() if name.startswith("__pkvm") and callable(made)}
    calls["__pkvm_finalize_teardown_vm"] = answer.function("__pkvm_finalize_teardown_vm")
    return mended(V1, calls)
