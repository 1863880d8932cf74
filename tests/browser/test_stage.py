"""The bench fits on one screen: every step of every scene, on a laptop, on a wider one and on a phone."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from pkvm_model.graphs.bench import StateGraph
from pkvm_model.scenes import SCENES
from pkvm_model.widgets.front_end import bundle
from pkvm_model.widgets.walker import fit_and_pack

WALK = (Path(__file__).parent / "walk_all.js").read_text(encoding="utf-8")
HTML = """<!doctype html><meta charset="utf-8"><body style="margin:0"><div id="root"></div>
<script type="module">{code}
globalThis.mountHere = mount;</script>"""
LAPTOP, WIDE, PHONE = (930, 647), (1182, 647), (420, 740)
FAR = {LAPTOP: 600, WIDE: 600, PHONE: 740}
"""How far below the head of a bench its last mark may be: the screen of a phone is the whole of 740 px."""
SAMPLE = [name for number, name in enumerate(sorted(SCENES)) if number % 4 == 0]
"""On the other screens a quarter of the scenes is walked, unless all are asked for."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of a page in which a bench can be put."""
    page = tmp_path_factory.mktemp("stage") / "stage.html"
    page.write_text(HTML.format(code=bundle("bench")), encoding="utf-8")
    return page.as_uri()


def walk_scene(page: Page, name: str, most: int) -> Any:
    """Walk a scene; where the learner chooses the calls, through each state once."""
    scene = SCENES[name]
    packed = fit_and_pack(StateGraph(scene))[1]
    return page.evaluate(f"([packed, most, every]) => ({WALK.rstrip().rstrip(';')})(packed, most, every)",
                         [packed, most, not scene.free])


@pytest.mark.parametrize("size", FAR, ids=["laptop", "wide", "phone"])
def test_every_step_of_every_scene_is_on_one_screen(offline: Page, stage: str, size: tuple[int, int],
                                                    request: pytest.FixtureRequest) -> None:
    offline.set_viewport_size({"width": size[0], "height": size[1]})
    offline.emulate_media(reduced_motion="reduce")
    offline.goto(stage)
    offline.wait_for_function("Boolean(globalThis.mountHere)")
    names = sorted(SCENES) if size == LAPTOP or request.config.getoption("--full") else SAMPLE
    walked = {name: walk_scene(offline, name, FAR[size]) for name in names}
    assert {name: one["faults"] for name, one in walked.items() if one["faults"]} == {}
    assert sum(one["steps"] for one in walked.values()) > 10 * len(names)
