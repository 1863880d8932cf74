"""The life of a page as a graph: every change of its rights that a whole call can make, found by making all calls."""
from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from ..model.revisions import Revision
from ..model.run import call
from ..model.state import SHARED_BORROWED, Config, Kvm, Page, State
from ..model.steps import Call
from ..scenes import LENT_PAGE
from ..scenes.scene import scene
from ..show.words import shorten
from .drawing import begin_picture
from .parts import encode_row

if TYPE_CHECKING:
    from ..show.dot import Dot

PAGE = "g1"
VM1 = ("kvm1", 0x1001, 1, PAGE, "pgd1")
CALLS = (
    Call("__pkvm_host_share_hyp", (PAGE,)), Call("__pkvm_host_unshare_hyp", (PAGE,)),
    Call("__pkvm_reserve_vm"), Call("__pkvm_init_vm", VM1), Call("__pkvm_init_vm", (PAGE, 0x1001, 1, "vm1", "pgd1")),
    Call("__pkvm_teardown_vm", (0x1001,)),
    Call("__pkvm_host_share_guest", (PAGE, 1)), Call("__pkvm_host_unshare_guest", (0x1000, 1)))
"""The page is lent to EL2, given to it for a VM struct, used as a struct kvm that EL2 pins, and lent to a guest."""

DOES = {"O": "owns", "S": "lends", "B": "borrows"}


class Rights(NamedTuple):
    """What a page is to the host, to EL2 and to a guest, and whether EL2 has it pinned."""

    host: str
    hyp: str
    guest: str
    pinned: bool = False

    def __str__(self) -> str:
        sides = zip(("host", "EL2", "guest"), self[:3], strict=True)
        using = [f"{side} {DOES[right]}" for side, right in sides if right in DOES]
        return ", ".join([*using, *(["pinned"] if self.pinned else [])])

    @property
    def owners(self) -> int:
        """How many sides own the page, for themselves or lent."""
        return sum(right in "OS" for right in self[:3])


def read_rights(state: State) -> Rights:
    """Return what the page is in a state."""
    page, row = state.get(Page, PAGE), encode_row(state, PAGE)
    return Rights(row["host"], row["hyp"], row["guest"], page.hyp == SHARED_BORROWED and page.refcount > 0)


def moves(revision: Revision) -> list[tuple[Rights, str, Rights]]:
    """Return every (rights, call, rights) by which the page can change, in a fixed order."""
    seen, waiting, changes = set[State](), [make_start(revision)], set()
    while waiting:
        state = waiting.pop()
        if state not in seen:
            seen.add(state)
            for name, after in list_successors(state, revision):
                waiting.append(after)
                if read_rights(after) != read_rights(state):
                    changes.add((read_rights(state), name, read_rights(after)))
    return sorted(changes)


def make_start(revision: Revision) -> State:
    """Return a machine on which an ordinary guest's vCPU is loaded, and the host has lent EL2 one more struct kvm."""
    setup = f"{LENT_PAGE}0 __pkvm_vcpu_load(0x1000, 0)\n0 __pkvm_host_share_hyp(kvm1)"
    return scene("page-life", "", revision, setup, ("",), "", Config(cpus=1, slots=2)).start()


def list_successors(state: State, revision: Revision) -> Iterator[tuple[str, State]]:
    """Yield each call that succeeds, with the state after it; what the host has freed meanwhile is forgotten."""
    for wanted in (wanted for wanted in CALLS if wanted.name in revision.calls):
        step = call(state, revision, 0, wanted.name, *wanted.args)
        if not step.refused and not step.state.end:
            table = {key: record for key, record in step.state.table.items() if key[0] is not Kvm}
            yield shorten(wanted.name), State.of(state.config, table)


def page_life(revision: Revision) -> Dot:
    """Return the life of a page as a picture with words."""
    changes = moves(revision)
    words = "; ".join(f"{name} leads from “{old}” to “{new}”" for old, name, new in changes)
    picture = begin_picture(f"The life of a page in {revision.name}. {words}.", name="page")
    picture.attr(rankdir="LR")
    for old, name, new in changes:
        picture.edge(f"  {old}  ".replace(", ", "  \n  "), f"  {new}  ".replace(", ", "  \n  "), label=f"  {name}  ")
    return picture
