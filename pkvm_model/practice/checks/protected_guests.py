"""Checks of the exercises about "Protected guests"."""
from __future__ import annotations

from dataclasses import replace

from ...explore.check import Always, Property, Sometimes
from ...explore.homecoming import HOME, HOME_BUT_FOR_LEFT
from ...explore.learner_calls import Spinning
from ...explore.mutants import mutate
from ...explore.properties import INVARIANTS
from ...model.revisions import UPSTREAM, errno
from ...model.run import call
from ...model.state import FREE, GUEST, NOPAGE, OWNED, ZERO, Page, Slot, State, Vm
from ...scenes import Scene
from ...scenes.protected_guests import (ASKS_FOR_PAGES, GIVE, HOLD_THE_DYING, LENT_AND_LEFT, OLD_NAME, PAGE_LEFT,
                                        REFUSED_RECLAIM, STILL_ALIVE)
from ...scenes.take_a_guard_away import TAKEN_BY_FORCE
from ...show.story import Story, play, play_out
from ..answer import SubmittedAnswer
from ..deviations import refuse_deviation
from ..patterns import (check_prediction, describe_coverage, explore_fully, explore_rewritten, is_reached,
                        replace_functions, select_true, show_answer)
from ..verdict import Verdict

NAMED = {invariant.name: invariant for invariant in INVARIANTS}
RECLAIM = "__pkvm_reclaim_dying_guest_page"
MARKED = replace(TAKEN_BY_FORCE, revision=mutate(UPSTREAM, "M12"))
"""A page is taken by force, in a kernel whose finalise takes the mark that stays for a page."""


def lost_or_leaked(answer: SubmittedAnswer) -> Verdict:
    """Check what is true of a finalise that refuses while pages are left, and of one that does not."""
    lost = Sometimes("lost", "A page is given to a VM that is gone.", is_lost)
    now, asking = explore_fully(PAGE_LEFT, NAMED["I8"], lost), explore_fully(ASKS_FOR_PAGES, NAMED["I8"], lost)
    reuse = explore_fully(OLD_NAME, NAMED["I8"],
                          Sometimes("taken", "The next guest has the lost page.", is_taken_by_next))
    marked, force = explore_fully(MARKED, HOME), play_out(MARKED)
    refused, left = play(ASKS_FOR_PAGES, 0, 0), play(PAGE_LEFT, 0, 0)
    truth = {
        "position": select_true({"refuse, so that no page is lost": (is_reached(now, "lost")
                                                                     and not is_reached(asking, "lost")),
                                 "let it pass, so that the slot becomes free": left.slots == [FREE] != refused.slots,
                                 "refuse, or the host reads secrets": is_reached(now, "I8"),
                                 "let it pass, since it gives the pages back": left.page("g0").host == OWNED}),
        "hurt": select_true({"the host": is_reached(now, "lost"), "the guest whose page it was": is_reached(now, "I8"),
                             "the next guest in that slot": is_reached(reuse, "taken") or is_reached(reuse, "I8")}),
        "walk": select_true({"EL2, under the table lock": refuses_under_the_lock(refused),
                             "the host, one call a page": RECLAIM in {step.call.name for step, _ in refused.steps},
                             "nobody: a VM counts its pages": has_page_count()}),
        "block": select_blockers(refused),
        "mark": select_true({"it loses the VM for ever": is_reached(marked, HOME.name),
                             "nothing: reclaim takes the mark away": not force.state.get(Vm, "vm0").maps,
                             "nothing: it can finalise again later": not finalise_again(force)})}
    return check_prediction(answer, truth, describe_coverage(now, asking, reuse), left)


def is_lost(state: State) -> bool:
    """Return True if page g0 belongs to a guest whose VM is gone."""
    page = state.get(Page, "g0")
    return state.get(Slot, 0).entry == FREE and page.host == NOPAGE and page.owner[0] == GUEST


def is_taken_by_next(state: State) -> bool:
    """Return True if the next VM has page g0 in its tables."""
    return any(mapped.page == "g0" for _, vm in state.all(Vm) for mapped in vm.maps)


def refuses_under_the_lock(story: Story) -> bool:
    """Return True if the refusing step ran under the table lock."""
    last = story.steps[-1][0]
    return last.refused is not None and "L" in last.regions[-1]


def has_page_count() -> bool:
    """Return True if a number in the VM struct changes when its guest gets a page."""
    before, after = (play(GIVE, *cpus).state.get(Vm, "vm0") for cpus in ((0,), (0, 0)))
    return after.maps != before.maps and any(
        type(old) is int and old != new for old, new in zip(before, after, strict=True))


def select_blockers(refused: Story) -> set[str]:
    """Return who can hold a slot by the refusal: an idle host, a guest that keeps its pages, or nobody."""
    state, kernel = refused.state, refused.scene.revision
    reserve = call(state, kernel, 1, "__pkvm_reserve_vm")
    reclaim = call(state, kernel, 1, RECLAIM, 0x1000, 0)
    blocked = bool(reserve.ret and reserve.ret < 0)
    return select_true({"a host, its own slots": blocked, "a guest, by keeping its pages": reclaim.ret != 0,
                        "nobody": not blocked})


def finalise_again(story: Story) -> int | None:
    """Return what a finalise at the end of a story answers."""
    return call(story.state, story.scene.revision, 0, "__pkvm_finalize_teardown_vm", 0x1000).ret


def lent_and_left(answer: SubmittedAnswer) -> Verdict:
    """Check what the host can do with a lent page that finalise left."""
    story = play(LENT_AND_LEFT, 0, 0, 1, 1)
    read, lend = (step.ret or 0 for step, _ in story.steps[2:])
    zeroed = story.page("g1").content == ZERO
    seen = "a signal" if read else "zeros" if zeroed else "what the guest wrote"
    truth = {"read": seen, "lend": errno(lend)}
    return check_prediction(answer, truth, "the one run of this task", story, page="g1")


def hold_the_dying(answer: SubmittedAnswer) -> Verdict:
    """Check a reclaim that holds the VM while it works, and lets go of it in every case."""
    mine = {RECLAIM: answer.get_function(RECLAIM)}
    reports = []
    for scene, expected, sentence in TRIALS:
        rewritten = replace_functions(scene, mine)
        try:
            report = explore_rewritten(rewritten, expected)
        except Spinning:
            return Verdict(False, "It waits under a lock for something that needs that lock.")
        reports.append(report)
        if is_reached(report, expected.name) != isinstance(expected, Sometimes):
            return Verdict(False, sentence, describe_coverage(report), **show_answer(rewritten, report))
    if alone := refuse_deviation(UPSTREAM, mine):
        return alone
    return Verdict(True, "No order breaks it. The host can get every page back, and can then destroy the VM.",
                   describe_coverage(*reports))


def is_home_and_gone(state: State) -> bool:
    """Return True if page g0 is the host's own and the slot is free."""
    return state.get(Page, "g0").host == OWNED and state.get(Slot, 0).entry == FREE


def describe_theft(state: State) -> str:
    """Return what a reclaim took from a guest that is alive, '' if nothing."""
    alive = any(not vm.is_dying for _, vm in state.all(Vm))
    return "page g0 has left a guest that is alive" if alive and state.get(Page, "g0").host != NOPAGE else ""


TRIALS: tuple[tuple[Scene, Property, str], ...] = (
    (STILL_ALIVE, Always("alive", "A living guest keeps its pages.", describe_theft),
     "Your reclaim takes a page from a guest that is alive."),
    (HOLD_THE_DYING, Sometimes("home", "The host gets g0 back.", lambda state: state.get(Page, "g0").host == OWNED),
     "There is no longer a run in which the host gets a page of a dying guest back."),
    (HOLD_THE_DYING, NAMED["I8"], "The host gets the page back with the guest's secret in it."),
    (HOLD_THE_DYING, NAMED["I0b"],
     "Finalise came between your lookup and your work, so EL2 uses memory that it has given back."),
    (HOLD_THE_DYING, Sometimes("gone", "The host has the page back, and the VM is gone.", is_home_and_gone),
     "The host gets the page back, but the VM can never be finalised. What drops your reference?"),
    (REFUSED_RECLAIM, Sometimes("gone", "The host has the page back, and the VM is gone.", is_home_and_gone),
     "A refused reclaim does not drop its reference, so the VM can never be finalised."),
    (HOLD_THE_DYING, NAMED["I0a"], "EL2 warns, so any host can end the machine."),
    (REFUSED_RECLAIM, HOME_BUT_FOR_LEFT, "From here on an honest host can never get everything back."),
    (TAKEN_BY_FORCE, HOME,
     "A page was taken by force, and the host wants to destroy the VM. Your reclaim fails at the page's mark, "
     "so the VM stays for ever."))
"""The bench, the property, and the sentence for a reclaim that fails it."""
