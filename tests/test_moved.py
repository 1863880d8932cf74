"""What learners wrote before the model moved into rooms still runs: answers, hand-ins, copies of chapters."""
from __future__ import annotations

from importlib import import_module

import pytest

from pkvm_model.practice.exercises import find_exercise
from pkvm_model.practice.judge import judge

IMPORTED = {
    "course.course_map": "contents course_map ways",
    "explore.check": "Always Sometimes explore",
    "explore.fixes": "judge_fix",
    "explore.machines": "Scripts",
    "explore.mutants": "compare flush_late mutate refuse_leftovers",
    "explore.properties": "INVARIANTS",
    "guest_memory": "__pkvm_host_unshare_guest",
    "hypercalls": "destroy_hyp_vm init_pkvm_hyp_vm",
    "lesson": "Table bench claim counted el2_time find free_host lifecycle play play_out progress quiz recorded "
              "schedule sequence side_by_side source state_graph",
    "memory": "host_donate_hyp",
    "protected_memory": "reclaim_page",
    "recording": "call_numbers call_with load replay_all",
    "revisions": "EBUSY EINVAL ENOENT MERGED PRE UPSTREAM V1",
    "scenes": "LENT_PAGE scene",
    "show.el2_time": "APART NEAR lines",
    "show.guards": "noticed without",
    "show.judged": "judged",
    "show.page_life": "moves page_life",
    "show.patch": "patch",
    "show.recorded": "numbered",
    "show.repairs": "repairs",
    "state": "Cpu Page Slot Vcpu Vm",
    "trace": "parse replay",
    "vm_table": "get_pkvm_hyp_vm get_vm_by_handle hyp_page_count hyp_page_ref_dec hyp_page_ref_inc "
                "remove_vm_table_entry"}
"""Every name that chapters and exercises of version 0.1.0 imported, by module."""
NEW = "from pkvm_model.kernel import EBUSY, EINVAL, ENOENT, get_vm_by_handle, hyp_page_count\n"
OLD = """from pkvm_model.revisions import EBUSY, EINVAL, ENOENT
from pkvm_model.vm_table import get_vm_by_handle, hyp_page_count
"""


@pytest.mark.parametrize(("module", "names"), IMPORTED.items())
def test_names_that_learners_import_still_exist(module: str, names: str) -> None:
    assert not set(names.split()) - vars(import_module(f"pkvm_model.{module}")).keys()


def test_an_answer_with_old_import_lines_passes() -> None:
    solution = find_exercise("close-the-gap").solution
    assert NEW in solution
    assert judge("close-the-gap", solution.replace(NEW, OLD)).passed


def test_a_module_that_never_existed_is_still_refused() -> None:
    with pytest.raises(ModuleNotFoundError):
        import_module("pkvm_model.no_such_room")
