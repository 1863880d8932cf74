"""EL2's table of hypercalls: from a name to the function, and the two registers that a call answers in.

x0 says whether EL2 understood the call at all, x1 holds what the call itself answers. An entry forgotten in the table
is therefore no refusal: x1 still holds the caller's own first argument. The real table goes by numbers, which are no
interface: host and EL2 are one image, and each release has its own (`recording.call_numbers`).
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
    """Make a call that the host asked for, and give x0 and x1."""
    view.hypercall = name
    try:
        if name not in view.revision.calls:
            yield "", f"find no entry for {name} in the table of calls"
            return NOT_SUPPORTED, untouched(args)
        return SUCCESS, (yield from (view.revision.functions.get(name) or HYPERCALLS[name])(view, *args))
    except Refused as refused:
        return SUCCESS, view.answer(refused)
    finally:
        view.hypercall = ""


def untouched(args: tuple[Value, ...]) -> int:
    """What x1 holds when nobody wrote to it: the first argument. The model has no number for an address but 1."""
    first = args[0] if args else 0
    return first if isinstance(first, int) else 1
