"""The life of a page, found by making all calls in all states."""
from __future__ import annotations

from pkvm_model.graphs.page_life import Rights, moves, page_life
from pkvm_model.model.revisions import PRE, UPSTREAM

OWN, GIVEN = Rights("O", "-", "-"), Rights("-", "O", "-")
LENT, PINNED, TO_GUEST = Rights("S", "B", "-"), Rights("S", "B", "-", True), Rights("S", "-", "B")


def test_a_page_has_one_owner_wherever_it_is() -> None:
    every = {rights for old, _, new in moves(PRE) for rights in (old, new)}
    assert every == {OWN, GIVEN, LENT, PINNED, TO_GUEST}
    assert {rights.owners for rights in every} == {1}


def test_a_pinned_page_does_not_go_home_before_the_teardown_that_unpins_it() -> None:
    assert [(name, new) for old, name, new in moves(PRE) if old == PINNED] == [("teardown", LENT)]


def test_a_lent_page_cannot_be_given_away() -> None:
    assert {old for old, _, new in moves(PRE) if new == GIVEN} == {OWN}


def test_a_kernel_without_the_teardown_lacks_its_move() -> None:
    assert "teardown" not in {name for _, name, _ in moves(UPSTREAM)}


def test_the_pictures_words_name_each_move() -> None:
    words = repr(page_life(PRE))
    assert words.count("leads from") == len(moves(PRE))
    assert "init_vm leads from “host owns” to “EL2 owns”" in words
