"""Everything that can be explored by its name: races, scenes, hosts."""
from __future__ import annotations

from ..scenes import SCENES, Scene
from .invariants import ANY, ANY_PROTECTED, HOSTS
from .races import RACES
from .scenario import Scenario, from_scene

UNTRUSTED = {name: HOSTS[name] for name in (ANY, ANY_PROTECTED)}


def list_explorable() -> tuple[str, ...]:
    """Return the names of all races that can be explored."""
    return tuple(name for name, race in RACES.items() if race.scripts)


def find_scenario(what: Scene | Scenario | str) -> Scenario:
    """Return a scenario by its name, or a scene as one. Raise ValueError if it cannot be explored."""
    known = RACES.get(what) or SCENES.get(what) or UNTRUSTED.get(what) if isinstance(what, str) else what
    if isinstance(known, Scene):
        return from_scene(known)
    if not known:
        raise ValueError(f"there is nothing to explore called {what!r}; "
                         f"try R7, {', '.join(UNTRUSTED)}, or a scene's name")
    if known.name in RACES and not known.scripts:
        raise ValueError(f"{known.name} is described but not explored: {known.says}")
    return known
