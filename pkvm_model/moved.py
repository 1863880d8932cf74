"""Old addresses of the model's parts, so that an answer written before they moved still runs.

Learners keep import lines in answers, in hand-ins and in their own copies of chapters. New text imports from
`pkvm_model.kernel` and `pkvm_model.lesson`, whose names stay.
"""
from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, cast

MOVED = {f"pkvm_model.{old}": f"pkvm_model.{new}" for old, new in {
    **{name: f"model.{name}" for name in (
        "state", "revisions", "view", "memory", "vm_table", "guest_memory", "protected_memory", "hypercalls", "steps",
        "dispatch", "host", "run", "state_json", "trace")},
    "recording": "conform.recordings", "course.chapters": "course.publish.chapters",
    "course.course_map": "course.publish.course_map", "course.classroom": "course.teach.classroom",
    "show.judged": "show.guards", "show.el2_time": "graphs.el2_time", "show.page_life": "graphs.page_life"}.items()}
"""Where learners' cells import from, and where that is now."""


class OldAddresses:
    """Finds a module that has moved; asked last, after everything that is where it is imported from.

    It is a finder and a loader without a base class: importing those takes as long as half of the model.
    """

    def find_spec(self, fullname: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return the spec of a moved module, None for any other name."""
        return ModuleSpec(fullname, cast(Any, self)) if fullname in MOVED else None

    def create_module(self, spec: ModuleSpec) -> None:
        """Let Python make an empty module."""

    def exec_module(self, module: ModuleType) -> None:
        """Fill it with the names of the module at the new address."""
        names = vars(import_module(MOVED[module.__name__]))
        vars(module).update({name: value for name, value in names.items() if not name.endswith("__")})


def install() -> None:
    """Make old addresses work in this interpreter; a second call changes nothing."""
    if not any(type(finder).__name__ == OldAddresses.__name__ for finder in sys.meta_path):
        sys.meta_path.append(OldAddresses())
