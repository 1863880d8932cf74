"""Kills Chromium at random moments while a reader writes, brings in work or gets a newer course; says what is lost.

Each kill is a SIGKILL to all processes of the browser, which is then opened again with the same profile, every other
time without a network. Every file of the course must be there, all of one version; every line of the answer that the
browser had kept; and of the work from a file all or nothing. The last line counts the kills and what they destroyed.
"""
from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import psutil

from benchmarks.lab import drive_chromium
from benchmarks.static_host import Handler, Host
from pkvm_model.course.learner import handin
from pkvm_model.course.publish.pages import VERSION_MARK
from pkvm_model.course.site import build, seal, service_worker
from pkvm_model.practice.progress import ExerciseRecord

KEPT = "The whole course is on this device."
EXERCISE = "find-the-hole"
PAGE = f"exercises/{EXERCISE}.html"
ANSWER = ".writing .cm-content, .writing textarea:not([readonly])"
SECONDS = 120
HASH_ALL = """async (addresses) => {
  const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const found = [];
  for (const address of addresses) {
    const bytes = await fetch(address).then((answer) => answer.arrayBuffer());
    found.push(hex(await crypto.subtle.digest("SHA-256", bytes)));
  }
  return found;
}"""
READ = """([table, key]) => new Promise((resolve, reject) => {
  const opening = indexedDB.open("pkvm-course");
  opening.onerror = reject;
  opening.onsuccess = () => {
    const asked = opening.result.transaction(table).objectStore(table).get(key);
    asked.onerror = reject;
    asked.onsuccess = () => resolve(asked.result ?? {});
    opening.result.close();
  };
})"""
NOTE_KEPT = """() => {
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (...given) {
    const [{ text }] = given;
    if (text) this.transaction.addEventListener("complete", () => (globalThis.keptText = text));
    return put.apply(this, given);
  };
}"""
"""Notes an answer when the browser says that it is on the disk: what is read back earlier may still be taken back."""
IS_KEPT = "(line) => globalThis.keptText?.includes(line)"
KILL_AT_CHANGE = """([last, address]) => {
  const { put } = IDBObjectStore.prototype;
  let count = 0;
  IDBObjectStore.prototype.put = function (...given) {
    count += 1;
    if (count === last) fetch(address);
    return put.apply(this, given);
  };
}"""
SOME = ("all-home", "close-the-gap", "close-the-hole", "one-number-off", "sixteen-bits", "wrong-cpu")
"""The exercises whose records a reader brings in."""


class Versions:
    """The versions that a folder had, one after the other, each with the hashes of its files."""

    def __init__(self, folder: Path) -> None:
        """Begin with the version in the folder."""
        self.folder, self.hashes = folder, dict[str, dict[str, str]]()
        self.note()

    def note(self) -> None:
        """Note the version that the folder has now."""
        listed = json.loads((self.folder / seal.NAME).read_text(encoding="utf-8"))
        names = service_worker.list_kept(self.folder, listed["files"])
        self.newest: str = listed["version"]
        self.hashes[self.newest] = {name: listed["files"][name]["sha256"] for name in names}

    def renew(self) -> None:
        """Put a newer version into the folder: its first page is another, and all pages name the version."""
        for name in (name for name in self.hashes[self.newest] if name.endswith(seal.STAMPED)):
            seal.stamp(self.folder / name, {self.newest: VERSION_MARK})
        with (self.folder / "index.html").open("a", encoding="utf-8") as page:
            page.write(f"<!-- {len(self.hashes)} -->")
        (self.folder / service_worker.NAME).unlink()
        seal.seal(self.folder)
        self.note()

    def count_changed(self) -> int:
        """Count the files in which the newest version differs from the one before."""
        before, newest = [*self.hashes.values()][-2:]
        return sum(before.get(name) != digest for name, digest in newest.items())


class Reader:
    """A reader whose browser is killed and opened again, always with the same profile."""

    def __init__(self, browser: tuple[Any, dict[str, Any]], profile: Path, host: Host, page: str = PAGE) -> None:
        """Get to know the browser, which is opened later, on this page."""
        self.browser, self.profile, self.host, self.page = browser, profile, host, page
        self.killed = threading.Event()

    @contextmanager
    def open(self) -> Iterator[Any]:
        """Open the browser on the page, and close what is left of it afterwards."""
        chromium, options = self.browser
        self.killed.clear()
        context = chromium.launch_persistent_context(str(self.profile), **options)
        context.set_default_timeout(1000 * SECONDS)
        try:
            page = context.pages[0]
            page.add_init_script(f"({NOTE_KEPT})()")
            page.goto(f"{self.host.address}{self.page}")
            yield page
        finally:
            with suppress(Exception):  # a killed browser cannot be closed
                context.close()

    def kill(self) -> None:
        """End all processes of the browser, at once and without a word."""
        for process in psutil.process_iter(["cmdline"]):
            if f"--user-data-dir={self.profile}" in (process.info["cmdline"] or []):
                with suppress(psutil.NoSuchProcess):
                    for one in (process, *process.children(recursive=True)):
                        one.kill()
        self.killed.set()

    def kill_within(self, seconds: float) -> None:
        """Kill the browser when these seconds are over, whatever it does then."""
        threading.Timer(seconds, self.kill).start()


class Trial:
    """Many kills of one reader's browser, and what they destroyed."""

    def __init__(self, reader: Reader, versions: Versions, seed: int) -> None:
        """Visit the course until all of it is on the device."""
        self.reader, self.versions, self.chance = reader, versions, random.Random(seed)
        self.lines, self.faults, self.counts, self.tries = list[str](), list[str](), Counter[str](), 0
        with reader.open() as page:
            page.get_by_text(KEPT).wait_for()

    def strike(self, deed: Callable[[Trial, Any], None]) -> None:
        """Let the reader do something, kill the browser meanwhile, and look at what is left."""
        self.counts[deed.__name__] += 1
        with self.reader.open() as page:
            with suppress(Exception):  # the page is gone, whatever was under way
                deed(self, page)
            assert self.reader.killed.wait(SECONDS), f"{deed.__name__} was not killed"
        is_offline = self.chance.random() < 0.5
        with self.without_host() if is_offline else nullcontext():
            try:
                self.look(deed.__name__)
            except Exception as error:  # whatever it is, the reader cannot go on
                self.faults.append(f"{deed.__name__}, {is_offline=}: {' '.join(str(error).split())[:300]}")

    @contextmanager
    def without_host(self) -> Iterator[None]:
        """Have no network for a while."""
        self.reader.host.stop()
        yield
        self.reader.host.start()

    def look(self, deed: str) -> None:
        """Compare every file with the version of the open page, and the answer with the lines that were kept."""
        with self.reader.open() as page:
            version = page.evaluate("document.documentElement.dataset.version")
            self.counts[f"{'newest' if version == self.versions.newest else 'older'} after {deed}"] += 1
            hashes = self.versions.hashes[version]
            found = page.evaluate(HASH_ALL, [f"{self.reader.host.address}{name}" for name in hashes])
            self.faults += [f"{deed}: {name} is not that of {version}"
                            for (name, digest), one in zip(hashes.items(), found, strict=True) if one != digest]
            answer = page.evaluate(READ, ["drafts", EXERCISE]).get("text", "").splitlines()
            self.faults += [f"{deed}: lost {line}" for line in self.lines if line not in answer]
            self.compare_tries(deed, {page.evaluate(READ, ["exercises", name]).get("tries", 0) for name in SOME})

    def compare_tries(self, deed: str, tries: set[int]) -> None:
        """Compare the records with those that were brought in before: all of them are newer, or none is."""
        if len(tries) != 1 or max(tries) < self.tries:
            self.faults.append(f"{deed}: the records have {tries} tries, not {self.tries} or more")
        self.tries = max(tries)

    def write_line(self, page: Any) -> None:
        """Write a line of the answer; it counts once the browser has kept it."""
        line = f"# line {len(self.lines)} "
        page.locator(ANSWER).first.press("Control+End")
        page.keyboard.type(f"\n{line}")
        page.wait_for_function(IS_KEPT, arg=line)
        self.lines.append(line)


def write_answer(trial: Trial, page: Any) -> None:
    """Write line after line, until the browser is killed."""
    trial.write_line(page)
    trial.reader.kill_within(trial.chance.uniform(0, 1))
    while not trial.reader.killed.is_set():
        trial.write_line(page)


def fetch_newer(trial: Trial, page: Any) -> None:
    """Look for a newer course; the browser is killed when the host is asked for one of its files."""
    trial.versions.renew()
    host, last = trial.reader.host, trial.chance.randint(1, trial.versions.count_changed())
    host.asked.clear()
    once = threading.Lock()  # a second kill would come late, and hit the browser that is opened next

    def answer(handler: Handler) -> None:
        if len(host.asked) >= last and once.acquire(blocking=False):
            trial.reader.kill()
        handler.send_file()

    host.answers = dict.fromkeys(trial.versions.hashes[trial.versions.newest], answer)
    page.evaluate("navigator.serviceWorker.ready.then((registration) => registration.update())")
    trial.reader.killed.wait(SECONDS)
    host.answers.clear()


def take_over(trial: Trial, page: Any) -> None:
    """Use a newer course, after a last line; the browser is killed while one takes the place of the other."""
    trial.versions.renew()
    page.reload()
    use = page.get_by_role("button", name="Use it now")
    use.wait_for()
    trial.write_line(page)
    trial.reader.kill_within(trial.chance.uniform(0, 0.5))
    use.click()


def bring_in(trial: Trial, page: Any) -> None:
    """Bring in records from a file; the browser is killed when one of them is being written."""
    records = {name: ExerciseRecord(tries=trial.tries + 1, answer=f"# {trial.tries}") for name in SOME}
    file = {"name": "handin.json", "mimeType": "application/json",
            "buffer": handin.write_text(handin.make(records, "a reader")).encode()}
    host = trial.reader.host
    host.answers = {"kill": lambda handler: trial.reader.kill()}
    page.evaluate(KILL_AT_CHANGE, [trial.chance.randint(1, 2 * len(SOME)), f"{host.address}kill"])
    page.locator(".your-work input[type=file]").set_input_files(file)
    trial.reader.killed.wait(SECONDS)
    host.answers.clear()


DEEDS = (write_answer, fetch_newer, take_over)
"""What needs no Python in the page; `bring_in` does."""


def main(argv: Sequence[str]) -> int:
    """Kill, and print what that destroyed."""
    parser = argparse.ArgumentParser(prog="course.py bench kills", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, metavar="N", help="how many kills (default: 200)")
    rounds = parser.parse_args(argv).rounds
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home, drive_chromium() as browser:
        folder = Path(home) / "site"
        python = shutil.which("npm") is not None
        build.build(folder, python=python)
        deeds = (*DEEDS, bring_in) if python else DEEDS
        host = Host(folder)
        trial = Trial(Reader(browser, Path(home) / "profile", host), Versions(folder), seed=0)
        for number in range(rounds):
            known = len(trial.faults)
            trial.strike(deeds[number % len(deeds)])
            print(*trial.faults[known:], f"{number + 1} kills, {len(trial.faults)} faults", sep="\n", flush=True)
        host.stop()
    print("\n".join(f"{count:5} {name}" for name, count in trial.counts.items()))
    print(f"{rounds} kills, {len(trial.lines)} lines kept, {len(trial.faults)} faults")
    return 1 if trial.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
