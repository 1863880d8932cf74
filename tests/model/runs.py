"""Random runs of random calls, for tests of what holds in all of them."""
from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import strategies as st

from pkvm_model.model.host import HOST_CALLS
from pkvm_model.model.revisions import REVISIONS
from pkvm_model.model.run import parameters
from pkvm_model.model.state import Config, Cpu, State
from pkvm_model.model.view import ModelError
from pkvm_model.show.words import shorten
from tests.model.machine import HANDLE, Machine

PAGES = ["g0", "g1", "g0+", "kvm0", "kvm1", "hv0.0", "hv0.1", "vm0", "vm1", "vc0.0", "vc0.1", "pgd0", "pgd1"]
PLAUSIBLE: dict[str, st.SearchStrategy[Any]] = {
    "page": st.sampled_from(["g0", "g1"]), "kvm": st.just("kvm0"), "host_vcpu": st.sampled_from(["hv0.0", "hv0.1"]),
    "vm_mem": st.just("vm0"), "pgd_mem": st.just("pgd0"), "vcpu_mem": st.sampled_from(["vc0.0", "vc0.1"]),
    "handle": st.just(HANDLE), "idx": st.integers(0, 1), "gfn": st.integers(0, 2), "nr": st.just(1),
    "nr_vcpus": st.integers(1, 2), "prot": st.just("RWX"), "topup": st.just(2), "protected": st.booleans()}
ARBITRARY: dict[str, st.SearchStrategy[Any]] = {
    "str": st.sampled_from([*PAGES, "RWX", "R", "DEV", "x", "a.b"]), "bool": st.booleans(),
    "int": st.one_of(st.integers(-2, 5), st.sampled_from([512, HANDLE, HANDLE + 1, 1 << 28, 1 << 36]),
                     st.integers(-10**17, 2**63))}
PROLOGUE: list[tuple[Any, ...]] = [("create", "kvm0"), ("first run", "kvm0", "hv0.0"), ("load", HANDLE, 0),
                                   ("fault", "kvm0", "g0", 0), ("put",)]


@st.composite
def calls(draw: st.DrawFn, names: list[str]) -> tuple[str, tuple[Any, ...]]:
    """Draw a call with arguments, six times out of seven a call that a host would make."""
    name = draw(st.sampled_from(names))
    plausible = draw(st.integers(0, 6)) > 0
    args = tuple(draw(PLAUSIBLE[arg] if plausible and arg in PLAUSIBLE else ARBITRARY[parameter.annotation])
                 for arg, parameter in parameters(name).items())
    return name, args


@st.composite
def runs(draw: st.DrawFn, steps: int = 25) -> Machine:
    """Draw a machine that has run some calls, whole or region by region, with or without some of its guards."""
    revision = draw(st.sampled_from(list(REVISIONS.values())))
    revision = revision.without(*draw(st.sets(st.sampled_from(sorted(revision.guards)), max_size=2)))
    machine = Machine(revision, State(draw(st.sampled_from([Config(), Config(slots=2), Config(cpus=3, vm_pages=2)]))))
    for name, *args in PROLOGUE[:draw(st.integers(0, len(PROLOGUE)))]:
        machine.call(0, name, *args)
    names = sorted({*revision.calls, *HOST_CALLS})
    for _ in range(draw(st.integers(0, steps))):
        if machine.state.end:
            break
        go_on(machine, draw(st.integers(0, machine.state.config.cpus - 1)), draw(st.booleans()), draw(calls(names)))
    return machine


def go_on(machine: Machine, cpu: int, whole: bool, request: tuple[str, tuple[Any, ...]]) -> None:
    """Run a region or a whole call on a CPU, or what is left of the call that it is in the middle of.

    Nothing happens on a CPU that waits for a lock of the host's.
    """
    with suppress(ModelError):
        run_on(machine, cpu, whole, request)


def run_on(machine: Machine, cpu: int, whole: bool, request: tuple[str, tuple[Any, ...]]) -> None:
    """Do the same, but raise ModelError if the CPU has to wait."""
    name, args = request
    if machine.state.get(Cpu, cpu).flight:
        _ = machine.finish(cpu) if whole else machine.resume(cpu)
    elif whole:
        machine.call(cpu, shorten(name), *args)
    else:
        machine.begin(cpu, shorten(name), *args)
