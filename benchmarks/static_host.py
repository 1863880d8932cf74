"""A static host for tries of the site: below a path, counted, and as unreliable as hosts are."""
from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks.lab import free_port

BELOW = "/some/where/"
"""The path below which the course is: nothing of it may count on being at the top of a host."""
Answer = Callable[["Handler"], None]


class Handler(SimpleHTTPRequestHandler):
    """Answers a request from the folder, or as a test wants it."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript", ".wasm": "application/wasm"}

    def __init__(self, host: Host, *rest: object) -> None:
        """Answer one request of a host."""
        self.host = host
        super().__init__(*rest, directory=str(host.folder))  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer, and keep what was asked."""
        if not self.path.startswith(BELOW):
            return self.send_error(404)
        name = self.path.removeprefix(BELOW).partition("?")[0]
        self.host.asked.append(name)
        self.path = f"/{self.path.removeprefix(BELOW)}"
        return self.host.answers.get(name, Handler.send_file)(self)

    def send_file(self) -> None:
        """Answer as a host does."""
        with suppress(ConnectionError):  # whoever asked may be gone
            super().do_GET()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


class Host:
    """A host of one folder, which a test can change, stop and start again at the same address."""

    def __init__(self, folder: Path) -> None:
        """Begin to listen."""
        self.folder, self.asked, self.answers = folder, list[str](), dict[str, Answer]()
        self.port = free_port()
        self.start()

    def start(self) -> None:
        """Listen, again at the same port: nobody has taken it meanwhile."""
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), partial(Handler, self))
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.port}{BELOW}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Listen no more: from now on the network has ended."""
        self.server.shutdown()
        self.server.server_close()


def hang_up(handler: Handler) -> None:
    """End the connection in the middle of an answer."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"half")
    handler.close_connection = True


def send_other(handler: Handler) -> None:
    """Send a file that is whole but not the one that was meant."""
    handler.send_response(200)
    handler.send_header("Content-Length", "5")
    handler.end_headers()
    handler.wfile.write(b"other")
