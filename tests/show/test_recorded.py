"""Recorded lives as a notebook shows them."""

from pkvm_model.model.revisions import MERGED, V1
from pkvm_model.show.recorded import numbered, recorded


def test_a_recorded_life_beside_the_model_is_a_table_with_a_summary() -> None:
    lines = repr(recorded("n1").replayed()).splitlines()
    assert lines[0] == "Scenario n1: kernel 6.19.14 and the model as pre"
    assert lines[3].split() == ["__pkvm_host_share_hyp", "kvm0;", "kvm0.p1", "2", "0", "0", "yes"]
    assert lines[-1] == "6 of 6 modelled calls returned what the kernel returned; 0 rows of other calls."


def test_its_html_has_a_caption_and_heads_for_columns_and_rows() -> None:
    page = recorded("n1").replayed()._repr_html_()
    assert "Scenario n1: kernel 6.19.14 and the model as pre</caption>" in page
    assert 'scope="col"' in page
    assert 'scope="row"' in page


def test_calls_are_selected_by_a_word_in_their_name() -> None:
    split = recorded("n3", "7.3.4").calls("teardown")
    assert split.names == ["__pkvm_start_teardown_vm", "__pkvm_finalize_teardown_vm"]


def test_an_injected_call_that_ended_the_machine_shows_no_value() -> None:
    torn = recorded("n23").calls("teardown")
    assert torn.made == (("__pkvm_teardown_vm", "__pkvm_teardown_vm(0x1000)", "did not return: EL2 panic"),)


def test_the_model_answers_injected_calls_as_the_kernels_did() -> None:
    rows = [row for kernel in ("6.19.14", "7.3.4") for row in recorded("n25", kernel).replayed()]
    assert {"-ENOENT", "-EINVAL"} <= {row.kernel for row in rows}
    assert [row.cells for row in rows if row.agree is False] == []


def test_the_log_holds_only_lines_of_the_kernel() -> None:
    assert [line.split(":")[0] for line, in recorded("n23").log().rows] == ["kvm [152]", "Kernel panic - not syncing"]


def test_a_life_can_be_replayed_as_another_kernel() -> None:
    life = recorded("n3", "7.3.4")
    assert [row.cells for row in life.replayed(V1) if row.agree is False] == []
    assert {row.cells for row in life.replayed(MERGED) if row.agree is False} == {
        ("__pkvm_host_unshare_guest", "0", "-EINVAL", "NO")}


def test_call_numbers_follow_the_order_of_the_words_with_a_dash_for_a_missing_call() -> None:
    table = numbered(["vcpu_put", "start_teardown"], ["6.19.14", "7.3.4"])
    assert table.heads == ("call", "6.19.14", "7.3.4")
    assert table.rows == [("__pkvm_vcpu_put", "33", "48"), ("__pkvm_start_teardown_vm", "–", "45")]


def test_an_unknown_number_is_not_understood_and_differs_from_a_call_without_answer() -> None:
    assert recorded("n20", "7.3.4").calls("unknown").made[0][2] == "not understood"
    assert recorded("n3", "7.3.4").calls("vcpu_put").made[0][2] == "void"
