"""How long a chapter takes is measured from what is read, clicked and asked on its main road."""
from __future__ import annotations

from typing import Any

import pytest

from pkvm_model.course.publish.minutes import measure, state_minutes
from pkvm_model.practice.effort import CODE, GLANCE, PROSE
from pkvm_model.practice.exercises import load_exercises

END = {"cell_type": "markdown", "id": "can-do", "source": "## What you can now do\n\nRead on.", "metadata": {}}
RUN = "play(SCENE, 1, 0, 1)"


def text(source: str, name: str = "text") -> dict[str, Any]:
    """Return a cell of prose."""
    return {"cell_type": "markdown", "id": name, "source": source, "metadata": {}}


def code(source: str, shown: str = "", hidden: bool = True) -> dict[str, Any]:
    """Return a cell of code."""
    outputs = [{"output_type": "execute_result", "data": {"text/plain": shown}}] if shown else []
    return {"cell_type": "code", "id": "code", "source": source, "outputs": outputs,
            "metadata": {"jupyter": {"source_hidden": True}} if hidden else {}}


def clicks(*sources: str) -> int:
    """Return how many glances cells of code take."""
    return round(measure([code("\n".join(sources)), END]).road / GLANCE)


def test_prose_takes_its_words_without_sources_and_addresses() -> None:
    words = "one two [three](page.ipynb#with-many-words) four"
    fold = "<details><summary>Sources</summary>\n\n- much (read: `file:function`, pre)\n\n</details>"
    assert measure([text(words), text(fold), END]).road == pytest.approx(4 / PROSE)


def test_code_is_read_unless_it_is_folded() -> None:
    assert measure([code("a = b + c", hidden=False), END]).road == pytest.approx(3 / CODE)
    assert measure([code("a = b + c"), END]).road == 0


def test_the_sentence_of_a_folded_claim_is_read() -> None:
    assert measure([code("claim('', True)", "holds: so it is."), END]).road == pytest.approx(4 / PROSE)


def test_a_question_is_read_with_its_options_and_the_right_ones_sentence() -> None:
    quiz = 'quiz("Is it?", {"Yes.": "It is so.", "No.": "But it is, as you have seen above."}, right="Yes.")'
    assert measure([code(quiz), END]).road == pytest.approx(GLANCE + 7 / PROSE)


def test_a_question_that_comes_back_is_read_and_asked() -> None:
    again = code("quiz_again('04', '01 quiz-a', '02 quiz-b')", "Is it?\n  ( ) Yes.\n  ( ) No.")
    assert measure([again, END]).road == pytest.approx(GLANCE + 4 / PROSE)


def test_a_table_of_recordings_takes_a_glance_and_a_retold_run_none() -> None:
    assert measure([code("recorded('n3')", "a table"), END]).road == pytest.approx(GLANCE)
    assert measure([code(RUN, "a table"), END]).road == 0


@pytest.mark.parametrize(("sources", "most"), [
    (("bench(SCENE)", RUN), 3), (("bench(SCENE)", RUN, "play(SCENE, 1, 0)"), 3),
    (("bench(SCENE)", RUN, "play(SCENE, 0)"), 4), (("bench(SCENE)", "play(SCENE, *[0] * 8, 1)"), 4),
    (("bench(SCENE)", "play_out(SCENE, 1)"), 3), (("bench(SCENE)", "play(SCENE, *[0] * many)"), 5),
    (("bench(SCENE)",), 5), (("bench(OTHER)", RUN), 5), ((RUN,), 0), (("find()",), 5)])
def test_the_clicks_of_a_bench_are_those_of_the_runs_that_are_retold(sources: tuple[str, ...], most: int) -> None:
    assert clicks(*sources) == most


def test_a_prediction_takes_a_glance_however_it_is_made() -> None:
    assert measure([text("**Predict.**"), END]).road == pytest.approx(GLANCE + 1 / PROSE)
    assert measure([text("**Predict.**"), code("predict('')"), END]).road == pytest.approx(GLANCE + 1 / PROSE)


def test_a_list_of_exercises_takes_a_glance_however_long_it_is() -> None:
    assert measure([text("- one\n- two\n- three", "exercises"), END]).road == pytest.approx(GLANCE)


def test_a_side_road_is_measured_apart() -> None:
    aside = [text("## Side road: Away\n\none two three", "aside"), text("four", "on")]
    length = measure([text("one"), END, *aside, text("## Roads not taken", "roads")])
    assert length.road == pytest.approx(1 / PROSE)
    assert length.sides == {"Away": pytest.approx(7 / PROSE)}


def test_a_chapter_states_its_minutes_and_those_of_its_exercises() -> None:
    title = text(f"# Title\n\nTime: 90 minutes. You need: {'a word ' * 500}", "title")
    listed = text("- [Old](../exercises/find-the-hole.md): say it.\n- [?](../exercises/gone.md): ?", "exercises")
    state_minutes(cells := [title, listed, END])
    hole = load_exercises()["find-the-hole"]
    assert "Time: 10 minutes. You" in cells[0]["source"]
    assert cells[1]["source"].splitlines() == [
        f"- [{hole.title}](../exercises/find-the-hole.md): {hole.kind}, {hole.minutes} minutes.",
        "- [?](../exercises/gone.md): ?"]
