"""The minutes of an exercise follow from what is read, chosen, written and tried."""
from __future__ import annotations

from dataclasses import replace

import pytest

from pkvm_model.practice.effort import GLANCE, NEW_LINE, PROSE, round_up
from pkvm_model.practice.exercises import Exercise, find_exercise
from pkvm_model.practice.progress import ExerciseRecord
from pkvm_model.practice.progress_table import find_next


@pytest.fixture
def choice() -> Exercise:
    """Return an exercise in which an answer is chosen."""
    return find_exercise("lived-to-see")


def test_minutes_are_rounded_up_to_five() -> None:
    assert [round_up(minutes) for minutes in (0.1, 5, 5.1, 12)] == [5, 5, 10, 15]


def test_each_word_of_the_task_takes_time(choice: Exercise) -> None:
    longer = replace(choice, task=f"{choice.task} {'word ' * 90}")
    assert longer.effort - choice.effort == pytest.approx(90 / PROSE)


def test_a_harder_choice_takes_more_tries(choice: Exercise) -> None:
    assert replace(choice, difficulty=3).effort > replace(choice, difficulty=1).effort + 2


def test_a_line_to_write_takes_time_and_a_line_that_is_there_takes_none() -> None:
    mine = find_exercise("close-the-hole")
    assert replace(mine, solution=f"{mine.solution}\nmore = 1").effort - mine.effort == pytest.approx(NEW_LINE)
    assert replace(mine, solution=f"{mine.solution}\n{mine.stub}").effort == pytest.approx(mine.effort)


def test_a_pasted_trace_is_walked_and_not_written() -> None:
    mine = replace(find_exercise("find-the-hole"), solution='run = """\n' + "0 resume\n" * 50 + '"""')
    assert mine.effort < find_exercise("find-the-hole").effort + GLANCE


def test_the_main_road_comes_next_before_more_practice() -> None:
    more, main, begun = (replace(find_exercise("lived-to-see"), id=name, road=road)
                         for name, road in [("more", "more"), ("main", "main"), ("begun", "more")])
    solved = {"main": ExerciseRecord(1, solved=True)}
    assert find_next([more, main], {}) is main
    assert find_next([more, main], solved) is more
    assert find_next([more, main, begun], {"begun": ExerciseRecord(1)}) is main
    assert find_next([more, main, begun], {"begun": ExerciseRecord(1), **solved}) is begun
