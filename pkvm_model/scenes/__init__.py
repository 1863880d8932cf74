"""Prepared benches: what a scene is, and one module of scenes for each chapter, named after its notebook."""
from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from .scene import LENT_PAGE, TWO_LENT, Move, Node, Scene, step_cpu, scene, get_next_move

__all__ = ["LENT_PAGE", "SCENES", "TWO_LENT", "Move", "Node", "Scene", "get_next_move", "scene", "step_cpu"]

# Not a list of names, so that a new chapter adds its own module and changes no other file.
CHAPTERS = [vars(import_module(f"{__name__}.{module.name}")) for module in iter_modules(__path__)]
SCENES = {bench.name: bench for chapter in CHAPTERS for bench in chapter.values() if isinstance(bench, Scene)}
