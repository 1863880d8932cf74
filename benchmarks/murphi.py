"""The families in Murphi, for rumur: one rule is one transition.

A call that would fail has no enabled rule, and no rule leaves the state as it is.
"""
from __future__ import annotations

from string import Template

from benchmarks.programs import NumberedStep, list_programs

CPUS = 2

ATOMIC_HOST = Template("""\
-- H($slots, $vcpus, $pages). slot_on[c] is UNLOADED or the slot of the vCPU that is loaded on CPU c; ready[s][v] says
-- that the vCPU is initialised; owner[p] is a slot, HOST or LOST.
const
  SLOTS: $slots; VCPUS: $vcpus; CPUS: $cpus; PAGES: $pages;
  HOST: SLOTS; LOST: SLOTS + 1; UNLOADED: SLOTS;
type
  Slot: 0 .. SLOTS - 1;
  Vcpu: 0 .. VCPUS - 1;
  Cpu: 0 .. CPUS - 1;
  Page: 0 .. PAGES - 1;
  State: enum { FREE, RESERVED, LIVE, DYING };
var
  state: array [Slot] of State;
  created: array [Slot] of 0 .. VCPUS;
  ready: array [Slot] of array [Vcpu] of boolean;
  slot_on: array [Cpu] of 0 .. UNLOADED;
  vcpu_on: array [Cpu] of Vcpu;
  owner: array [Page] of 0 .. LOST;

function has_vm(s: Slot): boolean;
begin
  return state[s] = LIVE | state[s] = DYING;
end;

function is_loaded(s: Slot): boolean;
begin
  return exists c: Cpu do slot_on[c] = s end;
end;

function is_loaded_vcpu(s: Slot; v: Vcpu): boolean;
begin
  return exists c: Cpu do slot_on[c] = s & vcpu_on[c] = v end;
end;

startstate begin
  for s: Slot do
    state[s] := FREE;
    created[s] := 0;
    for v: Vcpu do ready[s][v] := false; end;
  end;
  for c: Cpu do slot_on[c] := UNLOADED; vcpu_on[c] := 0; end;
  for p: Page do owner[p] := HOST; end;
end;

ruleset s: Slot do
  rule "reserve" state[s] = FREE & forall lower: Slot do lower < s -> state[lower] != FREE end ==>
  begin state[s] := RESERVED; end;

  rule "unreserve" state[s] = RESERVED ==>
  begin state[s] := FREE; end;

  rule "start" state[s] = LIVE & !is_loaded(s) ==>
  begin state[s] := DYING; end;

  rule "finalize" state[s] = DYING & !is_loaded(s) ==>
  begin
    state[s] := FREE;
    created[s] := 0;
    for v: Vcpu do ready[s][v] := false; end;
    for p: Page do if owner[p] = s then owner[p] := LOST; end; end;
  end;

  ruleset n: 1 .. VCPUS do
    rule "init_vm" state[s] = RESERVED ==>
    begin state[s] := LIVE; created[s] := n; end;
  end;

  ruleset v: Vcpu do
    rule "init_vcpu" has_vm(s) & v < created[s] & !ready[s][v] ==>
    begin ready[s][v] := true; end;

    ruleset c: Cpu do
      rule "load" slot_on[c] = UNLOADED & $loadable & ready[s][v] & !is_loaded_vcpu(s, v) ==>
      begin slot_on[c] := s; vcpu_on[c] := v; end;
    end;
  end;

  ruleset p: Page do
    rule "reclaim" state[s] = DYING & owner[p] = s ==>
    begin owner[p] := HOST; end;
  end;
end;

ruleset c: Cpu do
  rule "put" slot_on[c] != UNLOADED ==>
  begin slot_on[c] := UNLOADED; vcpu_on[c] := 0; end;

  ruleset p: Page do
    rule "donate" slot_on[c] != UNLOADED & owner[p] = HOST ==>
    begin owner[p] := slot_on[c]; end;
  end;
end;

invariant "a VM in use is live"
  forall s: Slot do state[s] = LIVE | !is_loaded(s) end;
""")


def atomic_host(slots: int, vcpus: int, pages: int, mutant: str | None = None) -> str:
    """Return family H in Murphi."""
    return ATOMIC_HOST.substitute(slots=slots, vcpus=vcpus, pages=pages, cpus=CPUS,
                                  loadable="has_vm(s)" if mutant == "M1" else "state[s] = LIVE")


SCRIPT = Template("""\
-- B($runners, $destroyers, $rounds, $pages). pc[t] is the number of a thread's next step; ok[t] is what its call has
-- found out, until the step that acts on it.
const
  THREADS: $threads; RUNNERS: $runners; PAGES: $pages; MOST: THREADS;
type
  Thread: 0 .. THREADS - 1;
  Vm: enum { LIVE, DYING, REMOVED, FREED };
var
  pc: array [Thread] of 0 .. $longest;
  ok: array [Thread] of boolean;
  lock: boolean;
  vm: Vm;
  ref: 0 .. MOST;
  loaded: array [0 .. RUNNERS - 1] of boolean;
  reclaimed: array [0 .. PAGES - 1] of boolean;

startstate begin
  for t: Thread do pc[t] := 0; ok[t] := false; end;
  lock := false;
  vm := LIVE;
  ref := 0;
  for i: 0 .. RUNNERS - 1 do loaded[i] := false; end;
  for p: 0 .. PAGES - 1 do reclaimed[p] := false; end;
end;

$rules

invariant "a VM in use is live"
  (vm = LIVE | forall i: 0 .. RUNNERS - 1 do !loaded[i] end) & (ref = 0 | vm = LIVE | vm = DYING);
""")

EFFECTS = {
    "lock": "lock := true;", "unlock": "lock := false;", "run": "", "free": "vm := FREED;",
    "may load": "ok[$thread] := $loadable & !loaded[$it];", "put": "loaded[$it] := false; ref := ref - 1;",
    "may start": "ok[$thread] := vm = LIVE & ref = 0;",
    "get": "ok[$thread] := vm = LIVE | vm = DYING; if ok[$thread] then ref := ref + 1; end;",
    "reclaim": "if vm = DYING then reclaimed[$it] := true; end;", "drop": "ref := ref - 1;",
    "may finalize": "ok[$thread] := vm = DYING & $idle;"}
"""What each step does."""
IF_OK = {"load": "loaded[$it] := true; ref := ref + 1;", "start": "vm := DYING;", "let go": "lock := false;",
         "remove": "vm := REMOVED;"}
"""What a step does if its call may go on; otherwise it unlocks, and the call ends."""
RULE = Template("""\
rule pc[$thread] = $at$enabled ==>
begin
  $effect
end;
""")
ACT = """\
if ok[$thread] then $act pc[$thread] := $next; else lock := false; pc[$thread] := $end; end;
  ok[$thread] := false;"""


def script(runners: int, destroyers: int, rounds: int, pages: int, mutant: str | None = None) -> str:
    """Return family B in Murphi."""
    programs = list(list_programs(runners, destroyers, rounds, pages))
    asks = {"loadable": "(vm = LIVE | vm = DYING)" if mutant == "M1" else "vm = LIVE",
            "idle": "true" if mutant == "M3" else "ref = 0"}
    return SCRIPT.substitute(
        runners=runners, destroyers=destroyers, rounds=rounds, pages=pages, threads=len(programs),
        longest=max(map(len, programs)),
        rules="\n".join(write_rule(step, thread, at, asks) for thread, steps in enumerate(programs)
                        for at, step in enumerate(steps)))


def write_rule(step: NumberedStep, thread: int, at: int, asks: dict[str, str]) -> str:
    """Return the rule for a thread's step."""
    numbers = {"thread": thread, "at": at, "it": step.argument, "next": at + 1, "end": at + step.to_end}
    effect = (ACT.replace("$act", IF_OK[step.what]) if step.what in IF_OK
              else f"{EFFECTS[step.what]} pc[$thread] := $next;".lstrip())
    return RULE.substitute(numbers, enabled=" & !lock" if step.what == "lock" else "",
                           effect=Template(effect).substitute(numbers, **asks))
