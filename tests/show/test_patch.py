"""The model's own difference between two kernels: every hunk of the mail, and nothing that is not in it."""
from __future__ import annotations

import inspect

import pytest

from pkvm_model.model.revisions import PRE, UPSTREAM, V1, Revision
from pkvm_model.model.run import CALLS
from pkvm_model.show.patch import HUNKS, compare_hunk, patch

FILES = {"include/asm/kvm_asm.h", "include/asm/kvm_host.h", "kvm/hyp/include/nvhe/pkvm.h", "kvm/hyp/nvhe/hyp-main.c",
         "kvm/hyp/nvhe/pkvm.c", "kvm/pkvm.c"}


def list_changes(before: Revision = PRE, after: Revision = V1) -> str:
    return "\n".join(line for part in patch(before, after) for line in part.changed)


def test_every_file_of_the_mail_is_there_and_every_hunk_changes_something() -> None:
    assert {hunk.file for hunk in HUNKS} == FILES
    assert all(part.changed for part in patch(PRE, V1))


def test_every_guard_call_and_habit_that_differs_is_shown() -> None:
    differs = {*PRE.guards} ^ {*V1.guards} | PRE.calls ^ V1.calls | PRE.host ^ V1.host
    assert not [name for name in sorted(differs) if name not in list_changes()]


def test_what_both_kernels_have_is_not_shown_as_changed() -> None:
    same = {*PRE.guards} & {*V1.guards} | PRE.host & V1.host
    assert not [name for name in sorted(same) if name in list_changes()]


def test_the_deleted_warning_is_gone_and_returns_nowhere() -> None:
    finalise = next(part for part in patch(PRE, V1) if part.hunk.where == "__pkvm_finalize_teardown_vm")
    gone = [line[0] for line in finalise.changed if "hyp_page_count" in line or "EL2 warns; after that -EBUSY" in line]
    assert gone == ["-", "-"]


def test_a_kernel_does_not_differ_from_itself() -> None:
    assert list_changes(V1, V1) == ""


def test_a_removed_guard_is_a_difference() -> None:
    assert "load_not_dying" in list_changes()
    assert "load_not_dying" not in list_changes(PRE, V1.without("load_not_dying"))


def test_the_later_repair_is_one_line_of_finalise() -> None:
    finalise = next(hunk for hunk in HUNKS if hunk.where == "__pkvm_finalize_teardown_vm")
    lines = compare_hunk(finalise, V1, UPSTREAM).changed
    assert [line for line in lines if line.startswith("+") and "finalize_unreferenced" in line]


def test_a_python_that_stores_docstrings_without_their_indentation_shows_the_same_lines(
        monkeypatch: pytest.MonkeyPatch) -> None:
    before = patch(PRE, V1)
    for call in CALLS.values():
        # Python 3.13 and newer do this when they compile a function.
        monkeypatch.setattr(call, "__doc__", inspect.getdoc(call))
    assert patch(PRE, V1) == before


def test_the_text_form_names_file_and_place() -> None:
    first = patch(PRE, V1)[0]
    assert repr(first).splitlines()[0] == "include/asm/kvm_asm.h: enum __kvm_host_smccc_func"
    assert "<b>include/asm/kvm_asm.h: enum" in first._repr_html_()


def test_in_the_list_of_numbers_one_call_becomes_two_in_its_place() -> None:
    assert patch(PRE, V1)[0].lines == ("  ...", "  __pkvm_init_vcpu", "- __pkvm_teardown_vm",
                                       "+ __pkvm_start_teardown_vm", "+ __pkvm_finalize_teardown_vm",
                                       "  __pkvm_vcpu_load", "  ...")
