"""Python in a page: it answers, it is ended, it begins anew, and learners' code gets nowhere from it."""
from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from benchmarks.static_host import Handler, Host, hang_up, send_other
from pkvm_model.browser import page as answers
from pkvm_model.course.site import python_parts
from pkvm_model.course.site.frame import LivePage, format_live
from pkvm_model.practice.candidate import ENDED
from pkvm_model.practice.exercises import find_exercise
from pkvm_model.practice.judge import WAITED, WORKED
from pkvm_model.practice.sandbox import judge_here
from tests.browser.conftest import leaves, open_context
from tests.patience import wait_until

MAIN = Path(__file__).parent / "asking.js"
CELLS = ["from pkvm_model.lesson import find\nfrom pkvm_model.kernel import V1", 'find("R7", revisions=V1)']
QUESTION = {"cell": 1, "place": "", "ask": {"case": ["R7", "v1", "wrong"], "go": True}}
EXERCISE = find_exercise("find-the-hole")
ASK = """([call, given, settings]) => askPython(call, given, settings)
  .then((answer) => ({ answer }), ({ message, isLimit }) => ({ error: message, isLimit }))"""
HOLD_BEGINNING = """globalThis.holdUntil = null;
const { set } = Object.getOwnPropertyDescriptor(Worker.prototype, "onmessage");
Object.defineProperty(Worker.prototype, "onmessage", { set(hear) {
  let began;
  set.call(this, (event) => {
    if (event.data.began && holdUntil !== null) return void (began = event);
    if (began && event.data.waits === holdUntil) hear(began), (began = null);
    hear(event);
  });
} });"""
"""Lets the time of an answer begin when it waits, or has waited: how long it works before that is the machine's."""
SOON = 0.2
"""Seconds after which an answer is ended here: a learner has more, but a test waits for each of them."""


@pytest.fixture(scope="module")
def host(live_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host with a page that asks Python, and Python."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "assets").symlink_to(live_site / "assets")
    text = format_live(LivePage("Python", "<h1>Python</h1>", main=str(MAIN), sources=CELLS), python=True)
    (folder / "index.html").write_text(text, encoding="utf-8")
    made = Host(folder)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def page(browser: Browser, host: Host) -> Iterator[Page]:
    """The page, whose Python all tests of this file share; nothing is asked of any other host."""
    context, outside = open_context(browser), list[str]()
    context.on("request", lambda request: outside.append(request.url) if leaves(request.url) else None)
    context.add_init_script(HOLD_BEGINNING)
    made = context.new_page()
    made.goto(f"{host.address}index.html")
    yield made
    context.close()
    assert outside == []


def ask(page: Page, call: str, given: object, **settings: float) -> Any:
    """Ask Python, and return its answer or its error."""
    return page.evaluate(ASK, [call, given, settings])


def check(page: Page, text: str, **settings: float) -> Any:
    """Check an answer, and return what came of it."""
    return ask(page, "check", {"id": EXERCISE.id, "text": text}, **settings)


def judge(page: Page, text: str) -> Any:
    """Return the verdict on an answer."""
    return check(page, text)["answer"]["verdict"]


def flip_a_bit(handler: Handler) -> None:
    """Send the worker with one bit changed."""
    content = python_parts.WORKER.read_bytes()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(bytes([content[0] ^ 1]) + content[1:])


def tells(sentence: str, told: Any) -> bool:
    """Return True if an answer was ended with this sentence, after the seconds that a machine as slow as this has."""
    pattern = re.escape(sentence.replace("{seconds:g}", "@")).replace("@", r"([\d.]+)")
    found = re.fullmatch(pattern, told["error"])
    return told["isLimit"] is True and found is not None and SOON <= float(found[1]) <= 20 * SOON


def test_python_says_how_much_of_it_is_here_and_then_answers_as_it_does_here(page: Page) -> None:
    here = answers.CellsOfPage(CELLS).find_widget(1).reply({"ask": QUESTION["ask"]})  # type: ignore[typeddict-item]
    assert ask(page, "ask", QUESTION) == json.loads(json.dumps(here))
    news = page.evaluate("news")
    total = sum(size for _, size in python_parts.describe_parts()["files"].values())
    assert f"Fetching Python, {total / 1e6:.1f} of {total / 1e6:.1f} MB" in [said["words"] for said in news]
    assert [said["words"] for said in news][-2:] == ["Starting Python", ""]
    counted = [said["loaded"] for said in news if "loaded" in said]
    assert counted == sorted(counted)


@pytest.mark.parametrize("text", [EXERCISE.solution, EXERCISE.wrong[0].code, "run = 1 / 0", "print('x' * 50_000_000)"],
                         ids=["right", "wrong", "fails", "prints"])
def test_an_answer_gets_the_verdict_that_it_gets_elsewhere(page: Page, text: str) -> None:
    found, here = judge(page, text), judge_here(EXERCISE.id, text).to_json()
    same = [name for name in here if name != "details"]
    assert {name: found[name] for name in same} == {name: here[name] for name in same}


def test_nobody_types_what_an_answer_asks_for(page: Page) -> None:
    assert judge(page, "run = input()")["sentence"] == "Your code failed: EOFError: EOF when reading a line."


@pytest.mark.parametrize("text", ["run = [0] * 10 ** 9", "kept = []\nwhile True: kept.append(bytes(10 ** 6))"],
                         ids=["at once", "bit by bit"])
def test_memory_is_eaten_up_to_a_limit_and_the_next_check_works(page: Page, text: str) -> None:
    assert judge(page, text)["sentence"] == "Your code failed: MemoryError."
    assert judge(page, EXERCISE.solution)["passed"]


@pytest.mark.parametrize(("text", "sentence", "waits"), [
    ("from time import sleep\nwhile True: sleep(60)", WAITED, True),
    ("import threading\nthreading.Event().wait()", WAITED, True),
    ("import time\ntry: time.sleep(0.01)\nfinally:\n while True: pass", WORKED, False),
    ("while True:\n try:\n  while True: pass\n except BaseException: pass", WORKED, None)],
    ids=["waits and waits", "waits for an event", "waits, then works", "works and catches all"])
def test_what_never_ends_is_ended_in_its_own_words_and_the_next_check_works(page: Page, text: str, sentence: str,
                                                                           waits: bool | None) -> None:
    page.evaluate("(waits) => (globalThis.holdUntil = waits)", waits)
    assert tells(sentence, check(page, text, seconds=SOON))
    page.evaluate("globalThis.holdUntil = null")
    assert judge(page, EXERCISE.solution)["passed"]


def test_an_answer_that_ends_python_is_told_so_and_the_next_check_works(page: Page) -> None:
    assert check(page, "import os\nos._exit(3)", seconds=60) == {"error": ENDED, "isLimit": True}
    assert judge(page, EXERCISE.solution)["passed"]


def test_stop_ends_it_at_once_with_the_words_of_whoever_stops(page: Page) -> None:
    ask(page, "ask", QUESTION)
    stopped = page.evaluate("""async (given) => {
        let asked, hasWaited = false;
        await new Promise((begun) => {
            asked = askPython("check", given, { begun }).catch(({ message, isLimit }) => [message, isLimit]);
        });
        setTimeout(() => (hasWaited = true));
        endPython("You stopped it.");
        return [...(await asked), hasWaited];
    }""", {"id": EXERCISE.id, "text": "while True: pass"})
    assert stopped == ["You stopped it.", False, False]
    assert "answer" in ask(page, "ask", QUESTION)


@pytest.fixture
def stranger(browser: Browser, host: Host) -> Iterator[Page]:
    """The page in a browser that has never been here; how the host answers is forgotten afterwards."""
    context = open_context(browser)
    made = context.new_page()
    made.goto(f"{host.address}index.html")
    yield made
    context.close()
    host.answers.clear()


CUT = "The connection ended before Python was here ({}). What is stored in the page goes on working. Try again."
OTHER = "Python does not start: {} is not the file with which this page was made. Load the page again."


@pytest.mark.parametrize(("name", "harm", "says"), [
    ("course.zip", send_other, OTHER), ("pyodide/pyodide.asm.wasm", hang_up, CUT), ("worker.js", flip_a_bit, OTHER),
    ("course.zip", lambda handler: handler.send_error(404), "Python could not be fetched ({}). What is stored in the "
     "page goes on working. Try again later.")], ids=["other", "cut", "one bit", "missing"])
def test_a_file_that_is_missing_or_another_is_refused_in_one_line(
        stranger: Page, host: Host, name: str, harm: Any, says: str) -> None:
    host.answers[f"assets/{name}"] = harm
    assert ask(stranger, "ask", QUESTION) == {"error": says.format(name), "isLimit": False}
    assert stranger.evaluate("news.at(-1)") == {"failed": says.format(name)}


def test_a_python_that_was_cut_or_stopped_while_it_was_fetched_starts_once_when_it_is_asked_again(
        stranger: Page, host: Host) -> None:
    host.answers["assets/course.zip"] = hang_up
    assert ask(stranger, "ask", QUESTION) == {"error": CUT.format("course.zip"), "isLimit": False}
    host.answers.clear()
    stopped = stranger.evaluate(f"""(given) => {{
        const asked = ({ASK})(given);
        endPython("You stopped it.");
        return asked;
    }}""", ["ask", QUESTION, {}])
    assert stopped == {"error": "You stopped it.", "isLimit": False}
    assert "answer" in ask(stranger, "ask", QUESTION)
    assert len(stranger.workers) == 1


LISTEN = """() => {
  globalThis.starts = [];
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (data, ...rest) {
    if (data.files) starts.push("snapshot" in data.files ? "goes on" : "begins");
    return postMessage.call(this, data, ...rest);
  };
}"""
IS_KEPT = """async () => {
  const store = await caches.open("pkvm-course python"), [only, more] = await store.keys();
  return !more && only && (await (await store.match(only)).blob()).size > 10_000_000;
}"""
DAMAGE = """async () => {
  const store = await caches.open("pkvm-course python"), [only] = await store.keys();
  await store.put(only, new Response("This is no memory."));
}"""


def test_python_goes_on_from_the_memory_of_an_earlier_start_and_begins_anew_if_that_fails(stranger: Page) -> None:
    stranger.evaluate(LISTEN)
    begun = judge(stranger, EXERCISE.solution), ask(stranger, "ask", QUESTION)
    wait_until(lambda: stranger.evaluate(IS_KEPT))
    stranger.evaluate("endPython('It is ended.')")
    assert (judge(stranger, EXERCISE.solution), ask(stranger, "ask", QUESTION)) == begun
    stranger.evaluate(DAMAGE)
    stranger.evaluate("endPython('It is ended.')")
    assert judge(stranger, EXERCISE.solution) == begun[0]
    wait_until(lambda: stranger.evaluate(IS_KEPT))
    assert stranger.evaluate("starts") == ["begins", "goes on", "goes on", "begins"]


@pytest.mark.parametrize("text", [
    "import pkvm_model.practice.sandbox as judge\njudge.check_answer = None", "import builtins\nbuiltins.len = max",
    "import json\njson.dumps = lambda *_, **__: '{}'"], ids=["judge", "builtins", "library"])
def test_an_answer_that_changes_python_spoils_it_for_no_other(page: Page, text: str) -> None:
    check(page, text)
    assert judge(page, EXERCISE.solution)["passed"]
    assert "answer" in ask(page, "ask", QUESTION)


REACH = """
import js, json, pyodide_js
from pyodide.code import run_js
from pyodide.ffi import to_js

reached = []

def reach(name, act):
    try:
        found = act()
    except BaseException as error:
        return
    if found is not None:
        reached.append(f"{name}: {found}"[:100])

NAMES = '''
indexedDB caches localStorage sessionStorage navigator location BroadcastChannel fetch XMLHttpRequest
WebSocket WebTransport WebSocketStream EventSource importScripts Worker SharedWorker postMessage close self
URL Blob Request Response FileReaderSync Notification onmessage storage cookieStore scheduler reportError
FontFace IDBFactory CacheStorage LockManager StorageManager DedicatedWorkerGlobalScope WorkerGlobalScope
ServiceWorkerRegistration RTCPeerConnection setInterval structuredClone createImageBitmap
crossOriginIsolated trustedTypes'''.split()
for name in NAMES:
    reach(name, lambda: getattr(js, name))
    reach(f"globalThis.{name}", lambda: getattr(js.globalThis, name))
    reach(f"prototype {name}", lambda: getattr(js.Object.getPrototypeOf(js.globalThis), name))
    reach(f"descriptor {name}", lambda: js.Reflect.get(js.Object.getPrototypeOf(js.globalThis), name))
TEXTS = ["1", "fetch('./')", "import('data:text/javascript,export default 1')", "indexedDB", "postMessage({})"]
for text in TEXTS:
    reach(f"run_js {text}", lambda: run_js(text))
    reach(f"eval {text}", lambda: js.eval(text))
    reach(f"Function {text}", lambda: js.Function.new(f"return {text}")())
    reach(f"constructor {text}", lambda: js.Array.constructor(f"return {text}")())
    reach(f"async {text}", lambda: js.Reflect.construct(
        js.Object.getPrototypeOf(pyodide_js.loadPackage).constructor, to_js([f"return {text}"]))())
js.setTimeout("globalThis.ran = true", 0)
reach("global constructor", lambda: js.globalThis.constructor.name if js.globalThis.constructor != js.Object
      and js.globalThis.constructor.name != "EventTarget" else None)
reach("compiled module", lambda: js.WebAssembly.compileStreaming(js.fetch("x")))
reach("pyodide's fetch", lambda: pyodide_js._module.fetch)
print(json.dumps(reached))
run = [0]
"""


def test_learners_code_reaches_no_storage_no_network_no_other_tab_and_no_javascript(page: Page) -> None:
    verdict = judge(page, REACH)
    assert verdict["printed"], verdict
    assert json.loads(verdict["printed"]) == []
    assert judge(page, "import js\nprint(hasattr(js, 'ran'))")["printed"] == "False\n"


PACKAGE = """
import asyncio, json, js, pyodide_js
from pyodide.http import pyfetch, open_url
from pyodide.ffi import run_sync

reached = []
for name, act in {"open_url": lambda: open_url("./index.html"), "load": lambda: pyodide_js.loadPackage("numpy"),
                  "pyfetch": lambda: pyfetch("./index.html"),
                  "mount": lambda: pyodide_js.FS.mount(pyodide_js.FS.filesystems.IDBFS, {}, "/mnt"),
                  "sync": lambda: pyodide_js.FS.syncfs(True, lambda *_: None),
                  "lazy": lambda: pyodide_js.FS.createLazyFile("/", "x", "./index.html", True, False).contents}.items():
    try:
        reached.append([name, str(act())[:60]])
    except BaseException as error:
        pass
print(json.dumps(reached))
run = [0]
"""


def test_pyodides_own_ways_out_ask_for_nothing(page: Page, host: Host) -> None:
    ask(page, "ask", QUESTION)
    before = len(host.asked)
    assert judge(page, PACKAGE)["printed"]
    assert judge(page, EXERCISE.solution)["passed"]
    assert host.asked[before:] == []


def test_the_clerk_has_a_python_in_which_no_learners_code_ran(page: Page) -> None:
    check(page, "import pkvm_model.course.learner.handin as handin\nhandin.make = None")
    handed = page.evaluate("(given) => askClerk('write_handin', given)",
                           {"name": "Ada", "exercises": {EXERCISE.id: {"tries": 1, "answer": "run = [0]"}}})
    assert json.loads(handed["text"])["exercises"][EXERCISE.id]["tries"] == 1
