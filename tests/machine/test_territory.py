"""EL2's records of pages, read through its page table, beside the model's."""
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pkvm_model.machine.failure import MachineError
from pkvm_model.machine.holdings import Holding
from pkvm_model.machine.layout import Field
from pkvm_model.machine.places import PAGE
from pkvm_model.machine.territory import ARRAY, Territory, compare_pages
from pkvm_model.model.revisions import UPSTREAM
from pkvm_model.model.run import begin, call
from pkvm_model.model.state import NOPAGE, OWNED, SHARED_BORROWED, SHARED_OWNED, State
from pkvm_model.model.steps import Call
from tests.machine.fakes import FakeMemory, make_places

FIELDS = {"refcount": Field(0, 16), "__host_state": Field(24, 4), "__hyp_state_comp": Field(28, 4),
          "host_share_guest_count": Field(32, 32)}
VARIABLE, RECORDS = 0x8000_1234_5008, 0x6000_0000_0000
ROOT, AT_VARIABLE, AT_RECORDS = 0x10000, 0x40000, 0x200000


class FakeRegisters(FakeMemory):
    """A debugger that shows one register."""

    def read_register(self, cpu: int, name: str) -> int:
        """Return the root of EL2's page table, with a number that is not part of the address."""
        assert (cpu, name) == (0, "TTBR0_EL2")
        return ROOT | 1

    def map(self, address: int, page: int, block: bool = False) -> None:
        """Make an address lead to a page, or to a block of 2 MB."""
        table = ROOT
        for level, shift in enumerate((39, 30, 21, 12)):
            place = table + 8 * (address >> shift & 511)
            is_last = shift == (21 if block else 12)
            table = page if is_last else table + PAGE * (1 + level + (address >> 40))
            self.write_memory(place, (table | (1 if is_last and block else 3)).to_bytes(8, "little"))
            if is_last:
                return

    def record(self, page: int, host: int, hyp: int, guests: int = 0, references: int = 0) -> None:
        """Set the record of a page."""
        value = references | host << 24 | (~hyp & 3) << 28 | guests << 32
        self.write_memory(AT_RECORDS + 8 * page, value.to_bytes(8, "little"))


def make_territory() -> tuple[Territory, FakeRegisters]:
    """Return a territory and the memory in which it is kept."""
    memory = FakeRegisters()
    memory.map(VARIABLE, AT_VARIABLE)
    memory.map(RECORDS, AT_RECORDS, block=True)
    memory.write_memory(AT_VARIABLE + VARIABLE % PAGE, RECORDS.to_bytes(8, "little"))
    layout: Any = SimpleNamespace(size=lambda name: 8, field=lambda name, path: FIELDS[path])
    symbols: Any = SimpleNamespace(find=lambda name: VARIABLE if name == ARRAY else 0)
    return Territory(memory, symbols, layout), memory


def test_a_record_is_found_through_the_page_table_of_el2() -> None:
    territory, memory = make_territory()
    memory.record(5, host=1, hyp=2, references=3)
    memory.record(6, host=1, hyp=3, guests=2)
    assert territory.read(5) == Holding(SHARED_OWNED, SHARED_BORROWED, 0, 3)
    assert territory.read(6) == Holding(SHARED_OWNED, NOPAGE, 2, 0)
    assert territory.read(7) == Holding(OWNED, NOPAGE, 0, 0)


def test_an_address_without_memory_is_an_error_of_one_line() -> None:
    territory, _ = make_territory()
    with pytest.raises(MachineError, match="EL2 has no memory at 0x7000"):
        territory.read_virtual(0x7000, 8)


@pytest.mark.parametrize(("hyp", "is_believed"), [(2, True), (1, False)])
def test_records_are_believed_if_they_change_as_they_must(hyp: int, is_believed: bool) -> None:
    territory, memory = make_territory()
    lend, end = lambda: memory.record(5, host=1, hyp=hyp), lambda: memory.record(5, host=0, hyp=3)
    assert territory.check(5, lend, end) is is_believed


def test_only_pages_that_differ_are_named() -> None:
    territory, memory = make_territory()
    places = make_places()
    places.names = {"kvm0": 5 * PAGE, "g0": 6 * PAGE}
    memory.record(5, host=1, hyp=2)
    memory.record(6, host=0, hyp=3)
    state = call(State(), UPSTREAM, 0, "__pkvm_host_share_hyp", "kvm0").state
    assert all(claim.is_settled for claim in compare_pages(territory, places, state, []))
    memory.record(6, host=3, hyp=0)
    found = [claim for claim in compare_pages(territory, places, state, []) if not claim.is_settled]
    assert [str(each) for each in found] == [
        "page g0 on the machine: host NOPAGE, EL2 OWNED, lent to 0, count 0; "
        "in the model: host OWNED, EL2 NOPAGE, lent to 0, count 0"]


def test_the_root_of_a_stage_2_is_not_compared_while_it_is_given_back() -> None:
    territory, memory = make_territory()
    places = make_places()
    places.names = {"pgd0": 5 * PAGE}
    memory.record(5, host=0, hyp=3)
    state = State()
    for name, *args in (("kvm_create_vm", "kvm0"), ("kvm_first_run", "kvm0", "hv0.0"),
                        ("__pkvm_start_teardown_vm", 0x1000)):
        state = call(state, UPSTREAM, 0, str(name), *args).state
    assert not compare_pages(territory, places, state, {"pgd0"})[0].is_settled
    state = begin(state, UPSTREAM, 0, Call("__pkvm_finalize_teardown_vm", (0x1000,))).state
    assert compare_pages(territory, places, state, {"pgd0"})[0].is_settled
