"""EL2's table of hypercalls: from a name to the function, and the two registers that hold the answer.

x0 says whether EL2 knows the call at all, x1 holds the call's own answer. A missing entry is therefore not a refusal:
x1 still holds the caller's first argument. The real table goes by numbers, which are not an interface: host and EL2 are
one image, and each release has its own numbers (`recordings.call_numbers`).
Source: hyp/nvhe/hyp-main.c:handle_host_hcall (pre, v1).
"""
from __future__ import annotations

from collections.abc import Callable, Generator

from . import guest_memory, hypercalls, protected_memory
from .state import Value
from .view import Hypercall, Refused, Region, View

HYPERCALLS: dict[str, Callable[..., Hypercall]] = {
    name: function for module in (hypercalls, guest_memory, protected_memory)
    for name, function in sorted(vars(module).items()) if name.startswith(("__pkvm_", "__kvm_", "guest_mem_"))}

SUCCESS, NOT_SUPPORTED = 0, -1


def handle_host_hcall(view: View, name: str, *args: Value) -> Generator[Region, None, tuple[int, int | None]]:
    """Run the call that the host asks for; return x0 and x1."""
    view.hypercall = name
    try:
        if name not in view.revision.calls:
            yield "", f"find no entry for {name} in the table of calls"
            return NOT_SUPPORTED, x1_when_unsupported(args)
        return SUCCESS, (yield from (view.revision.functions.get(name) or HYPERCALLS[name])(view, *args))
    except Refused as refused:
        return SUCCESS, view.answer(refused)
    finally:
        view.hypercall = ""


def x1_when_unsupported(args: tuple[Value, ...]) -> int:
    """Return x1 if nobody wrote to it: the first argument, or 1 in place of an address."""
    first = args[0] if args else 0
    return first if isinstance(first, int) else 1
