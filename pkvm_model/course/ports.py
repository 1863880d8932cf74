"""The ports that JupyterLab listens on: of this machine, and reached from this machine only. Standard library only."""
from __future__ import annotations

import errno
import os
import socket

from .errors import CourseError

PORT, PORTS = 8888, 100
"""The first port to try, and how many to try."""


def listen(port: int | None) -> list[socket.socket]:
    """Return sockets that listen on a port, or on the first free one. Raise CourseError if that fails."""
    reason = ""
    for number in [port] if port else range(PORT, PORT + PORTS):
        try:
            return listen_on(number)
        except OSError as error:
            reason = error.strerror or str(error)
    if port:
        raise CourseError(f"port {port} cannot be used ({reason}). Choose another, or leave --port out.")
    raise CourseError(f"no port from {PORT} to {PORT + PORTS - 1} can be used ({reason}). Close some programs, or name "
                      "a port with --port.")


def listen_on(port: int) -> list[socket.socket]:
    """Return sockets that listen on a port of this machine, which only this machine can reach. Raise OSError."""
    first = bind(socket.AF_INET, "127.0.0.1", port)
    try:
        # A browser may take localhost for the other address: nobody else must answer there.
        return [first, bind(socket.AF_INET6, "::1", port)]
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            first.close()
            raise
        return [first]  # This machine has no such address.


def bind(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    """Return a socket that listens at an address. Raise OSError."""
    listening = socket.socket(family)
    try:
        if os.name != "nt":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind((address, port))
        listening.listen(128)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening
