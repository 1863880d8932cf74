"""The course's hub on this machine's loopback, and learners who use it by protocol: no browser, the same messages."""
from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psutil
from jupyter_server.services.kernels.connection.base import deserialize_binary_message
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from benchmarks.lab import PATIENCE, NotStartedError, free_port, stop
from pkvm_model.course.dev.hub import FOLDER, ensure_hub
from pkvm_model.widgets.widget import MIME

T = TypeVar("T")
LONG = 600.0
"""The seconds after which a learner gives up."""
TRIAL = '''"""The course's hub as it comes, for learners who are not accounts of this machine and need no password."""
load_subconfig({config!r})
c.JupyterHub.bind_url = "http://127.0.0.1:{ports[0]}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{ports[1]}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{ports[2]}"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r}
c.Spawner.args = {arguments}
c.Spawner.environment["TMPDIR"] = {temporary!r}
c.JupyterHub.services += [{{"name": "learners", "api_token": {token!r}}}]
c.JupyterHub.load_roles += [{{"name": "learners", "services": ["learners"],
                             "scopes": ["admin:users", "admin:servers", "access:servers"]}}]
{more}
'''


@dataclass(frozen=True)
class ClassHub:
    """A hub that runs: its address, the token that acts for every learner, its folder, the open pages."""

    address: str
    token: str
    folder: Path
    pages: list[NotebookKernel] = field(default_factory=list)

    async def visit(self, work: Callable[[ClassHub], Awaitable[T]]) -> T:
        """Return what some work on the hub gives, and close the pages that it has opened."""
        try:
            return await work(self)
        finally:
            while self.pages:
                self.pages.pop().socket.close()

    async def fetch(self, path: str, method: str = "GET", body: Any = None) -> Any:
        """Return what the hub, or a learner's server, answers to a request."""
        request = HTTPRequest(self.address + path, method, {"Authorization": f"token {self.token}"},
                              body=None if method in ("GET", "DELETE") else json.dumps(body or {}),
                              request_timeout=LONG, connect_timeout=LONG)
        answer = await AsyncHTTPClient().fetch(request)
        return json.loads(answer.body) if answer.body else None


@contextmanager
def run_hub(folder: Path, more: str = "") -> Iterator[ClassHub]:
    """Yield the course's hub, running in a folder; `more` is more configuration."""
    AsyncHTTPClient.configure(None, max_clients=1000)
    ports, token, trial = [free_port() for _ in range(3)], secrets.token_hex(16), folder / "trial.py"
    temporary = tempfile.mkdtemp(prefix="pkvm-")  # sockets are in it, so its path is short
    trial.write_text(TRIAL.format(
        config=str(FOLDER / "jupyterhub_config.py"), ports=ports, token=token, more=more, temporary=temporary,
        homes=str(folder / "homes" / "{username}"), arguments=["--allow-root"] if os.geteuid() == 0 else []))
    python, log = ensure_hub(), folder / "hub.log"
    variables = {name: value for name, value in os.environ.items()
                 if not name.startswith(("JUPYTER", "PYTHON", "PKVM"))}
    with log.open("w") as output:
        program = subprocess.Popen([python, "-m", "jupyterhub", "-f", trial], cwd=folder, env=variables, stdout=output,
                                   stderr=output, start_new_session=True)
    try:
        wait_until_it_runs(program, log)
        yield ClassHub(f"http://127.0.0.1:{ports[0]}", token, folder)
    finally:
        end_family(program)
        shutil.rmtree(temporary, ignore_errors=True)


def wait_until_it_runs(program: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the hub says that it runs. Raise NotStartedError with the end of its log if it does not."""
    until = time.monotonic() + PATIENCE
    while "JupyterHub is now running" not in log.read_text():
        if program.poll() is not None or time.monotonic() > until:
            raise NotStartedError(f"JupyterHub did not start:\n{log.read_text()[-2000:]}")
        time.sleep(0.1)


def end_family(program: subprocess.Popen[bytes]) -> None:
    """End the hub and every process that comes from it."""
    family = psutil.Process(program.pid).children(recursive=True)
    stop(program)
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


@dataclass
class Learner:
    """One learner of a hub."""

    hub: ClassHub
    name: str

    async def ask_for_server(self) -> None:
        """Press Start: the hub begins to start the learner's server."""
        user = f"/hub/api/users/{self.name}"
        await self.hub.fetch(user, "POST")
        await self.hub.fetch(f"{user}/server", "POST")

    async def find_server(self) -> dict[str, Any]:
        """Return what the hub says about the learner's server, nothing if there is none."""
        user = await self.hub.fetch(f"/hub/api/users/{self.name}")
        return dict(user["servers"].get("", {}))

    async def begin(self) -> None:
        """Start the server, and wait until it is ready. Raise RuntimeError if it does not start."""
        await self.ask_for_server()
        while not (server := await self.find_server()).get("ready"):
            if not server:
                raise RuntimeError(f"{self.name}'s server did not start")
            await asyncio.sleep(0.5)

    async def open(self, notebook: str) -> NotebookKernel:
        """Open a notebook of the learner's copy, and return its kernel."""
        server = f"/user/{self.name}"
        stored = await self.hub.fetch(f"{server}/api/contents/{notebook}")
        session = await self.hub.fetch(f"{server}/api/sessions", "POST", {
            "path": notebook, "name": Path(notebook).name, "type": "notebook", "kernel": {"name": "python3"}})
        kernel_id = session["kernel"]["id"]
        address = f"{self.hub.address.replace('http', 'ws', 1)}{server}/api/kernels/{kernel_id}/channels"
        request = HTTPRequest(address, headers={"Authorization": f"token {self.hub.token}"}, request_timeout=LONG)
        cells = {cell["id"]: cell["source"] for cell in stored["content"]["cells"] if cell["cell_type"] == "code"}
        self.hub.pages.append(NotebookKernel(await websocket_connect(request), cells))
        return self.hub.pages[-1]

    def find_processes(self) -> list[psutil.Process]:
        """Return the learner's server and all that it has started."""
        mark = f"/user/{self.name}/"
        return [process for process in psutil.process_iter() if read_prefix(process) == mark]

    def measure_mib(self) -> float:
        """Return the memory of the learner's processes in MiB; what they share with others counts in part."""
        return sum(read_pss(process.pid) for process in self.find_processes()) / 1024

    def measure_cpu(self) -> float:
        """Return the seconds of a processor that the learner's processes, and those before them, have used."""
        return float(sum(sum(process.cpu_times()[:4]) for process in self.find_processes()))


def read_prefix(process: psutil.Process) -> str:
    """Return what the hub has told a process about its address, '' for a process of somebody else's."""
    try:
        return str(process.environ().get("JUPYTERHUB_SERVICE_PREFIX", ""))
    except psutil.Error:
        return ""


def read_pss(process: int) -> int:
    """Return a process's share of memory in KiB, 0 if it has ended."""
    try:
        rows = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(row.split()[1]) for row in rows if row.startswith("Pss:")), 0)


@dataclass
class Shown:
    """What a cell showed: its text, its widgets by model, whether it failed."""

    text: str = ""
    widgets: dict[str, dict[str, Any]] = field(default_factory=dict)
    error: str = ""

    def add(self, kind: str, content: Mapping[str, Any]) -> None:
        """Add a message of the kernel."""
        if kind == "stream":
            self.text += content["text"]
        elif kind == "error":
            self.error = content["evalue"]
        elif kind in ("display_data", "execute_result") and MIME in content["data"]:
            view = content["data"].get("application/vnd.jupyter.widget-view+json", {})
            self.widgets[view.get("model_id", "")] = content["data"][MIME]


@dataclass
class NotebookKernel:
    """A notebook's kernel, as a page talks to it."""

    socket: WebSocketClientConnection
    cells: dict[str, str]
    session: str = field(default_factory=lambda: uuid.uuid4().hex)

    async def run(self, cell: str, source: str | None = None) -> Shown:
        """Run a cell, and return what it shows."""
        shown = Shown()
        question = {"code": self.cells[cell] if source is None else source, "silent": False, "store_history": True,
                    "user_expressions": {}, "allow_stdin": False, "stop_on_error": True}
        async for kind, content in self.talk("execute_request", question, {"cellId": cell}):
            shown.add(kind, content)
        return shown

    async def run_all(self) -> list[Shown]:
        """Run all cells, and return what they show. Raise RuntimeError if one fails."""
        shown = [await self.run(cell) for cell in self.cells]
        if error := next((each.error for each in shown if each.error), ""):
            raise RuntimeError(error)
        return shown

    async def ask(self, model: str, question: Mapping[str, Any]) -> Any:
        """Return a widget's answer to a question of its front end. Raise RuntimeError if there is none."""
        sent = {"comm_id": model, "data": {"method": "custom", "content": {"id": uuid.uuid4().hex, "ask": question}}}
        async for kind, content in self.talk("comm_msg", sent):
            reply = content["data"].get("content", {}) if kind == "comm_msg" else {}
            if "answer" in reply:
                return reply["answer"]
        raise RuntimeError("the widget has not answered")

    async def talk(self, kind: str, content: Mapping[str, Any],
                   metadata: Mapping[str, str] | None = None) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Send a message, and yield what the kernel says about it until it is idle again."""
        name = uuid.uuid4().hex
        header = {"msg_id": name, "msg_type": kind, "session": self.session, "username": "", "version": "5.3"}
        await self.socket.write_message(json.dumps({"channel": "shell", "header": header, "parent_header": {},
                                                    "metadata": metadata or {}, "content": content}))
        while (heard := await asyncio.wait_for(self.hear(), LONG)) is not None:
            if heard["parent_header"].get("msg_id") != name:
                continue
            if heard["header"]["msg_type"] == "status" and heard["content"]["execution_state"] == "idle":
                return
            yield heard["header"]["msg_type"], heard["content"]
        raise RuntimeError("the kernel has gone")

    async def hear(self) -> Any:
        """Return the next message of the kernel, None if it has gone."""
        text = await self.socket.read_message()
        if isinstance(text, bytes):
            return deserialize_binary_message(text)  # type: ignore[no-untyped-call]
        return text and json.loads(text)

