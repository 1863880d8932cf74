"""A page's move is one fact in words, though it changes up to three cells."""
from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

Row = tuple[str, str, str, str]
HOME: Row = ("O", "-", "-", "HOST")
MOVES: dict[str, tuple[Row, Row, dict[str, str] | None]] = {
    "donated": (HOME, ("-", "O", "-", "HYP"), {"view": "hyp", "left": "host", "says": "host → EL2"}),
    "given back": (("-", "O", "-", "HYP"), HOME, {"view": "host", "left": "hyp", "says": "EL2 → host"}),
    "lent to a guest": (HOME, ("S", "-", "B", "HOST"), {"view": "guest", "says": "lent to the guest"}),
    "back from a guest": (("S", "-", "B", "HOST"), HOME, {"view": "guest", "says": "back from the guest"}),
    "lent to EL2": (HOME, ("S", "B", "-", "HOST"), {"view": "hyp", "says": "lent to EL2"}),
    "back from EL2": (("S", "B", "-", "HOST"), HOME, {"view": "hyp", "says": "back from EL2"}),
    "lent to the host": (("-", "-", "O", "GUEST"), ("B", "-", "S", "GUEST"),
                         {"view": "host", "says": "lent to the host"}),
    "taken by force": (("-", "-", "O", "GUEST"), ("O", "-", "X", "HOST"),
                       {"view": "host", "left": "guest", "says": "guest → host"}),
    "gone from the guest": (("O", "-", "X", "HOST"), HOME,
                            {"view": "guest", "says": "guest: poison → no access"}),
    "stays": (HOME, HOME, None),
}


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed, so the front end's own code cannot run")
def test_each_move_has_its_words() -> None:
    pairs = json.dumps([pair[:2] for pair in MOVES.values()])
    told = subprocess.run(["node", Path(__file__).parent / "tell_moves.js"], input=pairs, capture_output=True,
                          text=True, check=True).stdout
    assert dict(zip(MOVES, json.loads(told), strict=True)) == {name: move[2] for name, move in MOVES.items()}
