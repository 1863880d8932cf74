"""Kernels of test processes never meet: each process has a block of ports, whoever began it."""
from __future__ import annotations

import socket
from contextlib import closing

from jupyter_client.connect import LocalPortCache

from conftest import claim_block


def test_two_claims_have_no_port_in_common() -> None:
    """A block is held as long as its holder is open, and nobody is given any of it."""
    with closing(socket.socket()) as one, closing(socket.socket()) as other:
        mine, theirs = claim_block(one), claim_block(other)
        assert not {one.getsockname()[1], *mine} & {other.getsockname()[1], *theirs}


def test_this_process_gives_its_kernels_its_own_ports() -> None:
    """What Jupyter calls an available port comes from a block that nobody else can claim."""
    given = LocalPortCache().find_available_port("127.0.0.1")
    with closing(socket.socket()) as other:
        assert 10_000 < given < 32_000
        assert given not in claim_block(other)
