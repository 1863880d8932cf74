"""What several CPUs of a real machine do at once: setups from the first call on, and duels of calls after them.

Only hypercalls of the host occur, since nothing else can be injected: what the honest host does of itself, such as a
walk over a guest's memory, is written as the hypercalls that it makes. The guest's own calls (`guest_mem_share`,
`guest_mem_unshare`) are left out.
"""
from __future__ import annotations

from typing import NamedTuple

START, FINALISE = "{start}", "{finalise}"
"""Lines that `adapt` turns into the calls that a kernel has for them."""
ONCE, ALWAYS, ORDERS, BOTH = "once", "always", "orders", "both"
"""How a duel is fought.

ONCE: CPU 0 stops once in its call, at each boundary in turn, while CPU 1 makes its calls.
ALWAYS: CPU 0 stops at every boundary of its call, and CPU 1 makes its calls each time.
ORDERS: nobody stops inside a call; the calls of the two CPUs come in every order.
BOTH: both CPUs stop inside a call; one of them ends it and makes a third call; then the other one ends.
"""


class Setup(NamedTuple):
    """What has happened before a duel: a sentence about it, and a line `CPU CALL` for each call."""

    says: str
    lines: str


class Duel(NamedTuple):
    """What CPU 0 and CPU 1 do in a setup, a line for each call, and what CPU 0 makes `after` it.

    The call that CPU 0 stops in is the only one of `first`; of `second` it is the last one. `third` is for BOTH.
    """

    race: str
    setup: str
    form: str
    first: str
    second: str = ""
    third: str = ""
    after: str = ""


UNSHARE = "__pkvm_host_unshare_guest(0x1000, 0)"
WRPROTECT = "__pkvm_host_wrprotect_guest(0x1000, 0)"
YOUNG = "__pkvm_host_test_clear_young_guest(0x1000, 0, 1, 1)"
FLUSH = "__pkvm_tlb_flush_vmid(0x1000)"
RECLAIM = "__pkvm_reclaim_dying_guest_page(0x1000, 0)"
FORCE = "__pkvm_force_reclaim_guest_page(g0)"
LOAD, PUT, RUN = "__pkvm_vcpu_load(0x1000, 0)", "__pkvm_vcpu_put()", "__kvm_vcpu_run(hv0.0)"
SHARE, DONATE = "__pkvm_host_share_guest(g1, 1)", "__pkvm_host_donate_guest(g1, 1)"
RESERVE, UNRESERVE = "__pkvm_reserve_vm()", "__pkvm_unreserve_vm(0x1000)"
INIT_VM, OTHER_VM = ("__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0)", "__pkvm_init_vm(kvm1, 0x1000, 1, vm1, pgd1)")
INIT_VCPU = "__pkvm_init_vcpu(0x1000, hv0.0, vc0.0)"
VISIT = f"{LOAD}\n{RUN}\n{PUT}"
NEW_VM = f"""__pkvm_host_share_hyp(kvm1)
{RESERVE}
__pkvm_host_share_hyp(hv1.0)
{OTHER_VM}
__pkvm_init_vcpu(0x1000, hv1.0, vc1.0)
{LOAD}"""

RESERVED_SLOT = f"""
0 __pkvm_host_share_hyp(kvm0)
0 {RESERVE}
0 __pkvm_host_share_hyp(hv0.0)
"""
SHELL = RESERVED_SLOT + f"0 {INIT_VM}\n"
LENT_OUT = SHELL + f"""0 {INIT_VCPU}
0 {LOAD}
0 __pkvm_host_share_guest(g0, 0)
0 {PUT}
"""
TWO_LENT = LENT_OUT + f"""0 {LOAD}
0 __pkvm_host_share_guest(g1, 1)
0 {PUT}
"""
TWO = RESERVED_SLOT + f"""0 __pkvm_host_share_hyp(hv0.1)
0 __pkvm_init_vm(kvm0, 0x1000, 2, vm0, pgd0)
0 {INIT_VCPU}
0 __pkvm_init_vcpu(0x1000, hv0.1, vc0.1)
"""
OWN_PAGE = RESERVED_SLOT + f"""0 __pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0, 1)
0 {INIT_VCPU}
0 {LOAD}
0 __pkvm_host_donate_guest(g0, 0)
"""
HEIR = OWN_PAGE + f"""0 {PUT}
0 {START}
0 {FINALISE}
0 __pkvm_host_share_hyp(kvm1)
0 {RESERVE}
0 __pkvm_host_share_hyp(hv1.0)
0 __pkvm_init_vm(kvm1, 0x1000, 1, vm1, pgd1, 1)
0 __pkvm_init_vcpu(0x1000, hv1.0, vc1.0)
0 {LOAD}
"""
SETUPS = {
    "lent": Setup("A VM has a page on loan.", LENT_OUT),
    "dying": Setup("A VM is dying and has a page on loan.", LENT_OUT + f"0 {START}\n"),
    "reserved": Setup("A slot is reserved, and there are two structs kvm for it.",
                      RESERVED_SLOT + "0 __pkvm_host_share_hyp(kvm1)\n"),
    "shell": Setup("A VM has no vCPU yet.", SHELL),
    "dying-shell": Setup("A VM is dying and has no vCPU.", SHELL + f"0 {START}\n"),
    "home": Setup("A VM has had a page on loan, which is home.", LENT_OUT + f"0 {UNSHARE}\n"),
    "empty": Setup("A VM is dying, and its page is home.", LENT_OUT + f"0 {UNSHARE}\n0 {START}\n"),
    "loaded": Setup("CPU 0 has the vCPU of a VM loaded, which has a page on loan.", LENT_OUT + f"0 {LOAD}\n"),
    "elsewhere": Setup("CPU 1 has the vCPU of a VM loaded, which has a page on loan.", LENT_OUT + f"1 {LOAD}\n"),
    "full": Setup("A VM has two pages on loan, and its vCPU has pages for tables left.", TWO_LENT),
    "rich": Setup("A VM is dying and has two pages on loan, and its vCPU has pages for tables left.",
                  TWO_LENT + f"0 {START}\n"),
    "two": Setup("A VM has two vCPUs.", TWO),
    "two-loaded": Setup("Each CPU has a vCPU of one VM loaded.", TWO + f"0 {LOAD}\n1 __pkvm_vcpu_load(0x1000, 1)\n"),
    "nothing": Setup("There is no VM, and no slot is reserved.",
                     "0 __pkvm_host_share_hyp(kvm0)\n0 __pkvm_host_share_hyp(hv0.0)\n"),
    "protected": Setup("A protected VM has a page.", OWN_PAGE + f"0 {PUT}\n"),
    "protected-loaded": Setup("CPU 0 has the vCPU of a protected VM loaded, which has a page.", OWN_PAGE),
    "protected-dying": Setup("A protected VM is dying and has a page.", OWN_PAGE + f"0 {PUT}\n0 {START}\n"),
    "heir": Setup("A protected VM was finalised with a page left; CPU 0 has the vCPU of the next VM with its handle "
                  "loaded.", HEIR),
}
"""The setups, those that most duels start from first."""

DUELS = (
    Duel("R7", "dying", ONCE, UNSHARE, FINALISE),
    Duel("R29", "lent", ONCE, UNSHARE, START),
    Duel("R22", "dying", ONCE, FLUSH, FINALISE),
    Duel("R1", "dying", ONCE, FINALISE, f"{LOAD}\n{RUN}"),
    Duel("R1", "lent", ORDERS, START, VISIT),
    Duel("R2", "elsewhere", ORDERS, f"{START}\n{FINALISE}", f"{RUN}\n{PUT}"),
    Duel("R3", "loaded", ONCE, RUN, f"{START}\n{FINALISE}"),
    Duel("R3", "loaded", ONCE, RUN, FINALISE),
    Duel("R4", "lent", ORDERS, FINALISE, VISIT),
    Duel("R5", "lent", ORDERS, START, START),
    Duel("R6", "dying", ONCE, FINALISE, FINALISE),
    Duel("R6", "rich", ONCE, FINALISE, FINALISE),
    Duel("R7", "dying", ALWAYS, UNSHARE, FINALISE),
    Duel("R7", "dying", ONCE, WRPROTECT, FINALISE),
    Duel("R7", "dying", ONCE, YOUNG, FINALISE),
    Duel("R7", "protected-dying", ONCE, UNSHARE, FINALISE),
    Duel("R8", "dying", ONCE, FINALISE, NEW_VM),
    Duel("R9", "heir", ONCE, "__pkvm_host_donate_guest(g1, 0)", FORCE),
    Duel("R9", "heir", ORDERS, "__pkvm_host_donate_guest(g1, 0)", FORCE),
    Duel("R10", "shell", ONCE, INIT_VCPU, f"{START}\n{FINALISE}"),
    Duel("R10", "shell", ONCE, INIT_VCPU, START),
    Duel("R10", "dying-shell", ONCE, FINALISE, INIT_VCPU),
    Duel("R11", "empty", ONCE, FINALISE, f"{LOAD}\n{SHARE}"),
    Duel("R11", "loaded", ONCE, SHARE, START),
    Duel("R11", "protected-loaded", ONCE, DONATE, START),
    Duel("R12", "lent", ONCE, UNSHARE, UNSHARE),
    Duel("R12", "lent", ORDERS, UNSHARE, f"{START}\n{UNSHARE}\n{FINALISE}"),
    Duel("R13", "rich", ALWAYS, UNSHARE, START),
    Duel("R14", "dying", ONCE, UNSHARE, f"{START}\n{UNSHARE}"),
    Duel("R15", "dying", ALWAYS, UNSHARE, "__pkvm_host_share_hyp(g0)\n__pkvm_host_unshare_hyp(g0)"),
    Duel("R15", "lent", ORDERS, f"{START}\n{UNSHARE}\n{FINALISE}"),
    Duel("R16", "protected-dying", ONCE, RECLAIM, FINALISE),
    Duel("R16", "protected-dying", ALWAYS, RECLAIM, FINALISE),
    Duel("R16", "protected-dying", ONCE, FINALISE, RECLAIM),
    Duel("R17", "dying", ONCE, FINALISE, UNSHARE),
    Duel("R17", "dying", ORDERS, f"{FINALISE}\n{UNSHARE}"),
    Duel("R17", "protected-dying", ORDERS, f"{FINALISE}\n{FORCE}\n{RECLAIM}"),
    Duel("R18", "reserved", ONCE, INIT_VM, UNRESERVE, after=f"{RESERVE}\n{INIT_VM}"),
    Duel("R19", "reserved", ONCE, INIT_VM, OTHER_VM, after=f"{RESERVE}\n__pkvm_init_vm(kvm0, 0x1001, 1, vm0, pgd0)"),
    Duel("R20", "lent", ORDERS, VISIT, VISIT),
    Duel("R20", "loaded", ONCE, RUN, VISIT),
    Duel("R21", "two", ORDERS, f"{LOAD}\n__pkvm_vcpu_load(0x1000, 1)\n{PUT}"),
    Duel("R21", "two", ORDERS, f"{LOAD}\n__pkvm_vcpu_load(0x1000, 1)\n{PUT}", START),
    Duel("R22", "dying", ALWAYS, FLUSH, FINALISE),
    Duel("R22", "protected-dying", ONCE, FLUSH, FINALISE),
    Duel("R22", "dying", ONCE, FINALISE, FLUSH),
    Duel("R23", "reserved", ONCE, INIT_VM, "__pkvm_host_share_hyp(hv0.1)\n__pkvm_init_vm(kvm0, 0x1001, 2, vm1, pgd1)",
         after="__pkvm_init_vcpu(0x1000, hv0.1, vc0.1)"),
    Duel("R24", "dying", ALWAYS, FINALISE, "__pkvm_host_share_hyp(vc0.0)\n__pkvm_host_unshare_hyp(vc0.0)"),
    Duel("R24", "dying", ALWAYS, FINALISE, "__pkvm_host_share_hyp(vm0)\n__pkvm_host_unshare_hyp(vm0)"),
    Duel("R25", "dying", ONCE, UNSHARE, f"{LOAD}\n{RUN}"),
    Duel("R28", "lent", ORDERS, f"{LOAD}\n{START}\n{PUT}\n{START}\n{PUT}"),
    Duel("R29", "lent", ALWAYS, UNSHARE, START),
    Duel("R29", "lent", ONCE, WRPROTECT, START),
    Duel("R29", "lent", ONCE, YOUNG, START),
    Duel("R29", "lent", ONCE, FLUSH, START),
    Duel("R29", "lent", ONCE, RECLAIM, START),
    Duel("R29", "protected", ONCE, UNSHARE, START),
    Duel("R29", "protected", ONCE, WRPROTECT, START),
    Duel("R29", "protected", ONCE, YOUNG, START),
    Duel("R29", "protected", ONCE, FLUSH, START),
    Duel("", "reserved", ONCE, INIT_VM, "__pkvm_host_share_hyp(vm0)"),
    Duel("", "reserved", ONCE, INIT_VM, "__pkvm_host_share_hyp(pgd0)"),
    Duel("", "reserved", ONCE, "__pkvm_init_vm(kvm0, 0x1001, 1, vm0, pgd0)", "__pkvm_host_unshare_hyp(kvm0)"),
    Duel("", "reserved", ONCE, "__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0+)", "__pkvm_host_share_hyp(vm0)"),
    Duel("", "reserved", ONCE, "__pkvm_init_vm(kvm0, 0x1000, 1, vm0+, pgd0)", "__pkvm_host_unshare_hyp(kvm0)"),
    Duel("", "reserved", ONCE, INIT_VCPU, "__pkvm_host_share_hyp(vc0.0)"),
    Duel("", "two-loaded", ONCE, SHARE, "__pkvm_host_share_guest(g1, 2)"),
    Duel("", "two-loaded", ONCE, SHARE, "__pkvm_host_share_guest(g2, 1)"),
    Duel("R7", "dying", BOTH, UNSHARE, FLUSH, FINALISE),
    Duel("R8", "dying", BOTH, FINALISE, f"__pkvm_host_share_hyp(kvm1)\n{RESERVE}\n{OTHER_VM}", START),
    Duel("R10", "dying-shell", BOTH, FINALISE, INIT_VCPU, UNRESERVE),
    Duel("R14", "dying", BOTH, UNSHARE, UNSHARE, FINALISE),
    Duel("R16", "protected-dying", BOTH, RECLAIM, RECLAIM, FINALISE),
    Duel("R19", "reserved", BOTH, INIT_VM, OTHER_VM, UNRESERVE),
    Duel("R29", "lent", BOTH, UNSHARE, YOUNG, START),
    Duel("R29", "lent", BOTH, FLUSH, WRPROTECT, START),
    Duel("R29", "protected", BOTH, UNSHARE, FLUSH, START),
)
"""Duels that are fought whether or not their outcome depends on who is first; '' stands for no race of the course."""

PAIRED = ("lent", "dying", "reserved", "shell", "loaded", "elsewhere", "two-loaded", "nothing", "protected",
          "protected-loaded", "protected-dying")
"""The setups in which all pairs of calls are tried."""
CALLS = "\n".join((
    START, FINALISE, UNSHARE, WRPROTECT, YOUNG, FLUSH, RESERVE, UNRESERVE, INIT_VM, OTHER_VM, INIT_VCPU, LOAD, PUT, RUN,
    SHARE, DONATE, RECLAIM, FORCE, "__pkvm_host_share_hyp(vm0)", "__pkvm_host_share_hyp(vc0.0)",
    "__pkvm_host_share_hyp(g1)", "__pkvm_host_unshare_hyp(kvm0)", "__pkvm_host_unshare_hyp(hv0.0)",
    "__pkvm_host_relax_perms_guest(0)", "__pkvm_host_mkyoung_guest(0)"))
"""The calls that are tried against each other there, if it matters who is first."""
