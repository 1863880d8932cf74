"""Checks of the limits that a shell, a batch system or a container sets. Standard library only."""
from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from .diagnosis import Diagnosis

CGROUP = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")
CONTAINER_BYTES = 400_000_000
"""What JupyterLab, one kernel and the process of an answer need together."""


THREADS = 40
"""How many threads JupyterLab and one kernel have together, and some to spare."""
DRAWING_BYTES = 5_000_000 * 1024
"""The addresses that drawing a graph sets aside, and what Python itself takes."""


class Limit(NamedTuple):
    """A limit: its name in Python, how a shell spells it, its unit there, the least that works, and what it limits."""

    name: str
    option: str
    unit: int
    least: int
    subject: str
    unit_name: str = ""


LIMITS = (Limit("RLIMIT_AS", "-v", 1024, 800_000 * 1024, "the memory of a program", " kB"),
          Limit("RLIMIT_DATA", "-d", 1024, 200_000 * 1024, "the data of a program", " kB"),
          Limit("RLIMIT_NOFILE", "-n", 1, 128, "the number of open files of a program"),
          Limit("RLIMIT_FSIZE", "-f", 1024, 5_000 * 1024, "the size of a file", " kB"),
          Limit("RLIMIT_CPU", "-t", 1, 600, "the computing time of a program", " seconds"))


def check_limits() -> Diagnosis:
    """Compare the limits with what JupyterLab and its kernels need."""
    low = next(list_low_limits(), None)
    return Diagnosis("missing", "limits", low) if low else Diagnosis("ok", "limits", "none is too low")


def list_low_limits(limits: Sequence[Limit] = LIMITS) -> Iterator[str]:
    """Yield a sentence for each limit that is too low; Windows has none."""
    try:
        import resource  # noqa: PLC0415  # not on Windows
    except ImportError:
        return
    for limit in limits:
        number = getattr(resource, limit.name, None)
        soft, hard = resource.getrlimit(number) if number is not None else (resource.RLIM_INFINITY,) * 2
        if limit.name == "RLIMIT_NOFILE":
            soft = hard  # Jupyter raises it as far as it may.
        if soft != resource.RLIM_INFINITY and soft < limit.least:
            yield describe_low(limit, soft, hard == resource.RLIM_INFINITY or hard >= limit.least)


def describe_low(limit: Limit, soft: int, can_be_raised: bool) -> str:
    """Return a sentence on a limit that is too low, with the cure."""
    least = limit.least // limit.unit
    cure = (f"type ulimit -S {limit.option} {least}, then start again" if can_be_raised
            else "ask the person who looks after this machine to raise it")
    return (f"{limit.subject} may be at most {soft // limit.unit}{limit.unit_name} here (ulimit {limit.option}), and "
            f"JupyterLab needs {least}: {cure}")


def check_threads() -> Diagnosis:
    """Start as many threads as JupyterLab and a kernel do; a limit on programs counts all threads of a user."""
    ready = threading.Event()
    threads = [threading.Thread(target=ready.wait, daemon=True) for _ in range(THREADS)]
    try:
        for thread in threads:
            thread.start()
    except RuntimeError:
        return Diagnosis("missing", "threads", "you may start no more programs or threads here (ulimit -u), and "
                         f"JupyterLab needs {THREADS}: close other programs, or ask the person who looks after this "
                         "machine to raise the limit")
    finally:
        ready.set()
    return Diagnosis("ok", "threads", f"{THREADS} more can be started")


def describe_address_limit() -> str:
    """Return a sentence if the addresses of a program are so limited that no graph can be drawn, '' otherwise."""
    limit = LIMITS[0]._replace(least=DRAWING_BYTES)
    return next(list_low_limits((limit,)), "").replace("JupyterLab", "drawing")


def check_memory() -> Diagnosis:
    """Compare what a container, or the machine, has of memory with what is needed."""
    size = find_memory()
    if size and size < CONTAINER_BYTES:
        return Diagnosis("note", "memory", f"only {size // 10**6} MB for all programs here, and the course needs about "
                         f"{CONTAINER_BYTES // 10**6}: if a kernel dies, give the container or the machine more")
    return Diagnosis("ok", "memory", f"{size / 10**9:.1f} GB" if size else "not limited")


def find_memory() -> int | None:
    """Return how many bytes of memory this container, or this machine, has; None if the system does not say."""
    sizes = []
    for path in CGROUP:
        with contextlib.suppress(OSError, ValueError):
            sizes.append(int(path.read_text(encoding="ascii")))
    with contextlib.suppress(AttributeError, OSError, ValueError):
        sizes.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return min(sizes, default=None)
