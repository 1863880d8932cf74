"""How long tests wait: for a condition, never for a time, and so long that no busy machine makes one fail.

The rule for every test: whatever happens in another process is waited for, up to PATIENCE; nothing is read after a
pause. Playwright waits as long (`tests/browser/conftest.py`), Hypothesis has no deadline (`tests/conftest.py`). A limit
that is itself under test is measured in CPU time, or by a clock that the test moves.
"""
from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 120.0
"""Seconds; only a test that fails takes as long."""


def wait_until(is_true: Callable[[], object]) -> None:
    """Wait for a condition. Raise AssertionError if it does not come true."""
    until = time.monotonic() + PATIENCE
    while not is_true():
        assert time.monotonic() < until, "that did not come true"
        time.sleep(0.02)
