"""The machine as one frozen value: memory, VM table, CPUs, and the calls they are in the middle of.

Legend, used in the whole package:
  vm0, vc0.0, pgd0   memory the host offers for a VM struct, a vCPU struct, a stage-2 root; also its address
  vm0+               an address somewhere in that memory, which is not page aligned
  kvm0, hv0.0        the host's own struct kvm and struct kvm_vcpu, shared with EL2
  g0, g1             pages the host lends to a guest
  handle             0x1000 + slot; how the host names a VM        gfn   how the guest names a page

Memory that nobody wrote to reads as zero. So each record below is all defaults when its memory is zero, such
records are left out of the state, and two machines are equal exactly when their states are. A record never changes:
`_replace` returns a new one.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple, TypeAlias, TypeVar

OWNED, SHARED_OWNED, SHARED_BORROWED, NOPAGE = "OWNED", "SHARED_OWNED", "SHARED_BORROWED", "NOPAGE"
"""What a page is to the host, to EL2 or to a guest: owned, owned and lent out, borrowed, or not accessible."""
POISON = "POISON"
"""In place of such a state in a guest's leaf: the host has taken the page by force."""
HOST, HYP, GUEST = "HOST", "HYP", "GUEST"
DATA, SECRET, ZERO = "data", "secret", "zero"
FREE, RESERVED = "free", "reserved"
HANDLE_OFFSET = 0x1000

Value: TypeAlias = Any
"""What a field may hold: None, bool, int, str, or a tuple of these."""


class Config(NamedTuple):
    """The sizes of the machine, fixed for a whole run: numbers of things, or of 4 KiB pages."""

    cpus: int = 2
    slots: int = 1
    vm_pages: int = 1
    vcpu_pages: int = 1
    pgd_pages: int = 2
    table_pages_min: int = 2


class Page(NamedTuple):
    """A page (or an area that moves as one): who may use it, and EL2's own record of it, `struct hyp_page`.

    `host` and `hyp` say what the page is to the host and to EL2, `owner` is the annotation in the host's stage 2: HOST,
    HYP, or (GUEST, handle, gfn) in upstream. `host_share_guest_count` counts the guests it is lent to, `refcount` what
    else EL2 counts: pins, and in a VM struct's page the references to the VM. `content` follows guest pages: data of
    the host's, a secret of the guest's, or zero.
    Source: hyp/include/nvhe/memory.h (pre, upstream).
    """

    host: str = OWNED
    hyp: str = NOPAGE
    host_share_guest_count: int = 0
    refcount: int = 0
    owner: str | tuple[str, int, int] = HOST
    content: str = DATA


class Mapped(NamedTuple):
    """A leaf of a guest's stage 2: gfn, the page there (None if poisoned), what it is to the guest, its age."""

    gfn: int
    page: str | None
    right: str
    young: bool = True


class Slot(NamedTuple):
    """One entry of `vm_table`: free, reserved, or the address of a VM struct."""

    entry: str = FREE


class Vm(NamedTuple):
    """`struct pkvm_hyp_vm`, EL2's own record of a VM. Its reference count is the refcount of its page.

    Life: filled by init_vm, published in a slot, marked dying by start, unpublished and zeroed by finalise.
    `pgd` is the root of its stage 2, `maps` the leaves, `pool` counts the free pages it has for tables in between.
    Source: hyp/include/nvhe/pkvm.h (v1).
    """

    handle: int = 0
    host_kvm: str = ""
    pgd: str = ""
    is_protected: bool = False
    is_dying: bool = False
    vcpus: tuple[str | None, ...] = ()
    maps: tuple[Mapped, ...] = ()
    pool: int = 0


class Vcpu(NamedTuple):
    """`struct pkvm_hyp_vcpu`, EL2's own record of a vCPU. `loaded_on` is the CPU that has it loaded.

    It stands for the pointer `loaded_hyp_vcpu`. `memcache` counts the pages it was given for its VM's next tables.
    Source: hyp/include/nvhe/pkvm.h (v1).
    """

    vm: str = ""
    idx: int = 0
    host_vcpu: str = ""
    loaded_on: int | None = None
    memcache: int = 0


class Kvm(NamedTuple):
    """What the host keeps in its `struct kvm`: its private memo `is_dying` is not EL2's flag of the same name.

    `has_pgt` until the page table is detached; `mappings` are the gfns with a page and `vcpus` the structs made,
    `finalized` those that EL2 knows; the two memcaches count the pages that EL2 pushed on the way back. `fds` are the
    open files, `mm` is the process that may use them; each lock names the CPU that holds it.
    Source: include/asm/kvm_host.h, struct kvm_protected_vm (v1).
    """

    handle: int = 0
    is_created: bool = False
    is_dying: bool = False
    is_protected: bool = False
    has_pgt: bool = False
    mappings: tuple[tuple[int, str], ...] = ()
    vcpus: tuple[str, ...] = ()
    finalized: tuple[str, ...] = ()
    fds: tuple[str, ...] = ()
    mm: int = 0
    mmu_lock: int | None = None
    config_lock: int | None = None
    teardown_mc: int = 0
    stage2_teardown_mc: int = 0


class HostVcpu(NamedTuple):
    """What the host keeps in its `struct kvm_vcpu`: pages ready to be handed to EL2 for stage-2 tables."""

    memcache: int = 0


class Span(NamedTuple):
    """The pages that a host struct lies on, in the struct's order; empty if it lies on the page of its name alone.

    A small struct may end on the page on which the next one begins, so a page can be part of two.
    """

    pages: tuple[str, ...] = ()


class Loan(NamedTuple):
    """The number of host structs that lie on a page on loan to EL2; the host ends the loan with the last one.

    Source: mmu.c, hyp_shared_pfns (pre, v1).
    """

    structs: int = 0


class Reference(NamedTuple):
    """A reference to a VM that a call under way has taken and not dropped yet: the struct's address, and who took it.

    `hypercall` names the hypercall that took it for a host function; it is '' if the call itself is the hypercall.
    """

    vm: str
    hypercall: str = ""


class Refusal(NamedTuple):
    """Code and reason of a check that failed; the code is None in a call that has no answer."""

    code: int | None
    why: str


class Flight(NamedTuple):
    """A call that is under way on a CPU: what a real CPU would have in its registers.

    `at` is where it stands: the functions it is in, each with the number of the yield at which it waits (counted as in
    its source), and what it will do next. `held` are the values it keeps, `stale` the held addresses whose memory was
    given back meanwhile, `references` those that it has taken and not dropped. `hypercall` names the hypercall that a
    host function is in, `undoing` is the refusal that makes a call undo its work.

    Equality ignores `regions`, the locks of the regions it has passed, and `reads`, what it has read in them: two calls
    at the same place with the same values are the same call. A restored copy is handed the reads again, so that it
    arrives at the same place.
    """

    call: str
    args: tuple[Value, ...]
    at: tuple[str, ...] = ()
    held: tuple[tuple[str, Value], ...] = ()
    stale: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    hypercall: str = ""
    undoing: Refusal | None = None
    regions: tuple[str, ...] = ()
    reads: tuple[Value, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Flight) and self[:8] == other[:8]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self[:8])


class Cpu(NamedTuple):
    """A physical CPU: the address of the vCPU loaded on it, and the call it is in the middle of."""

    loaded: str | None = None
    flight: Flight | None = None


class Event(NamedTuple):
    """Something beyond a return value: its kind, where (a function or a page), a sentence, and the CPU.

    Kinds: EL2_PANIC, EL2_FAULT, EL2_USE_AFTER_DONATION, EL2_STALE_PUT, HOST_WARN.
    """

    kind: str
    where: str
    says: str
    cpu: int = 0

    @property
    def fatal(self) -> bool:
        """True if the event ends the machine; a host warning and a stale put do not."""
        return self.kind not in ("HOST_WARN", "EL2_STALE_PUT")


Record: TypeAlias = Page | Slot | Vm | Vcpu | Kvm | HostVcpu | Span | Loan | Cpu
Key: TypeAlias = tuple[type[Any], str | int]
R = TypeVar("R")
KINDS: tuple[type[Record], ...] = (Page, Slot, Vm, Vcpu, Kvm, HostVcpu, Span, Loan, Cpu)
zeroed: Callable[[Any], Any] = cache(lambda kind: kind())
"""The record that memory of a kind reads as if nobody wrote to it."""


class State(NamedTuple):
    """The whole machine at one moment, as a value. `end` is the event that ended it, or None.

    `table` is all memory that is not zeroed: records by kind and name. EL2's VM table is the part of kind `Slot`.
    """

    config: Config = Config()
    table: dict[Key, Any] = {}  # noqa: RUF012  # nobody writes to it
    end: Event | None = None

    @classmethod
    def of(cls, config: Config, records: Mapping[Key, Record], end: Event | None = None) -> State:
        """Return the state with these records, without those that are all zero."""
        return cls(config, {key: record for key, record in records.items() if record != zeroed(key[0])}, end)

    def __hash__(self) -> int:
        return hash((self.config, self.end, frozenset(self.table.items())))

    def get(self, kind: type[R], name: str | int) -> R:
        """Return the record of this kind and name; zeroed memory if nobody wrote to it."""
        record: R = self.table.get((kind, name)) or zeroed(kind)
        return record

    def all(self, kind: type[R]) -> Iterator[tuple[Any, R]]:
        """Return name and record of everything of this kind that is not zero, in a fixed order."""
        keys = in_order(tuple([key for key in self.table if key[0] is kind]))
        return ((key[1], self.table[key]) for key in keys)

    def vm_in(self, slot: int) -> str | None:
        """Return the address of the VM published in this slot, or None."""
        entry = self.get(Slot, slot).entry
        return None if entry in (FREE, RESERVED) else entry


@lru_cache(4096)
def sort_key(key: Key) -> tuple[int, list[tuple[int, str]]]:
    """Return a key that sorts g2 before g10: digits count as numbers."""
    kind, name = key
    parts = "".join(c if c.isdigit() else f" {c} " for c in str(name)).split()
    return KINDS.index(kind), [(int(p), "") if p.isdigit() else (-1, p) for p in parts]


@lru_cache(4096)
def in_order(keys: tuple[Key, ...]) -> tuple[Key, ...]:
    """Return these keys sorted. Most steps change records but add none, so the same keys recur and are cached."""
    return tuple(sorted(keys, key=sort_key))
