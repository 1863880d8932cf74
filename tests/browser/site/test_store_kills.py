"""The store keeps what it says it keeps: a browser that is killed while it writes or imports has all of it, or none.

With `--full` it is killed two hundred times.
"""
from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from benchmarks.kills import Reader
from benchmarks.lab import QUIET, find_chromium
from benchmarks.static_host import Host
from pkvm_model.course.site.frame import FRONT_END
from pkvm_model.practice.exercises import load_exercises
from pkvm_model.widgets.front_end import bundle

FEW, MANY = 4, 200
WRITE = """async (name) => {
  const store = await openStore();
  for (let turn = 0; ; turn += 1) {
    const text = Array.from({ length: turn + 1 }, (_, line) => `# line ${line} of ${name}`).join("\\n");
    const draft = await store.keepDraft(name, text, "", globalThis.last);
    globalThis.last = draft;
    globalThis.noteLine(turn);
  }
}"""
IMPORT = """async (work) => (await openStore()).importWork(work)"""
READ = """async () => (await openStore()).readAll()"""
NAMES = list(load_exercises())


@pytest.fixture
def reader(browser: Browser, tmp_path: Path) -> Iterator[Reader]:
    """A reader with a page that has the store and nothing else."""
    folder = tmp_path / "site"
    folder.mkdir()
    code = f"{bundle(main=FRONT_END / 'store.js')}\nglobalThis.openStore = openStore;"
    page = f'<!doctype html><title>Store</title><script type="module">{code}</script>'
    (folder / "index.html").write_text(page, encoding="utf-8")
    host = Host(folder)
    options = {"executable_path": find_chromium(), "args": QUIET}
    yield Reader((browser.browser_type, options), tmp_path / "profile", host, "index.html")
    host.stop()


@pytest.fixture
def kills(request: pytest.FixtureRequest) -> range:
    """Return the numbers of the kills."""
    return range(MANY if request.config.getoption("--full") else FEW)


def test_a_line_that_was_kept_is_there_after_a_kill(reader: Reader, kills: range) -> None:
    chance, kept = random.Random(1), dict[str, int]()

    def note_line(name: str, turn: int) -> None:
        if turn == 0:
            reader.kill_within(chance.uniform(0, 0.5))
        kept[name] = turn

    for number in kills:
        name = f"exercise-{number}"
        with reader.open() as page:
            check_drafts(page.evaluate(READ)["drafts"], kept)
            page.expose_function("noteLine", partial(note_line, name))
            with suppress(Exception):  # it ends with the browser
                page.evaluate(WRITE, name)
            assert reader.killed.wait(60)
    with reader.open() as page:
        check_drafts(page.evaluate(READ)["drafts"], kept)
    assert len(kept) == len(kills)


def check_drafts(drafts: dict[str, Any], kept: dict[str, int]) -> None:
    """Check that each draft has all lines that were kept, whole."""
    for name, turn in kept.items():
        lines = drafts[name]["text"].splitlines()
        assert lines == [f"# line {number} of {name}" for number in range(len(lines))]
        assert len(lines) > turn


def test_an_import_is_there_as_a_whole_or_not_at_all(reader: Reader, kills: range) -> None:
    chance, found = random.Random(2), set[int]()
    for number in kills:
        work = {"exercises": {name: {"tries": number + 1, "answer": f"record {number}"} for name in NAMES},
                "quizzes": {f"quiz {number} {at}": "0" for at in range(200)},
                "answers": [{"id": name, "text": f"draft {number}", "stub": ""} for name in NAMES]}
        with reader.open() as page:
            page.evaluate(READ)
            reader.kill_within(chance.uniform(0, 0.25))
            with suppress(Exception):  # it ends with the browser
                page.evaluate(IMPORT, work)
            assert reader.killed.wait(60)
        with reader.open() as page:
            found.add(check_import(page.evaluate(READ), number))
    assert found


def check_import(work: dict[str, Any], number: int) -> int:
    """Check that all of an import is there, or nothing of it; return which."""
    tries = [work["exercises"].get(name, {}).get("tries") == number + 1 for name in NAMES]
    texts = [f"draft {number}" in [draft.get("text"), *draft.get("others", [])]
             for draft in (work["drafts"].get(name, {}) for name in NAMES)]
    places = [f"quiz {number} {at}" in work["quizzes"] for at in range(200)]
    assert len({*tries, *texts, *places}) == 1
    return int(tries[0])
