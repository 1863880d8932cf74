"""How recorded lives show themselves."""

from pkvm_model.model.revisions import MERGED, V1
from pkvm_model.show.recorded import numbered, recorded


def test_a_recorded_life_beside_the_model_is_a_table_with_its_count_below() -> None:
    lines = repr(recorded("n1").replayed()).splitlines()
    assert lines[0] == "Scenario n1: kernel 6.19.14 and the model as pre"
    assert lines[3].split() == ["__pkvm_host_share_hyp", "kvm0;", "kvm0.p1", "2", "0", "0", "yes"]
    assert lines[-1] == "6 of 6 modelled calls returned what the kernel returned; 0 rows of other calls."


def test_its_html_has_a_caption_and_heads_for_columns_and_rows() -> None:
    page = recorded("n1").replayed()._repr_html_()
    assert "Scenario n1: kernel 6.19.14 and the model as pre</caption>" in page
    assert 'scope="col"' in page
    assert 'scope="row"' in page


def test_calls_are_picked_by_a_word_of_their_name() -> None:
    split = recorded("n3", "7.3.4").calls("teardown")
    assert split.names == ["__pkvm_start_teardown_vm", "__pkvm_finalize_teardown_vm"]


def test_a_call_that_was_put_in_and_ended_the_machine_shows_no_value() -> None:
    torn = recorded("n23").calls("teardown")
    assert torn.made == (("__pkvm_teardown_vm", "__pkvm_teardown_vm(0x1000)", "did not return: EL2 panic"),)


def test_in_every_wrong_order_the_model_answers_as_the_kernels_did_to_calls_that_were_put_in() -> None:
    rows = [row for kernel in ("6.19.14", "7.3.4") for row in recorded("n25", kernel).replayed()]
    assert {"-ENOENT", "-EINVAL"} <= {row.kernel for row in rows}
    assert [row.cells for row in rows if row.agree is False] == []


def test_the_log_has_the_lines_of_the_kernel_and_nothing_else() -> None:
    assert [line.split(":")[0] for line, in recorded("n23").log().rows] == ["kvm [152]", "Kernel panic - not syncing"]


def test_a_life_can_be_replayed_as_another_kernel_than_its_own() -> None:
    life = recorded("n3", "7.3.4")
    assert [row.cells for row in life.replayed(V1) if row.agree is False] == []
    assert {row.cells for row in life.replayed(MERGED) if row.agree is False} == {
        ("__pkvm_host_unshare_guest", "0", "-EINVAL", "NO")}


def test_numbers_of_calls_stand_in_the_order_of_the_words_with_a_dash_where_a_kernel_has_none() -> None:
    table = numbered(["vcpu_put", "start_teardown"], ["6.19.14", "7.3.4"])
    assert table.heads == ("call", "6.19.14", "7.3.4")
    assert table.rows == [("__pkvm_vcpu_put", "33", "48"), ("__pkvm_start_teardown_vm", "–", "45")]


def test_a_number_that_is_in_no_table_was_not_understood_which_is_no_call_without_an_answer() -> None:
    assert recorded("n20", "7.3.4").calls("unknown").made[0][2] == "not understood"
    assert recorded("n3", "7.3.4").calls("vcpu_put").made[0][2] == "void"
