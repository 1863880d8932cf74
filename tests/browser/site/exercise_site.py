"""A few pages of the site: exercises, chapters with questions, the course map, the landing page, and the editor."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, expect

from pkvm_model.course.publish.chapters import NOTEBOOKS
from pkvm_model.course.site import chapters, editor, exercises, landing
from pkvm_model.course.site.frame import Site
from pkvm_model.course.site.python_parts import write_parts
from pkvm_model.practice.exercises import find_exercise

CODE, CHOICE, RUN = "close-the-hole", "which-one-mends", "find-the-hole"
EXERCISES = (CODE, CHOICE, RUN)
CHAPTERS = ("01-start-here", "02-who-owns-this-page", "04-a-vcpu-runs", "07-two-phases", "09-the-hole-in-the-patch",
            "course-map")
TEXT = """() => {
  const lines = [...document.querySelectorAll(".cm-line")].map((line) => line.textContent);
  return document.querySelector(".writing textarea")?.value ?? lines.join("\\n");
}"""
READ = """([table, key]) => new Promise((resolve, reject) => {
  const opening = indexedDB.open("pkvm-course");
  opening.onerror = reject;
  opening.onsuccess = () => {
    const asked = opening.result.transaction(table).objectStore(table).get(key);
    asked.onsuccess = () => resolve(asked.result ?? null);
  };
})"""
WRITE = """([table, key, value]) => new Promise((resolve, reject) => {
  const opening = indexedDB.open("pkvm-course", 1);
  opening.onerror = reject;
  opening.onupgradeneeded = () =>
    ["exercises", "quizzes", "drafts"].forEach((name) => opening.result.createObjectStore(name));
  opening.onsuccess = () => {
    const change = opening.result.transaction(table, "readwrite");
    change.objectStore(table).put(value, key);
    change.oncomplete = () => { opening.result.close(); resolve(); };
  };
})"""
CLEAR = """() => new Promise((resolve) => {
  const opening = indexedDB.open("pkvm-course");
  opening.onsuccess = () => {
    const names = ["exercises", "quizzes", "drafts"], change = opening.result.transaction(names, "readwrite");
    names.forEach((name) => change.objectStore(name).clear());
    change.oncomplete = () => { opening.result.close(); resolve(); };
  };
})"""


def write_site(folder: Path) -> None:
    """Write the pages, the editor and Python. Raise CourseError if npm cannot fetch what they need."""
    site = Site(folder, python=True)
    exercises.write_pages(site, map(find_exercise, EXERCISES))
    for name in CHAPTERS:
        site.write(f"{name}.html", chapters.format_notebook(NOTEBOOKS / f"{name}.ipynb", python=True))
    landing.write(site)
    editor.write(site)
    write_parts(folder / "assets")


class Solving:
    """An exercise's page as a learner sees it."""

    def __init__(self, context: BrowserContext, name: str = CODE, page: Page | None = None) -> None:
        """Open the page, in a new tab unless there is one, and wait for its place to write."""
        self.page, self.name = page or context.new_page(), name
        self.page.goto(f"exercises/{name}.html")
        self.wait()

    def wait(self) -> None:
        """Wait until an answer can be written."""
        expect(self.how).to_contain_text("Ctrl+Enter checks your answer.")
        expect(self.how).to_contain_text(("Escape", "plain text box")[self.is_plain()])

    def is_plain(self) -> bool:
        """Return True once the page has said that its text box stays."""
        return bool(self.page.locator(".writing textarea").count()) and "plain" in (self.how.text_content() or "")

    @property
    def how(self) -> Locator:
        """The line that says how to write."""
        return self.page.locator(".how")

    @property
    def editor(self) -> Locator:
        """The place to write."""
        return self.page.get_by_role("textbox", name="Your answer")

    @property
    def text(self) -> str:
        """The answer as it stands there."""
        return str(self.page.evaluate(TEXT))

    def type(self, line: str) -> None:
        """Type a line of its own at the end, not indented."""
        self.editor.click()
        for key in ("Control+End", "Enter", "Shift+Home"):
            self.page.keyboard.press(key)
        self.page.keyboard.type(line)

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name).click()

    @property
    def state(self) -> Locator:
        """What the page says about the answer."""
        return self.page.locator(".answering .state")

    def read(self, table: str, key: str = "") -> Any:
        """Return what the browser keeps."""
        return self.page.evaluate(READ, [table, key or self.name])

    def write(self, table: str, value: Any) -> None:
        """Put something into what the browser keeps about this exercise, as an earlier visit might have left it."""
        self.page.evaluate(WRITE, [table, self.name, value])
