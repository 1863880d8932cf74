"""CPUs are stopped where they hold no lock: one that waits for another is noticed, and it is tried again."""
from __future__ import annotations

from typing import Any

import pytest

from pkvm_model.machine import parking
from pkvm_model.machine.debugger import Stop
from pkvm_model.machine.failure import MachineError, Silence
from pkvm_model.machine.parking import TRIES, park

ENTRY, TAKE, INSIDE, GIVE, *BEHIND = range(0x1000, 0x1030, 4)
"""A system call: its entry, then the taking of a lock, the work under it, the giving back, and the long way home."""
MOMENT = 21


class Host:
    """CPUs that make one system call for ever, which takes a lock; `stuck` is one that never gives it back."""

    def __init__(self, places: list[int], stuck: int | None = None) -> None:
        self.places, self.stuck, self.breakpoints = places, stuck, set[int]()
        self.holder = next((cpu for cpu, place in enumerate(places) if place in (INSIDE, GIVE)), None)
        self.moments = 0

    def move(self, cpu: int) -> bool:
        """Let a CPU make one instruction; return False if it waits for the lock."""
        place = self.places[cpu]
        if cpu == self.stuck or (place == TAKE and self.holder is not None):
            return False
        self.holder = {TAKE: cpu, GIVE: None}.get(place, self.holder)
        self.places[cpu] = ENTRY if place == BEHIND[-1] else place + 4
        return True

    def resume(self, cpu: int | None, seconds: float) -> Stop:
        """Let one CPU run to a breakpoint, or all to the first that comes to one."""
        chosen = range(len(self.places)) if cpu is None else [cpu]
        for _ in range(len(self.places) * MOMENT):
            for each in chosen:
                if self.move(each) and self.places[each] in self.breakpoints:
                    return Stop(each, 5)
        raise Silence(f"nothing for {seconds} s")

    def start(self, cpu: int | None = None) -> None:
        """Let all CPUs run for a moment."""
        assert (cpu, self.breakpoints) == (None, set())
        self.moments += 1
        for _ in range(MOMENT):
            for each in range(len(self.places)):
                self.move(each)

    def interrupt(self) -> Stop:
        """Stop whatever runs."""
        return Stop(0, 2)

    def set_breakpoints(self, addresses: set[int]) -> None:
        """Have these breakpoints."""
        self.breakpoints = addresses

    def read_registers(self, cpu: int) -> dict[str, int]:
        """Return where a CPU stands."""
        return {"pc": self.places[cpu]}


def park_all(host: Any) -> parking.Parked:
    """Park the CPUs of a host."""
    return park(host, ENTRY, len(host.places))


@pytest.fixture(autouse=True)
def _without_a_breath(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait between two tries: this host has run already."""
    monkeypatch.setattr(parking, "BREATH", 0)


def test_cpus_that_wait_for_nobody_are_parked_at_once() -> None:
    host = Host([BEHIND[-1], ENTRY, TAKE])
    assert park_all(host) == ([{"pc": ENTRY}] * 3, 1)
    assert (host.moments, host.holder) == (0, None)


def test_a_cpu_that_was_stopped_with_a_lock_is_noticed_and_it_is_tried_again() -> None:
    host = Host([BEHIND[-1], TAKE, INSIDE])
    assert park_all(host) == ([{"pc": ENTRY}] * 3, 2)
    assert (host.moments, host.holder) == (1, None)


def test_cpus_that_wait_for_each_other_each_time_are_given_up_in_one_line() -> None:
    host = Host([BEHIND[-1], TAKE, INSIDE], stuck=2)
    with pytest.raises(MachineError, match=f"the CPUs cannot be parked: in {TRIES} tries, one waited for another"):
        park_all(host)
    assert host.moments == TRIES
