"""Whether a goal can be reached is answered as a search from each state would answer it, in any order of questions."""
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pkvm_model.explore.engine.ways import Way

Graph = dict[int, list[int]]
STATES = 8
GRAPHS = st.fixed_dictionaries({state: st.lists(st.integers(0, STATES - 1), max_size=3) for state in range(STATES)})


def can_reach(graph: Graph, start: int, goals: set[int]) -> bool:
    """Return True if a goal is among the states that can be reached."""
    seen, queue = {start}, [start]
    for state in queue:
        fresh = set(graph[state]) - seen
        seen |= fresh
        queue += sorted(fresh)
    return bool(seen & goals)


@given(GRAPHS, st.sets(st.integers(0, STATES - 1), max_size=2), st.permutations(range(STATES)))
def test_every_state_gets_the_answer_of_its_own_search(graph: Graph, goals: set[int], order: list[int]) -> None:
    way = Way(lambda state: graph[state], lambda state: state in goals)
    assert {state: way(state) for state in order} == {state: can_reach(graph, state, goals) for state in order}


def test_a_state_is_expanded_only_as_far_as_its_question_needs() -> None:
    expanded: list[int] = []

    def list_successors(state: int) -> list[int]:
        expanded.append(state)
        return [state + 1, state + 100]

    assert Way(list_successors, lambda state: state == 5)(0)
    assert expanded == [0, 1, 2, 3, 4]


def test_what_is_known_to_lead_to_the_goal_is_not_expanded_again() -> None:
    expanded: list[int] = []

    def list_successors(state: int) -> list[int]:
        expanded.append(state)
        return [state - 1] if state else []

    way = Way(list_successors, lambda state: state == 0)
    assert way(3)
    assert way(5)
    assert expanded == [3, 2, 1, 5, 4]


def test_a_state_from_which_there_is_no_end_of_states_is_lost() -> None:
    assert not Way(lambda state: [state + 1], lambda state: False)(0)


def test_a_goal_beside_an_endless_path_is_found() -> None:
    assert Way(lambda state: [state + 1, -1] if state >= 0 else [], lambda state: state == -1)(0)
