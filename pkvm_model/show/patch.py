"""What differs between two kernels of the model, hunk by hunk, each named after its hunk of the mail.

The lines are made from the kernels themselves: their calls, their guards with the answers, the model's functions as
each kernel runs them, and the calls of the honest host. Of the mail, only the places of its hunks are in here.
"""
from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import ndiff
from html import escape
from typing import NamedTuple

from ..conform.recordings import call_numbers
from ..model.revisions import GuardAnswer, Revision, Warn, errno
from ..model.run import CALLS, parameters
from ..scenes.scene import LENT_PAGE, scene
from .story import play_out

ONE_SHOT, START, FINALIZE = "__pkvm_teardown_vm", "__pkvm_start_teardown_vm", "__pkvm_finalize_teardown_vm"
GUARD = re.compile(r'view\.guard\("(\w+)"')
Lines = Callable[[Revision], list[str]]


class Hunk(NamedTuple):
    """A part of the mail: its file and place, and what the model has for it, as lines of a kernel."""

    file: str
    where: str
    lines: Lines


def list_calls(revision: Revision) -> list[str]:
    """Return every hypercall that EL2 knows, in the order of a kernel's list of numbers; those of guests come last.

    The list is that of a kernel with the split, in which start stands for the old call as well.
    """
    numbers = call_numbers("7.3.4")
    last = max(numbers.values()) + 1
    return sorted(revision.calls, key=lambda name: (numbers.get(START if name == ONE_SHOT else name, last), name))


def list_declarations(revision: Revision) -> list[str]:
    """Return every hypercall with its arguments."""
    return [f"{name}({', '.join(parameters(name))})" for name in list_calls(revision)]


def list_entries(revision: Revision) -> list[str]:
    """Return every hypercall with the function that runs it."""
    return [f"{name} -> {(revision.functions.get(name) or CALLS[name]).__name__}" for name in list_calls(revision)]


def list_registers(revision: Revision) -> list[str]:
    """Return every hypercall with the registers of its arguments; the answer goes into x1."""
    return [f"{name}: " + (", ".join(f"{arg} in x{at}" for at, arg in enumerate(parameters(name), 1)) or "no argument")
            for name in list_calls(revision)]


def list_flags(revision: Revision) -> list[str]:
    """Return the flags that a VM's life sets: EL2's in its own VM, the host's memo in its struct."""
    written = any("vm.is_dying = True" in inspect.getsource(CALLS[name]) for name in revision.calls)
    memo = "host_remembers_start" in revision.host
    return ["EL2's VM: handle", *["EL2's VM: is_dying"] * written, "the host's kvm: is_created",
            *["the host's kvm: is_dying"] * memo]


def show_function(*choices: str) -> Lines:
    """Return a function that gives the text of the first of these calls that a kernel has, as the kernel runs it."""
    def lines(revision: Revision) -> list[str]:
        name = next((name for name in choices if name in revision.calls), None)
        return strip_guards(CALLS[name], revision) if name else []
    return lines


def strip_guards(call: Callable[..., object], revision: Revision) -> list[str]:
    """Return a function without its docstring and the guards that a kernel lacks, and with each guard's answer."""
    kept = []
    for line in cut_docstring(inspect.getsource(call)):
        guard = GUARD.search(line)
        if not guard:
            kept.append(line)
        elif guard[1] in revision.guards:
            kept += [line, f"        # {describe_refusal(revision.guards[guard[1]])}"]
    return kept


def cut_docstring(source: str) -> list[str]:
    """Return the lines of a function's source without its docstring."""
    lines, function = source.splitlines(), ast.parse(source).body[0]
    if isinstance(function, ast.FunctionDef) and ast.get_docstring(function):
        del lines[function.body[0].lineno - 1:function.body[0].end_lineno]
    return lines


def describe_refusal(answer: GuardAnswer) -> str:
    """Return what happens if a guard refuses, in words."""
    if answer is None:
        return "else: nothing happens"
    return f"else: EL2 warns; after that {errno(answer.code)}" if isinstance(answer, Warn) else f"else: {errno(answer)}"


def list_teardown(revision: Revision) -> list[str]:
    """Return what the honest host calls before the VM's end to bring its pages home, and what it notes."""
    return [*list_destroy_calls(revision)[:-1], *(f"habit: {habit}" for habit in sorted(revision.host))]


def list_last_call(revision: Revision) -> list[str]:
    """Return the hypercall with which the honest host ends a VM."""
    return list_destroy_calls(revision)[-1:]


def list_destroy_calls(revision: Revision) -> list[str]:
    """Return the hypercalls that the honest host makes to destroy a VM to which it lends one page."""
    destroyed = scene("patch", "Destroyed", revision, LENT_PAGE, ("kvm_destroy_vm(kvm0)", ""), "A VM.")
    return [name for name in play_out(destroyed).hypercalls().names if name != "__pkvm_host_unshare_hyp"]


HUNKS = (
    Hunk("include/asm/kvm_asm.h", "enum __kvm_host_smccc_func", list_calls),
    Hunk("include/asm/kvm_host.h", "struct kvm_protected_vm", list_flags),
    Hunk("kvm/hyp/include/nvhe/pkvm.h", "declarations", list_declarations),
    Hunk("kvm/hyp/nvhe/hyp-main.c", "handle___pkvm_*", list_registers),
    Hunk("kvm/hyp/nvhe/hyp-main.c", "host_hcall", list_entries),
    Hunk("kvm/hyp/nvhe/pkvm.c", "pkvm_load_hyp_vcpu", show_function("__pkvm_vcpu_load")),
    Hunk("kvm/hyp/nvhe/pkvm.c", START, show_function(START)),
    Hunk("kvm/hyp/nvhe/pkvm.c", FINALIZE, show_function(FINALIZE, ONE_SHOT)),
    Hunk("kvm/pkvm.c", "__pkvm_destroy_hyp_vm", list_last_call),
    Hunk("kvm/pkvm.c", "pkvm_pgtable_stage2_destroy_range", list_teardown))
"""The hunks of the mail in its order; files are below arch/arm64. Source: the mail of 2026-01-05, part 9 of 30."""


@dataclass(frozen=True)
class Difference:
    """One hunk in the model: lines that begin with -, + or a space."""

    hunk: Hunk
    lines: tuple[str, ...]

    @property
    def title(self) -> str:
        """File and place, as in the mail."""
        return f"{self.hunk.file}: {self.hunk.where}"

    @property
    def changed(self) -> list[str]:
        """The lines that only one of the kernels has."""
        return [line for line in self.lines if line[0] in "-+"]

    def __repr__(self) -> str:
        return "\n".join([self.title, *self.lines])

    def _repr_html_(self) -> str:
        marks = {"-": "font-style:italic", "+": "font-weight:700"}
        rows = [f'<span style="{marks.get(line[0], "")}">{escape(line)}</span>' for line in self.lines]
        look = "padding:8px 12px;border:1px solid #767E8A;overflow-x:auto;word-break:normal"
        return f"<p><b>{escape(self.title)}</b></p><pre style=\"{look}\">{chr(10).join(rows)}</pre>"


def compare_hunk(hunk: Hunk, before: Revision, after: Revision) -> Difference:
    """Compare a hunk in two kernels: all of a function's text, or the changed lines of a list and their neighbours."""
    lines = [line.rstrip() for line in ndiff(hunk.lines(before), hunk.lines(after)) if line[0] != "?"]
    near = {at + step for at, line in enumerate(lines) if line[0] in "-+" for step in (-1, 0, 1)}
    whole = any(line[2:].startswith("def ") for line in lines)
    shown = [line if whole or at in near else "  ..." for at, line in enumerate(lines)]
    return Difference(hunk, tuple(line for line, before in zip(shown, ["", *shown], strict=False)
                                  if line != "  ..." or before != line))


def patch(before: Revision, after: Revision) -> tuple[Difference, ...]:
    """Return the difference between two kernels, hunk by hunk in the mail's order."""
    return tuple(compare_hunk(hunk, before, after) for hunk in HUNKS)
