"""Checks of the exercises about "Why split?"."""
from __future__ import annotations

from dataclasses import replace

from ...graphs.el2_time import APART, NEAR, PAGES, ChartLine, lines
from ...model.revisions import UPSTREAM
from ...model.state import NOPAGE
from ...scenes.why_split import RUN_AND_RECLAIM, TWO_GIVEN
from ...show.story import play_out
from ..answer import SubmittedAnswer
from ..invariants import check_invariant
from ..patterns import check_prediction, make_invariant
from ..verdict import Verdict

NOBODY_ASKS = replace(RUN_AND_RECLAIM, revision=UPSTREAM.without("reclaim_dying"))
"""The same calls, with a reclaim that does not ask whether the VM is dying."""


def nobody_to_name(answer: SubmittedAnswer) -> Verdict:
    """Check what a reclaim after finalise returns, and who has the page."""
    story = play_out(TWO_GIVEN)
    kept = story.page("g1").host == NOPAGE
    truth = {"answer": story.outcomes[-1].removeprefix("= "), "page": "nobody" if kept else "the host"}
    return check_prediction(answer, truth, "the one run of this task", story, page="g1")


def mine_while_i_run(answer: SubmittedAnswer) -> Verdict:
    """Check an invariant: a guest with a loaded vCPU keeps its page."""
    mine = make_invariant(answer, "wrong")
    alarm = "Your check reports a fault in a kernel that takes pages only from dying VMs."
    miss = "The host took the page back while a vCPU was loaded, and your check reported nothing."
    praise = "It lets a dying VM give its pages back, and no other VM."
    return check_invariant(mine, (RUN_AND_RECLAIM,), ((NOBODY_ASKS, miss),), praise, alarm)


def whose_milliseconds(answer: SubmittedAnswer) -> Verdict:
    """Check what the split made shorter, what grows with the pages, and how long a call for one page takes."""
    near, apart = ({line.name: line for line in lines(layout)} for layout in (NEAR, APART))
    same = all(chart["finalise"].units == chart["teardown"].units for chart in (near, apart))
    walked = measure_rise(near["all calls of pre in one"]) > measure_rise(near["teardown"]) == 0
    flat = not any(measure_rise(chart["one reclaim"]) for chart in (near, apart))
    truth = {"reason": "no call got shorter" if same else "finalise does less than teardown did",
             "but_then": "walking over the guest's pages" if walked else "giving tables and structs back",
             "and_if": "one short call for each page" if flat else "nothing: reclaim takes as long"}
    return check_prediction(answer, truth, f"both charts of the chapter, each for {len(PAGES)} numbers of pages")


def measure_rise(line: ChartLine) -> int:
    """Return by how many units a line rises once there are pages."""
    units = [unit for unit in line.units[1:] if unit is not None]
    return units[-1] - units[0]
