"""The table of hypercalls: from a name to the function, as `host_hcall` in hyp/nvhe/hyp-main.c."""
from __future__ import annotations

from collections.abc import Callable

from . import guest_memory, hypercalls, protected_memory
from .view import Hypercall

HYPERCALLS: dict[str, Callable[..., Hypercall]] = {
    name: function
    for module in (hypercalls, guest_memory, protected_memory)
    for name, function in sorted(vars(module).items())
    if name.startswith(("__pkvm_", "__kvm_", "guest_mem_"))}
