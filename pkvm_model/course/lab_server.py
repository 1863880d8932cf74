"""JupyterLab as the course runs it: this machine only, one kernel, no configuration but what is in this module.

`jupyterlab.labapp` adds to the server below a manager of extensions, a builder and a reader of news. The course wants
none of them; without them no request can leave the machine, and the start is a second shorter, since the builder runs
Node.
"""
from __future__ import annotations

import importlib
import json
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_server import version_info
from jupyter_server.serverapp import ServerApp
from jupyterlab_server import LabServerApp
from jupyterlab_server.settings_utils import get_settings
from jupyterlab_server.workspaces_handler import WorkspacesManager
from tornado.httpserver import HTTPServer
from traitlets.config import Config

from .browsers import announce, find_browser, open_browser
from .lab_kernels import CourseKernels
from .lab_place import WORKSPACE, WORKSPACES
from .paths import PACKAGE

PATIENCE = 5.0
"""The seconds after which a server that is asked to end does so, even if something is stuck."""
FIRST_WORKSPACE = {"metadata": {"id": "default"}, "data": {"layout-restorer:data": {
    "main": {"dock": None}, "left": {"collapsed": True, "visible": True, "widgets": []}}}}
"""How JupyterLab looks at the first start: the list of files is closed."""


class CourseServer(ServerApp):
    """A Jupyter server that reads no configuration, and listens before it says where."""

    sockets: Sequence[socket.socket] = ()
    opens_browser = True

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """Read nothing."""

    def migrate_config(self) -> None:
        """Leave the user's old files alone."""

    def init_httpserver(self) -> None:
        """Serve on sockets that listen already."""
        self._http_server = HTTPServer(self.web_app, max_body_size=self.max_body_size,
                                       max_buffer_size=self.max_buffer_size)
        self.port = self.sockets[0].getsockname()[1]
        self._http_server.add_sockets(self.sockets)

    def init_signal(self) -> None:
        """Let Ctrl-C and a request to terminate end the server; Ctrl-C stays ignored where it is, as behind nohup."""
        signal.signal(signal.SIGTERM, self.end)
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self.end)

    def end(self, *_: Any) -> None:
        """End in good order, or after PATIENCE without, whatever is going on; at once when called again.

        Kernels that are left end when they see that the server is gone.
        """
        if self._stopping:
            os._exit(130)
        os.write(sys.stderr.fileno(), b"Shutting down...\n")
        watch = threading.Timer(PATIENCE, os._exit, [0])
        watch.daemon = True
        watch.start()
        self.stop(from_signal=True)

    def start_app(self) -> None:
        """Say where JupyterLab is, and open it in a browser."""
        token = quote(self.identity_provider.token, safe="")
        address = f"http://localhost:{self.port}{self.default_url}?token={token}"
        browser = find_browser() if self.opens_browser else None
        for sentence in announce(address, self.port, browser, self.opens_browser):
            print(sentence, flush=True)
        if browser:
            threading.Thread(target=open_browser, args=(browser, address), daemon=True).start()
        threading.Thread(target=warm_up, daemon=True).start()


class CourseLab(LabServerApp):
    """The part of the server that serves JupyterLab's pages."""

    name = "lab"
    app_name = "JupyterLab"
    app_version = metadata.version("jupyterlab")
    extension_url = "/lab"
    serverapp_class = CourseServer

    @classmethod
    def get_extension_package(cls) -> str:
        """Return the name of this module, where the server finds `_jupyter_server_extension_points`."""
        return __name__

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """Read nothing."""

    def initialize_handlers(self) -> None:
        """Tell the pages what JupyterLab's own server would tell them."""
        server = self.serverapp
        assert server
        page = server.web_app.settings.setdefault("page_config_data", {})
        page |= {"buildAvailable": False, "buildCheck": False, "devMode": False, "news": {"disabled": True},
                 "token": server.identity_provider.token, "notebookVersion": json.dumps(version_info),
                 "quitButton": True, "allow_hidden_files": False, "delete_to_trash": True, "exposeAppInBrowser": False}
        super().initialize_handlers()


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Return what the server loads from this module."""
    return [{"module": __name__, "app": CourseLab}]


def make_server(folder: Path, state: Path, settings: Path, sockets: Sequence[socket.socket],
                opens_browser: bool) -> CourseServer:
    """Return a server for a folder of notebooks, ready to start.

    JupyterLab writes into `state`; `settings` is the folder of the user's settings of JupyterLab.
    """
    workspaces = state / WORKSPACES
    if not any(workspaces.glob(f"*{WORKSPACE}")):  # None of them is read here: one may be damaged.
        WorkspacesManager(str(workspaces)).save("default", json.dumps(FIRST_WORKSPACE))
    CourseServer.sockets, CourseServer.opens_browser = sockets, opens_browser
    CourseLab.serverapp_config = {"jpserver_extensions": {}, "default_url": choose_first_page(folder)}
    server: CourseServer = CourseLab.initialize_server(argv=[], config=configure(folder, state, settings))  # type: ignore[no-untyped-call]
    return server


def configure(folder: Path, state: Path, settings: Path) -> Config:
    """Return the whole configuration."""
    ours, share = PACKAGE / "course" / "jupyter", Path(sys.prefix) / "share" / "jupyter"
    lab = share / "lab"
    labextensions = [PACKAGE / "widgets" / "jupyter" / "labextensions", share / "labextensions"]
    return Config({
        "ServerApp": {"root_dir": str(folder), "ip": "127.0.0.1", "allow_root": True, "answer_yes": True,
                      "terminals_enabled": False, "log_level": "WARN",
                      "kernel_manager_class": f"{CourseKernels.__module__}.CourseKernels"},
        "IdentityProvider": {"token": os.environ.get("JUPYTER_TOKEN") or secrets.token_hex(24)},
        "KernelSpecManager": {"allowed_kernelspecs": {"python3"}, "ensure_native_kernel": False},
        "CourseLab": {"user_settings_dir": str(settings), "workspaces_dir": str(state / WORKSPACES),
                      "app_settings_dir": str(ours / "labconfig"), "schemas_dir": str(lab / "schemas"),
                      "templates_dir": str(lab / "static"), "static_dir": str(lab / "static"),
                      "themes_dir": str(lab / "themes"), "labextensions_path": [*map(str, labextensions)],
                      "cache_files": False, "log_level": "WARN"}})


def choose_first_page(folder: Path) -> str:
    """Return the address of the first notebook, or of JupyterLab if there is no notebook."""
    first = min((each.name for each in folder.glob("*.ipynb")), default=None)
    return f"/lab/tree/{quote(first)}" if first else "/lab"


def warm_up() -> None:
    """Do in advance what the page will ask for; the browser is still reading JupyterLab's scripts."""
    lab = Path(sys.prefix) / "share" / "jupyter" / "lab"
    importlib.import_module("nbformat.v4")
    get_settings("", str(lab / "schemas"), "")
