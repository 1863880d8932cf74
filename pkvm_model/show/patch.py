"""What differs between two kernels of the model, hunk by hunk, each named after its hunk of the mail.

The lines are made from the kernels themselves: their calls, their guards with the answers, the model's functions as far
as each kernel runs them, and what the honest host calls. Nothing of the mail is in here but where its hunks stand.
"""
from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import ndiff
from html import escape
from typing import NamedTuple

from ..conform.recording import call_numbers
from ..model.revisions import GuardAnswer, Revision, Warn, errno
from ..model.run import CALLS, parameters
from ..scenes.scene import LENT_PAGE, scene
from .story import play_out

ONE_SHOT, START, FINALIZE = "__pkvm_teardown_vm", "__pkvm_start_teardown_vm", "__pkvm_finalize_teardown_vm"
GUARD = re.compile(r'view\.guard\("(\w+)"')
Lines = Callable[[Revision], list[str]]


class Hunk(NamedTuple):
    """A part of the mail: the file, what stands there, and what the model has in its place, as lines of a kernel."""

    file: str
    where: str
    lines: Lines


def names(revision: Revision) -> list[str]:
    """Every hypercall that EL2 knows, in the order of a kernel's list of numbers; those of guests come last.

    The list is that of a kernel with the split, in which start stands for the old call as well.
    """
    numbers = call_numbers("7.3.4")
    last = max(numbers.values()) + 1
    return sorted(revision.calls, key=lambda name: (numbers.get(START if name == ONE_SHOT else name, last), name))


def declared(revision: Revision) -> list[str]:
    """Every hypercall with its arguments."""
    return [f"{name}({', '.join(parameters(name))})" for name in names(revision)]


def entries(revision: Revision) -> list[str]:
    """Every hypercall with the function that runs it."""
    return [f"{name} -> {(revision.functions.get(name) or CALLS[name]).__name__}" for name in names(revision)]


def handled(revision: Revision) -> list[str]:
    """Every hypercall with the registers that its arguments come in; the answer goes into x1."""
    return [f"{name}: " + (", ".join(f"{arg} in x{at}" for at, arg in enumerate(parameters(name), 1)) or "no argument")
            for name in names(revision)]


def flags(revision: Revision) -> list[str]:
    """The flags that somebody sets while a VM comes and goes: EL2's in its own VM, the host's memo in its struct."""
    written = any("vm.is_dying = True" in inspect.getsource(CALLS[name]) for name in revision.calls)
    memo = "host_remembers_start" in revision.host
    return ["EL2's VM: handle", *["EL2's VM: is_dying"] * written, "the host's kvm: is_created",
            *["the host's kvm: is_dying"] * memo]


def function(*choices: str) -> Lines:
    """The text of the first of these calls that a kernel has, as far as the kernel runs it."""
    def lines(revision: Revision) -> list[str]:
        name = next((name for name in choices if name in revision.calls), None)
        return as_run(CALLS[name], revision) if name else []
    return lines


def as_run(call: Callable[..., object], revision: Revision) -> list[str]:
    """A function without its docstring and without the guards that a kernel lacks; below each guard, its answer."""
    text = inspect.getsource(call)
    lines = text.replace(f'    """{call.__doc__}"""\n', "").splitlines()
    found = []
    for line in lines:
        guard = GUARD.search(line)
        if not guard:
            found.append(line)
        elif guard[1] in revision.guards:
            found += [line, f"        # {answered(revision.guards[guard[1]])}"]
    return found


def answered(answer: GuardAnswer) -> str:
    """What a guard says when it refuses."""
    if answer is None:
        return "else: nothing happens"
    return f"else: EL2 warns; behind it {errno(answer.code)}" if isinstance(answer, Warn) else f"else: {errno(answer)}"


def way_home(revision: Revision) -> list[str]:
    """What the honest host calls before the VM's end, so that its pages come home, and what it notes."""
    return [*destroying(revision)[:-1], *(f"habit: {habit}" for habit in sorted(revision.host))]


def last_call(revision: Revision) -> list[str]:
    """The hypercall with which the honest host ends a VM."""
    return destroying(revision)[-1:]


def destroying(revision: Revision) -> list[str]:
    """The hypercalls that the honest host makes to destroy a VM to which it lends one page."""
    told = scene("patch", "Destroyed", revision, LENT_PAGE, ("kvm_destroy_vm(kvm0)", ""), "A VM.")
    return [name for name in play_out(told).hypercalls().names if name != "__pkvm_host_unshare_hyp"]


HUNKS = (
    Hunk("include/asm/kvm_asm.h", "enum __kvm_host_smccc_func", names),
    Hunk("include/asm/kvm_host.h", "struct kvm_protected_vm", flags),
    Hunk("kvm/hyp/include/nvhe/pkvm.h", "declarations", declared),
    Hunk("kvm/hyp/nvhe/hyp-main.c", "handle___pkvm_*", handled),
    Hunk("kvm/hyp/nvhe/hyp-main.c", "host_hcall", entries),
    Hunk("kvm/hyp/nvhe/pkvm.c", "pkvm_load_hyp_vcpu", function("__pkvm_vcpu_load")),
    Hunk("kvm/hyp/nvhe/pkvm.c", START, function(START)),
    Hunk("kvm/hyp/nvhe/pkvm.c", FINALIZE, function(FINALIZE, ONE_SHOT)),
    Hunk("kvm/pkvm.c", "__pkvm_destroy_hyp_vm", last_call),
    Hunk("kvm/pkvm.c", "pkvm_pgtable_stage2_destroy_range", way_home))
"""The hunks of the mail in its order; files are below arch/arm64. Source: the mail of 2026-01-05, part 9 of 30."""


@dataclass(frozen=True)
class Difference:
    """What one hunk is in the model: lines that begin with -, + or a space."""

    hunk: Hunk
    lines: tuple[str, ...]

    @property
    def title(self) -> str:
        """File and place, as in the mail."""
        return f"{self.hunk.file}: {self.hunk.where}"

    @property
    def changed(self) -> list[str]:
        """The lines that one of the kernels has alone."""
        return [line for line in self.lines if line[0] in "-+"]

    def __repr__(self) -> str:
        return "\n".join([self.title, *self.lines])

    def _repr_html_(self) -> str:
        marks = {"-": "font-style:italic", "+": "font-weight:700"}
        rows = [f'<span style="{marks.get(line[0], "")}">{escape(line)}</span>' for line in self.lines]
        look = "padding:8px 12px;border:1px solid #767E8A;overflow-x:auto;word-break:normal"
        return f"<p><b>{escape(self.title)}</b></p><pre style=\"{look}\">{chr(10).join(rows)}</pre>"


def difference(hunk: Hunk, before: Revision, after: Revision) -> Difference:
    """What a hunk is in the model: all of a function's text, of a list what differs and its neighbours."""
    lines = [line.rstrip() for line in ndiff(hunk.lines(before), hunk.lines(after)) if line[0] != "?"]
    near = {at + step for at, line in enumerate(lines) if line[0] in "-+" for step in (-1, 0, 1)}
    whole = any(line[2:].startswith("def ") for line in lines)
    shown = [line if whole or at in near else "  ..." for at, line in enumerate(lines)]
    return Difference(hunk, tuple(line for line, before in zip(shown, ["", *shown], strict=False)
                                  if line != "  ..." or before != line))


def patch(before: Revision, after: Revision) -> tuple[Difference, ...]:
    """The difference between two kernels, hunk by hunk in the mail's order."""
    return tuple(difference(hunk, before, after) for hunk in HUNKS)
