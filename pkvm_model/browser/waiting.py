"""Tells when learners' code waits: in a worker, which has one thread, waiting looks like work from outside."""
from __future__ import annotations

import _thread
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import SupportsIndex

Tell = Callable[[bool], object]
sleep = time.sleep


def report_waits(tell: Tell) -> None:
    """Let `tell` hear when this Python begins to sleep or to wait for a lock, and when it goes on."""
    def sleep_and_tell(seconds: float | SupportsIndex) -> None:
        with enclose(tell):
            sleep(seconds)

    def make_lock() -> TellingLock:
        return TellingLock(tell)

    for module, name, value in ((time, "sleep", sleep_and_tell), (threading, "Lock", make_lock),
                                (threading, "_allocate_lock", make_lock)):
        setattr(module, name, value)


@contextmanager
def enclose(tell: Tell) -> Iterator[None]:
    """Tell what begins to wait, and that it goes on."""
    tell(True)
    try:
        yield
    finally:
        tell(False)


class TellingLock:
    """A lock that tells when somebody waits for it; in one thread that may be for ever."""

    def __init__(self, tell: Tell) -> None:
        self.tell, self.lock = tell, _thread.allocate_lock()
        self.release, self.locked = self.lock.release, self.lock.locked

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock, and wait for it if it is held."""
        if self.lock.acquire(blocking=False):
            return True
        if not blocking:
            return False
        with enclose(self.tell):
            return self.lock.acquire(timeout=timeout)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()
