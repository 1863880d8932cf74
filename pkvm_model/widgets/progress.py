"""The learner's progress: what comes next, and all chapters and exercises; it can be refreshed."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape

from ..graphs.contract import LookQuestion, ProgressExerciseValue, ProgressReportValue, ProgressValue
from .static import render, render_box, render_list
from .widget import Widget, compact


class ProgressView(Widget):
    """The progress so far; `look` reads it, now and whenever the learner asks."""

    kind = "progress"

    def __init__(self, look: Callable[[], ProgressReportValue]):
        """Read the progress for the first time."""
        self.look, self.report = look, look()
        shipped: ProgressValue = {"name": "progress", "title": "Your progress", **self.report}
        super().__init__(compact(shipped))

    def answer(self, question: LookQuestion) -> ProgressReportValue:
        """Return the progress as it is now."""
        self.report = self.look()
        return self.report

    def describe(self) -> str:
        """Return the progress in words: what comes next, then each chapter with its exercises."""
        return "\n".join([self.report["caption"], say_next(self.report), *list_lines(self.report)])

    def static(self) -> str:
        """Return the progress as HTML without scripts; opening a chapter shows its exercises."""
        parts = [render("p", "says", escape(say_next(self.report)))]
        for chapter in self.report["chapters"]:
            summary = f"<summary>{escape(chapter['title'])}: {chapter['solved']}</summary>"
            parts.append(f"<details>{summary}{render_list(map(describe_exercise, chapter['exercises']))}</details>")
        return render_box("Your progress", self.report["caption"], *parts)

    def __repr__(self) -> str:
        """Return a short text that is the same on every machine."""
        return f"Progress({self.report['caption']!r})"


def say_next(report: ProgressReportValue) -> str:
    """Return a sentence on what to do next."""
    upcoming = report["next"]
    if not upcoming:
        return report["note"]
    return f"Next: {upcoming['title']}, {upcoming['minutes']} minutes, in {upcoming['file']}"


def list_lines(report: ProgressReportValue) -> Iterator[str]:
    """Yield a line for each chapter, and an indented one for each of its exercises."""
    for chapter in report["chapters"]:
        yield f"{chapter['title']}: {chapter['solved']}"
        yield from (f"  {describe_exercise(exercise)}" for exercise in chapter["exercises"])


def describe_exercise(exercise: ProgressExerciseValue) -> str:
    """Return an exercise's title, whether it is off the main road, and what the learner has done in it."""
    done = ", ".join(filter(None, [exercise["state"], exercise["facts"]]))
    title = f"More: {exercise['title']}" if exercise["more"] else exercise["title"]
    return f"{title} ({done})" if done else title
