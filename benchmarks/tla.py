"""The families in TLA+, for TLC: a module and its configuration; one action is one transition.

A call that would fail has no action. `Safe` is the invariant that TLC checks in every state.
"""
from __future__ import annotations

from benchmarks.programs import NumberedStep, list_programs

CPUS = 2

ATOMIC_HOST = r"""---- MODULE AtomicHost ----
\* Family H. ready[s] has the initialised vCPUs of slot s; loaded[c] is <<>> or <<slot, vCPU>>.
EXTENDS Naturals
CONSTANTS NSlots, NVcpus, NCpus, NPages, LoadAsksDying
VARIABLES state, created, ready, loaded, owner

Slots == 0 .. NSlots - 1
Vcpus == 0 .. NVcpus - 1
Cpus  == 0 .. NCpus - 1
Pages == 0 .. NPages - 1
FREE == 0
RESERVED == 1
LIVE == 2
DYING == 3
HOST == NSlots
LOST == NSlots + 1

Init == /\ state   = [s \in Slots |-> FREE]
        /\ created = [s \in Slots |-> 0]
        /\ ready   = [s \in Slots |-> {}]
        /\ loaded  = [c \in Cpus  |-> <<>>]
        /\ owner   = [p \in Pages |-> HOST]

IsLoaded(s) == \E c \in Cpus : loaded[c] # <<>> /\ loaded[c][1] = s

Become(s, now) == state' = [state EXCEPT ![s] = now]

Reserve(s)     == /\ state[s] = FREE
                  /\ \A lower \in 0 .. s - 1 : state[lower] # FREE
                  /\ Become(s, RESERVED) /\ UNCHANGED <<created, ready, loaded, owner>>
Unreserve(s)   == /\ state[s] = RESERVED
                  /\ Become(s, FREE) /\ UNCHANGED <<created, ready, loaded, owner>>
InitVm(s, n)   == /\ state[s] = RESERVED
                  /\ Become(s, LIVE) /\ created' = [created EXCEPT ![s] = n] /\ UNCHANGED <<ready, loaded, owner>>
InitVcpu(s, v) == /\ state[s] >= LIVE /\ v < created[s] /\ v \notin ready[s]
                  /\ ready' = [ready EXCEPT ![s] = @ \cup {v}] /\ UNCHANGED <<state, created, loaded, owner>>
Load(c, s, v)  == /\ loaded[c] = <<>>
                  /\ state[s] = LIVE \/ (~LoadAsksDying /\ state[s] = DYING)
                  /\ v \in ready[s]
                  /\ \A other \in Cpus : loaded[other] # <<s, v>>
                  /\ loaded' = [loaded EXCEPT ![c] = <<s, v>>] /\ UNCHANGED <<state, created, ready, owner>>
Put(c)         == /\ loaded[c] # <<>>
                  /\ loaded' = [loaded EXCEPT ![c] = <<>>] /\ UNCHANGED <<state, created, ready, owner>>
Donate(c, p)   == /\ loaded[c] # <<>> /\ owner[p] = HOST
                  /\ owner' = [owner EXCEPT ![p] = loaded[c][1]] /\ UNCHANGED <<state, created, ready, loaded>>
Reclaim(s, p)  == /\ state[s] = DYING /\ owner[p] = s
                  /\ owner' = [owner EXCEPT ![p] = HOST] /\ UNCHANGED <<state, created, ready, loaded>>
Start(s)       == /\ state[s] = LIVE /\ ~IsLoaded(s)
                  /\ Become(s, DYING) /\ UNCHANGED <<created, ready, loaded, owner>>
Finalize(s)    == /\ state[s] = DYING /\ ~IsLoaded(s)
                  /\ Become(s, FREE)
                  /\ created' = [created EXCEPT ![s] = 0]
                  /\ ready' = [ready EXCEPT ![s] = {}]
                  /\ owner' = [p \in Pages |-> IF owner[p] = s THEN LOST ELSE owner[p]]
                  /\ UNCHANGED loaded

Next == \/ \E s \in Slots : \/ Reserve(s) \/ Unreserve(s) \/ Start(s) \/ Finalize(s)
                            \/ \E n \in 1 .. NVcpus : InitVm(s, n)
                            \/ \E v \in Vcpus : InitVcpu(s, v) \/ \E c \in Cpus : Load(c, s, v)
                            \/ \E p \in Pages : Reclaim(s, p)
        \/ \E c \in Cpus : Put(c) \/ \E p \in Pages : Donate(c, p)

Spec == Init /\ [][Next]_<<state, created, ready, loaded, owner>>
Safe == \A c \in Cpus : loaded[c] # <<>> => state[loaded[c][1]] = LIVE
====
"""

SCRIPT = r"""---- MODULE Script ----
\* Family B. A step of a program is <<what, of which vCPU or page, how far to jump if ok is false>>.
EXTENDS Naturals, Sequences
CONSTANTS NRunners, NPages, LoadAsksDying, FinalizeAsksRef
VARIABLES pc, ok, lock, vm, ref, loaded, reclaimed

Program == <<
$PROGRAMS
>>
Threads == 1 .. Len(Program)
LIVE == 0
DYING == 1
REMOVED == 2
FREED == 3

Init == /\ pc = [t \in Threads |-> 1]
        /\ ok = [t \in Threads |-> FALSE]
        /\ lock = FALSE /\ vm = LIVE /\ ref = 0
        /\ loaded = [i \in 0 .. NRunners - 1 |-> FALSE]
        /\ reclaimed = [p \in 0 .. NPages - 1 |-> FALSE]

Jump(t, steps) == pc' = [pc EXCEPT ![t] = @ + steps]
Find(t, found) == ok' = [ok EXCEPT ![t] = found] /\ Jump(t, 1)
Act(t)         == Jump(t, 1) /\ ok' = [ok EXCEPT ![t] = FALSE]
GiveUp(t, far) == Jump(t, far) /\ lock' = FALSE /\ UNCHANGED <<ok, vm, ref, loaded, reclaimed>>

Step(t) == pc[t] <= Len(Program[t]) /\
  LET what == Program[t][pc[t]][1]
      it   == Program[t][pc[t]][2]
      far  == Program[t][pc[t]][3]
  IN CASE what = "lock" ->
            ~lock /\ lock' = TRUE /\ Jump(t, 1) /\ UNCHANGED <<ok, vm, ref, loaded, reclaimed>>
       [] what = "unlock" ->
            lock' = FALSE /\ Jump(t, 1) /\ UNCHANGED <<ok, vm, ref, loaded, reclaimed>>
       [] what = "may load" ->
            /\ Find(t, (vm = LIVE \/ (~LoadAsksDying /\ vm = DYING)) /\ ~loaded[it])
            /\ UNCHANGED <<lock, vm, ref, loaded, reclaimed>>
       [] what = "load" ->
            IF ok[t] THEN loaded' = [loaded EXCEPT ![it] = TRUE] /\ ref' = ref + 1 /\ Act(t)
                          /\ UNCHANGED <<lock, vm, reclaimed>>
                     ELSE GiveUp(t, far)
       [] what = "run" ->
            Jump(t, 1) /\ UNCHANGED <<ok, lock, vm, ref, loaded, reclaimed>>
       [] what = "put" ->
            loaded' = [loaded EXCEPT ![it] = FALSE] /\ ref' = ref - 1 /\ Jump(t, 1)
            /\ UNCHANGED <<ok, lock, vm, reclaimed>>
       [] what = "may start" ->
            Find(t, vm = LIVE /\ ref = 0) /\ UNCHANGED <<lock, vm, ref, loaded, reclaimed>>
       [] what = "start" ->
            IF ok[t] THEN vm' = DYING /\ Act(t) /\ UNCHANGED <<lock, ref, loaded, reclaimed>>
                     ELSE GiveUp(t, far)
       [] what = "get" ->
            /\ Find(t, vm < REMOVED) /\ ref' = IF vm < REMOVED THEN ref + 1 ELSE ref
            /\ UNCHANGED <<lock, vm, loaded, reclaimed>>
       [] what = "let go" ->
            IF ok[t] THEN lock' = FALSE /\ Act(t) /\ UNCHANGED <<vm, ref, loaded, reclaimed>>
                     ELSE GiveUp(t, far)
       [] what = "reclaim" ->
            reclaimed' = [reclaimed EXCEPT ![it] = @ \/ vm = DYING] /\ Jump(t, 1)
            /\ UNCHANGED <<ok, lock, vm, ref, loaded>>
       [] what = "drop" ->
            ref' = ref - 1 /\ Jump(t, 1) /\ UNCHANGED <<ok, lock, vm, loaded, reclaimed>>
       [] what = "may finalize" ->
            Find(t, vm = DYING /\ (ref = 0 \/ ~FinalizeAsksRef)) /\ UNCHANGED <<lock, vm, ref, loaded, reclaimed>>
       [] what = "remove" ->
            IF ok[t] THEN vm' = REMOVED /\ Act(t) /\ UNCHANGED <<lock, ref, loaded, reclaimed>>
                     ELSE GiveUp(t, far)
       [] what = "free" ->
            vm' = FREED /\ Jump(t, 1) /\ UNCHANGED <<ok, lock, ref, loaded, reclaimed>>

Next == \E t \in Threads : Step(t)
Spec == Init /\ [][Next]_<<pc, ok, lock, vm, ref, loaded, reclaimed>>
Safe == /\ vm = LIVE \/ \A i \in DOMAIN loaded : ~loaded[i]
        /\ ref = 0 \/ vm < REMOVED
====
"""


def atomic_host(slots: int, vcpus: int, pages: int, mutant: str | None = None) -> tuple[str, str]:
    """Return family H in TLA+: the module and its configuration."""
    return ATOMIC_HOST, configuration(NSlots=slots, NVcpus=vcpus, NCpus=CPUS, NPages=pages,
                                      LoadAsksDying=mutant != "M1")


def script(runners: int, destroyers: int, rounds: int, pages: int, mutant: str | None = None) -> tuple[str, str]:
    """Return family B in TLA+: the module and its configuration."""
    programs = [f"  <<{', '.join(map(write_step, steps))}>>"
                for steps in list_programs(runners, destroyers, rounds, pages)]
    return SCRIPT.replace("$PROGRAMS", ",\n".join(programs)), configuration(
        NRunners=runners, NPages=pages, LoadAsksDying=mutant != "M1", FinalizeAsksRef=mutant != "M3")


def configuration(**constants: int | bool) -> str:
    """Return the configuration for TLC."""
    lines = [f"  {name} = {str(value).upper()}" for name, value in constants.items()]
    return "\n".join(["SPECIFICATION Spec", "INVARIANT Safe", "CONSTANTS", *lines, ""])


def write_step(step: NumberedStep) -> str:
    """Return a step in TLA+."""
    return f'<<"{step.what}", {step.argument}, {step.to_end}>>'
