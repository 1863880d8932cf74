"""JupyterLab in small: starts as `lab` does, fetches its page, starts a kernel and runs one cell. For `probe` only."""
from __future__ import annotations

import contextlib
import importlib
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from .. import lab_place, ports
from ..learner.my_work import MY_WORK
from ..paths import PACKAGE, WORKPLACE
from .diagnosis import TrialError

CELL = "import json, sys, pkvm_model.lesson; print('found', json.dumps([pkvm_model.lesson.__file__, sys.prefix]))"
FRAME = re.compile(r"^File (.*?):\d+", re.MULTILINE)
ANSWERED = re.compile(r"^found (\[.*\])$", re.MULTILINE)
TERMINAL_COLOURS = re.compile(r"\x1b\[[\d;]*m")


def run_cell_in_lab(begin: Callable[[str], None], is_empty: bool = False) -> str:
    """Return where a kernel of JupyterLab's finds the lessons; `begin` is called before each step."""
    begin("the start of JupyterLab")
    with choose_folder(is_empty) as folder, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as runtime:
        state = folder / lab_place.STATE
        settings = lab_place.find_user_settings() or state / "settings"
        lab_place.set_variables(state, Path(runtime))
        # Imported after these variables are set, as `lab` does.
        make_server = importlib.import_module("..lab_server", __package__).make_server
        server = make_server(folder, state, settings, ports.listen_on(0), opens_browser=False)
        try:
            answer: str = server.io_loop.run_sync(lambda: run_cell(server, begin))
        finally:
            server.io_loop.run_sync(server.kernel_manager.shutdown_all)
    return answer


@contextlib.contextmanager
def choose_folder(is_empty: bool) -> Iterator[Path]:
    """Yield the learner's copy, or an empty folder beside its place if that is asked for, or if there is no copy."""
    if MY_WORK.is_dir() and not is_empty:
        yield MY_WORK
        return
    folder = Path(tempfile.mkdtemp(prefix=".doctor-", dir=WORKPLACE))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def run_cell(server: Any, begin: Callable[[str], None]) -> str:
    """Fetch the page of a server, run a cell in a new kernel, and return what it says."""
    begin("JupyterLab's page")
    await fetch_page(server)
    begin("a kernel")
    manager = server.kernel_manager
    kernel = manager.get_kernel(await manager.start_kernel(kernel_name="python3", path=""))
    client = kernel.client()
    client.start_channels()
    try:
        await client.wait_for_ready()
        begin("a cell that imports the lessons")
        return check_output(await execute(client))
    finally:
        client.stop_channels()


async def fetch_page(server: Any) -> None:
    """Fetch the page of JupyterLab. Raise an exception if it does not come whole."""
    fetch = importlib.import_module("tornado.httpclient").AsyncHTTPClient().fetch
    token = server.identity_provider.token
    reply = await fetch(f"http://127.0.0.1:{server.port}/lab", headers={"Authorization": f"token {token}"})
    if b"jupyter-config-data" not in reply.body:
        raise TrialError("its server answers with another page")


async def execute(client: Any) -> str:
    """Run the cell and return what it printed. Raise TrialError with what it raised."""
    printed: list[str] = []
    reply = await client.execute_interactive(CELL, store_history=False, allow_stdin=False, output_hook=lambda message:
                                             printed.append(message["content"].get("text", "")))
    content = reply["content"]
    if content["status"] != "ok":
        raise TrialError(f"{content['ename']}: {content['evalue']}{find_place(content['traceback'])}")
    return "".join(printed)


def find_place(frames: Sequence[str]) -> str:
    """Return the file in which an exception was raised, as the last frame of a kernel's traceback names it."""
    places = FRAME.findall(TERMINAL_COLOURS.sub("", "\n".join(frames)))
    return f", in {places[-1]}" if places else ""


def check_output(printed: str) -> str:
    """Return where the lessons come from. Raise TrialError if that is not this course, or not this Python."""
    match = ANSWERED.search(printed)
    if not match:
        raise TrialError("it prints nothing")
    lesson, prefix = json.loads(match[1])
    if Path(lesson).resolve().parent != PACKAGE or Path(prefix) != Path(sys.prefix):
        raise TrialError(f"the kernel takes the lessons from {lesson}, and Python from {prefix}")
    return f"a kernel of JupyterLab's ran a cell; the lessons are in {lesson}"
