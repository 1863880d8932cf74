"""The races R1 to R29: what several CPUs do at once, written down, and what comes of it in each kernel, found.

A race is a setup and a script per CPU. `cell` looks at every order in which the lock regions of the scripts can follow
each other; what it gives is the worst that comes of any of them, with a shortest run to it. The numbers are those of
the course's table of facts.

Kernels with one call for the whole teardown have no start: a line with {start} is left out there, and {finalise}
stands for that one call. A race that hinges on the two being apart names them, so those kernels lack it.
"""
from __future__ import annotations

from functools import partial
from typing import NamedTuple

from ..host import HOST_CALLS
from ..revisions import REVISIONS, Revision, errno
from ..run import begin, finish, resume
from ..scenes import LENT_PAGE, Node, Scene, next_step, scene
from ..state import HOST, HYP, KINDS, NOPAGE, OWNED, Config, Cpu, Page, State, Vcpu, Vm
from ..steps import Step
from ..trace import Trace, record
from .check import VIOLATED, Always, Answer, Limits, Property, Report, Sometimes, Stuck, explore
from .machines import Scripts
from .properties import host_is_through, not_home, published, told

OK, ERR, HOST_WARN, EL2_PANIC, BUG = "OK", "ERR", "HOST_WARN", "EL2_PANIC", "BUG"
SEVERITY = (OK, ERR, HOST_WARN, EL2_PANIC, BUG)
"""What can come of a race, the worst last: nothing, an error, a line in the host's log, EL2's own end, a defect."""
NOT_THERE, NOT_EXPLORED = "n/a", "not explored"

START, FINALISE, ONE_SHOT = "__pkvm_start_teardown_vm", "__pkvm_finalize_teardown_vm", "__pkvm_teardown_vm"
DESTROY = (FINALISE, ONE_SHOT)
ENOUGH = Limits(states=50_000)
"""No race of the course comes near; a function that a learner wrote could go on for ever."""
