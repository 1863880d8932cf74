"""Where the page of an exercise leads on: the main road stays the main road, and more practice is called so."""
from __future__ import annotations

import re

import pytest

from pkvm_model.course.site.exercises import describe_following, format_foot
from pkvm_model.practice.exercises import find_exercise


@pytest.mark.parametrize(("name", "foot", "said", "file"), [
    ("next-tenant", "Next: Close the hole", "Next:", "close-the-hole.html"),
    ("close-the-hole", "Next chapter: Take a guard away",
     "That was this chapter's last exercise on the main road. Next is the chapter", "../11-take-a-guard-away.html"),
    ("make-it-notice", "Next, more practice: Both end the machine", "Next, more practice:",
     "both-end-the-machine.html"),
    ("both-end-the-machine", "Next chapter: Who owns this page?",
     "That was this chapter's last exercise. Next is the chapter", "../02-who-owns-this-page.html"),
    ("three-questions", "Next: The course map",
     "That was the last exercise on the main road. This shows what you have done:", "../course-map.html")])
def test_a_page_leads_on(name: str, foot: str, said: str, file: str) -> None:
    exercise = find_exercise(name)
    following = describe_following(exercise)
    assert (following["words"], following["file"]) == (said, file)
    assert f'<a href="{file}">{foot}</a>' in format_foot(exercise)


def test_from_the_main_road_all_more_practice_of_the_chapter_is_a_click_away() -> None:
    practice = re.findall(r'href="([\w-]+)\.html"', format_foot(find_exercise("count-the-users")))
    assert practice == ["make-it-notice", "both-end-the-machine"]
    assert "More practice" not in format_foot(find_exercise("make-it-notice"))
