"""The browser that JupyterLab is opened in. Standard library only."""
from __future__ import annotations

import os
import socket
import sys
import webbrowser
from collections.abc import Iterator

SCREENS = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")
"""Environment variables of which one is set if a browser can be opened; a text browser would take the terminal."""


def find_browser() -> webbrowser.BaseBrowser | None:
    """Return the user's browser; None if there is none, or no screen to show it on."""
    has_screen = sys.platform in ("darwin", "win32") or any(map(os.environ.get, SCREENS))
    try:
        return webbrowser.get() if has_screen else None
    except webbrowser.Error:
        return None


def announce(address: str, port: int, browser: webbrowser.BaseBrowser | None, wanted: bool) -> Iterator[str]:
    """Yield what to do with an address, in sentences."""
    if browser:
        yield f"If no browser opens, open this address in one: {address}"
        return
    yield f"{'No browser can be opened here. ' if wanted else ''}Open this address in a browser: {address}"
    if os.environ.get("SSH_CONNECTION"):
        yield f"From your own machine, forward the port first: ssh -L {port}:localhost:{port} {socket.gethostname()}"


def open_browser(browser: webbrowser.BaseBrowser, address: str) -> None:
    """Open an address, and say so if that fails."""
    try:
        opened = browser.open(address)
    except Exception:  # A browser that the user has set can fail in any way.
        opened = False
    if not opened:
        print("The browser could not be opened. Open the address above in a browser yourself.", flush=True)
