"""What notebooks import."""

from pkvm_model.lesson import bench, source
from pkvm_model.scenes.start_here import COLD_OPEN


def test_what_is_shown_as_source_is_what_runs() -> None:
    assert "vm.is_dying = True" in repr(source("__pkvm_start_teardown_vm"))


def test_a_bench_stands_at_the_start_of_its_scene() -> None:
    assert "before the first step. VM 0x1000 is alive and idle" in bench(COLD_OPEN).describe()
