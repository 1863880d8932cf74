"""Settings of all tests: notebook kernels find the course, the user's own settings stay out, long files come first."""
from __future__ import annotations

import gc
import os
import signal
import socket
import tempfile
from contextlib import suppress
from itertools import cycle
from typing import Any

import pytest

from pkvm_model.course.paths import HOME_VARIABLE, ROOT
from pkvm_model.machine.asking import STORED, VARIABLE
from pkvm_model.typed import COMMAND_VARIABLE

IN_LAB = tuple(f"tests/browser/test_{name}.py"
               for name in ("lab", "in_notebook", "finder", "views", "exercise", "walks_in_lab"))
"""They share one JupyterLab, and so one process."""
LONGEST = (*IN_LAB, "tests/explore/test_repairs.py", "tests/browser/test_pages.py", "tests/explore/test_homecoming.py",
           "tests/pyodide/", "tests/practice/test_exercises.py", "tests/practice/test_judge.py",
           "tests/conform/test_compare_vectors.py",
           "tests/browser/test_access.py", "tests/explore/test_fixes.py", "tests/browser/test_beside.py",
           "tests/front_end/test_checks.py", "tests/course/learner/test_faults.py",
           "tests/explore/engine/test_levels.py", "tests/explore/", "tests/browser/", "tests/graphs/test_bench.py",
           "tests/course/publish/test_bundle.py", "tests/course/setup/", "tests/model/test_renaming.py",
           "tests/course/", "notebooks/")
"""They begin first, so that no process is still in the middle of one when the others have nothing left to do."""

BLOCK = 500
"""Ports of one process. A kernel takes five, and they stay closed for a minute after it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what takes minutes."""
    parser.addoption("--full", action="store_true", help="walk every scene on every screen, not only a sample")
    parser.addoption("--vectors", metavar="FOLDER", help="compare the model with all vectors in this folder, too")


def pytest_configure(config: pytest.Config) -> None:
    """Set the environment that every kernel and subprocess of the tests inherits."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # Two hundred processes would each compile the course anew.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    os.environ[VARIABLE] = STORED  # Notebooks show the same on every machine, also where an emulator is.
    for name in (HOME_VARIABLE, COMMAND_VARIABLE):  # The copies of the course that tests make write into themselves.
        os.environ.pop(name, None)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in every process that a script starts in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.set_threshold(50_000, 20, 20)  # Searching for garbage is an eighth of the work of many tests.
    settings = tempfile.TemporaryDirectory(prefix="pkvm-ipython-", ignore_cleanup_errors=True)
    config.add_cleanup(settings.cleanup)
    os.environ["IPYTHONDIR"] = settings.name
    config.add_cleanup(claim_ports().close)


def claim_ports() -> socket.socket:
    """Give the kernels of this process ports that no other test process gives to its own. Return what holds them.

    Jupyter lets go of a port before the kernel listens there, so another kernel might be given the same one meanwhile.
    The number of the process is not enough: a test may begin a test run, and two checkouts may be tested at once.
    """
    from jupyter_client.connect import LocalPortCache  # noqa: PLC0415  # after the environment is set

    holder = socket.socket()
    ports = cycle(claim_block(holder))

    def find_port(_: LocalPortCache, ip: str) -> int:
        for port in ports:
            with suppress(OSError), socket.socket() as probe:
                probe.bind((ip, port))
                return port
        raise AssertionError("a cycle ends")

    LocalPortCache.find_available_port = find_port  # type: ignore[assignment,method-assign]
    return holder


def claim_block(holder: socket.socket) -> range:
    """Bind to the first port of a block that is free, and return its others. They are below what systems hand out."""
    for first in range(10_000, 32_000, BLOCK):
        with suppress(OSError):
            holder.bind(("127.0.0.1", first))
            return range(first + 1, first + BLOCK)
    raise pytest.UsageError("every block of ports from 10000 to 32000 is taken. End other test runs.")


def pytest_collection_finish() -> None:
    """Leave what the collection made, which stays to the end, out of every later search for garbage."""
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the tests of a file stay together, in their order."""
    items.sort(key=lambda item: next((place for place, name in enumerate(LONGEST) if item.nodeid.startswith(name)),
                                     len(LONGEST)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return one process more than there are cores: tests often wait, for a browser or a kernel."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Return what deals out files, and all files that need a JupyterLab as one, in the order given above."""
    if config.option.dist != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling  # noqa: PLC0415  # a learner's environment has no xdist

    class FileScheduling(LoadFileScheduling):
        """Deals out whole files: the cells of a notebook share a kernel, the tests of a file what they set up."""

        def _split_scope(self, nodeid: str) -> str:
            file = str(super()._split_scope(nodeid))
            return IN_LAB[0] if file in IN_LAB else file

    config.option.loadscopereorder = False
    return FileScheduling(config, log)
