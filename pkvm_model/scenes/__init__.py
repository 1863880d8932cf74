"""Prepared benches: what a scene is, and one module of scenes for each chapter, named like its notebook."""
from importlib import import_module
from pkgutil import iter_modules

from .scene import LENT_PAGE, Move, Node, Scene, next_step, scene, upcoming

__all__ = ["LENT_PAGE", "SCENES", "Move", "Node", "Scene", "next_step", "scene", "upcoming"]

# Found and not listed, so that a chapter comes with its own module and touches no other file.
CHAPTERS = [vars(import_module(f"{__name__}.{found.name}")) for found in iter_modules(__path__)]
SCENES = {made.name: made for chapter in CHAPTERS for made in chapter.values() if isinstance(made, Scene)}
