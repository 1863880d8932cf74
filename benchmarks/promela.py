"""The families in Promela, for SPIN; one statement or d_step is one transition.

Macros say what a call or step does; below them stand the uses, written out since Promela has no choice over arguments.
A call that would fail has no transition. The violation is an assertion in the step that could bring it about.
"""
from __future__ import annotations

from collections.abc import Iterator
from string import Template

CPUS = 2

ATOMIC_HOST = Template("""\
/* H($slots, $vcpus, $pages). loaded[c] is 0 or ID(s, v); ready[s] has a bit for each initialised vCPU; owner[p] is 0
   for the host, 1 + s for the guest in slot s, LOST. */
#define FREE 0
#define RESERVED 1
#define LIVE 2
#define DYING 3
#define LOST (1 + $slots)
#define ID(s, v) (1 + s * $vcpus + v)
#define SLOT_ON(c) ((loaded[c] - 1) / $vcpus)
#define TAKEN(s) state[s] != FREE
#define LOADABLE(s) $loadable

byte state[$slots], created[$slots], ready[$slots], refs[$slots], loaded[$cpus], owner[$pages];

#define RESERVE(s, lower) d_step { state[s] == FREE && lower -> state[s] = RESERVED }
#define UNRESERVE(s)      d_step { state[s] == RESERVED -> state[s] = FREE }
#define INIT_VM(s, n)     d_step { state[s] == RESERVED -> state[s] = LIVE; created[s] = n }
#define INIT_VCPU(s, v)   d_step { state[s] >= LIVE && created[s] > v && !(ready[s] & (1 << v)) -> \\
                                   ready[s] = ready[s] | (1 << v) }
#define LOAD(c, s, v)     d_step { !loaded[c] && LOADABLE(s) && (ready[s] & (1 << v)) && loaded[1 - c] != ID(s, v) -> \\
                                   loaded[c] = ID(s, v); refs[s]++; assert(state[s] == LIVE) }
#define PUT(c)            d_step { loaded[c] -> refs[SLOT_ON(c)]--; loaded[c] = 0 }
#define DONATE(c, p)      d_step { loaded[c] && owner[p] == 0 -> owner[p] = 1 + SLOT_ON(c) }
#define RECLAIM(s, p)     d_step { state[s] == DYING && owner[p] == 1 + s -> owner[p] = 0 }
#define START(s)          d_step { state[s] == LIVE && !refs[s] -> state[s] = DYING }
#define LOSE(s, p)        owner[p] = (owner[p] == 1 + s -> LOST : owner[p])
#define FINALIZE(s)       d_step { state[s] == DYING && !refs[s] -> \\
                                   state[s] = FREE; created[s] = 0; ready[s] = 0; $lose }

active proctype host() {
  do
$choices
  od
}
""")


def atomic_host(slots: int, vcpus: int, pages: int, mutant: str | None = None) -> str:
    """Return family H in Promela."""
    choices = atomic_host_choices(slots, vcpus, pages)
    return ATOMIC_HOST.substitute(
        slots=slots, vcpus=vcpus, pages=pages, cpus=CPUS,
        loadable="(state[s] >= LIVE)" if mutant == "M1" else "(state[s] == LIVE)",
        lose="; ".join(f"LOSE(s, {page})" for page in range(pages)),
        choices="\n".join(f"  :: {choice}" for choice in choices))


def atomic_host_choices(slots: int, vcpus: int, pages: int) -> Iterator[str]:
    """Yield every call with every argument."""
    for slot in range(slots):
        lower = " && ".join(f"TAKEN({other})" for other in range(slot)) or "true"
        yield from (f"RESERVE({slot}, {lower})", f"UNRESERVE({slot})", f"START({slot})", f"FINALIZE({slot})")
        yield from (f"INIT_VM({slot}, {created})" for created in range(1, vcpus + 1))
        yield from (f"INIT_VCPU({slot}, {vcpu})" for vcpu in range(vcpus))
        yield from (f"LOAD({cpu}, {slot}, {vcpu})" for vcpu in range(vcpus) for cpu in range(CPUS))
        yield from (f"RECLAIM({slot}, {page})" for page in range(pages))
    for cpu in range(CPUS):
        yield f"PUT({cpu})"
        yield from (f"DONATE({cpu}, {page})" for page in range(pages))


SCRIPT = Template("""\
/* B($runners, $destroyers, $rounds, $pages). `ok` is what a call has found out, until the step that acts on it. */
#define LIVE 0
#define DYING 1
#define REMOVED 2
#define FREED 3
#define LOADABLE $loadable
#define IDLE $idle
#define SAFE ((vm == LIVE || !($any_loaded)) && (ref == 0 || vm < REMOVED))

bit lock, loaded[$runners], reclaimed[$pages];
byte vm, ref;

#define LOCK d_step { !lock -> lock = 1 }
#define UNLOCK lock = 0
#define GIVE_UP d_step { !ok -> lock = 0 }

inline load_run_put(i) {
  LOCK;
  ok = LOADABLE && !loaded[i];
  if
  :: d_step { ok -> ok = 0; loaded[i] = 1; ref++; assert(SAFE) };
     UNLOCK;
     skip;
     LOCK;
     d_step { loaded[i] = 0; ref-- };
     UNLOCK
  :: GIVE_UP
  fi
}

inline start_teardown() {
  LOCK;
  ok = vm == LIVE && ref == 0;
  if
  :: d_step { ok -> ok = 0; vm = DYING; assert(SAFE) };
     UNLOCK
  :: GIVE_UP
  fi
}

inline reclaim_page(p) {
  LOCK;
  d_step { ok = vm < REMOVED; ref = ref + ok };
  if
  :: d_step { ok -> ok = 0; lock = 0 };
     d_step { reclaimed[p] = (vm == DYING -> 1 : reclaimed[p]) };
     LOCK;
     ref--;
     UNLOCK
  :: GIVE_UP
  fi
}

inline finalize_teardown() {
  LOCK;
  ok = vm == DYING && IDLE;
  if
  :: d_step { ok -> ok = 0; vm = REMOVED; assert(SAFE) };
     UNLOCK;
     vm = FREED
  :: GIVE_UP
  fi
}

$threads
""")


def script(runners: int, destroyers: int, rounds: int, pages: int, mutant: str | None = None) -> str:
    """Return family B in Promela."""
    return SCRIPT.substitute(
        runners=runners, destroyers=destroyers, rounds=rounds, pages=pages,
        loadable="(vm == LIVE || vm == DYING)" if mutant == "M1" else "(vm == LIVE)",
        idle="true" if mutant == "M3" else "(ref == 0)",
        any_loaded=" || ".join(f"loaded[{idx}]" for idx in range(runners)),
        threads="\n\n".join(script_threads(runners, destroyers, rounds, pages)))


def script_threads(runners: int, destroyers: int, rounds: int, pages: int) -> Iterator[str]:
    """Yield every thread, with its loops unrolled: a loop's counter and test would be steps of their own."""
    reclaims = [f"reclaim_page({page})" for page in range(pages)]
    for idx in range(runners):
        yield process(f"runner{idx}", [f"load_run_put({idx})"] * rounds)
    for number in range(destroyers):
        yield process(f"destroyer{number}", ["start_teardown()", *reclaims, "finalize_teardown()"])
    yield process("rival", ["start_teardown()", "finalize_teardown()"])


def process(name: str, body: list[str]) -> str:
    """Return a process that waits for ever at its end, since termination would be one more step."""
    lines = "".join(f"  {line};\n" for line in body)
    return f"active proctype {name}() {{\n  bit ok;\n{lines}end:\n  false\n}}"
