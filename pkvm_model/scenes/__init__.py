"""Prepared benches: what a scene is, and one module of scenes for each chapter, named after its notebook."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib import import_module
from typing import Any

from .scene import LENT_PAGE, TWO_LENT, Move, Node, Scene, step_cpu, scene, get_next_move

__all__ = ["LENT_PAGE", "SCENES", "TWO_LENT", "Move", "Node", "Scene", "get_next_move", "list_chapters",
           "scene", "step_cpu"]


@cache
def list_chapters() -> list[dict[str, Any]]:
    """Import the scenes of every chapter, and return what each module has.

    Not a list of names, so that a new chapter adds its own module and changes no other file.
    """
    from pkgutil import iter_modules  # noqa: PLC0415  # it takes as long as a chapter
    return [vars(import_module(f"{__name__}.{module.name}")) for module in iter_modules(__path__)]


class SceneCatalogue(Mapping[str, Scene]):
    """All scenes by their names, made when somebody asks for one: an exploration of a race needs none of them."""

    @cached_property
    def made(self) -> dict[str, Scene]:
        """Every scene of every chapter."""
        values = (value for chapter in list_chapters() for value in chapter.values())
        return {bench.name: bench for bench in values if isinstance(bench, Scene)}

    def __getitem__(self, name: str) -> Scene:
        return self.made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.made)

    def __len__(self) -> int:
        return len(self.made)


SCENES = SceneCatalogue()
