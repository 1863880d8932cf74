"""A learner's server keeps few kernels, and a notebook whose kernel ended because it was idle is told so."""
from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from pkvm_model.course.catch_up import ENDED, NOTEBOOK
from pkvm_model.course.lab_kernels import CourseKernels

MOST = 3


class NoKernels(CourseKernels):
    """Starts and ends kernels that do not exist, and notes what each was told."""

    def __init__(self) -> None:
        """Keep three kernels."""
        super().__init__(most=MOST)  # type: ignore[no-untyped-call]
        self.told: list[tuple[str, bool]] = []

    async def shutdown_kernel(self, name: str) -> None:  # type: ignore[override]
        """End a kernel."""
        del self._kernels[name]


def run(work: Callable[[NoKernels], Awaitable[None]], monkeypatch: pytest.MonkeyPatch) -> NoKernels:
    """Let some work be done with kernels; those of a notebook whose name begins with b are busy from then on."""

    async def start(self: NoKernels, env: dict[str, str]) -> str:
        name = env[NOTEBOOK]
        self._kernels[name] = SimpleNamespace(execution_state="busy" if name[0] == "b" else "idle",
                                              last_activity=len(self.told))
        self.told.append((name, ENDED in env))
        return name

    async def cull(self: NoKernels, name: str) -> None:
        if self._kernels[name].execution_state != "busy":
            await self.shutdown_kernel(name)

    monkeypatch.setattr(CourseKernels.__base__, "start_kernel", start)
    monkeypatch.setattr(CourseKernels.__base__, "cull_kernel_if_idle", cull)
    kernels = NoKernels()
    with ThreadPoolExecutor() as other:  # a browser's test may have left a loop running in this thread
        other.submit(lambda: asyncio.run(work(kernels))).result()  # type: ignore[arg-type]
    return kernels


def open_notebooks(*names: str) -> Callable[[NoKernels], Awaitable[None]]:
    """Return the work of opening notebooks, one after the other."""

    async def work(kernels: NoKernels) -> None:
        for name in names:
            await kernels.start_kernel(env={NOTEBOOK: name})

    return work


def test_the_kernel_that_has_idled_longest_ends_before_one_too_many_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [*run(open_notebooks("1", "2", "3"), monkeypatch)._kernels] == ["1", "2", "3"]
    assert [*run(open_notebooks("1", "2", "3", "4", "5"), monkeypatch)._kernels] == ["3", "4", "5"]


def test_a_kernel_that_is_busy_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [*run(open_notebooks("busy", "2", "3", "4"), monkeypatch)._kernels] == ["busy", "3", "4"]
    assert len(run(open_notebooks("b1", "b2", "b3", "b4"), monkeypatch)._kernels) == MOST + 1


def test_a_notebook_is_told_once_that_its_kernel_ended_to_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(kernels: NoKernels) -> None:
        await open_notebooks("1", "2", "3", "4", "1")(kernels)
        await kernels.shutdown_kernel("1")  # as a learner does
        await open_notebooks("1")(kernels)

    told = run(work, monkeypatch).told
    assert told[-2:] == [("1", True), ("1", False)]
    assert not any(is_told for _, is_told in told[:-2])


def test_a_notebook_is_told_that_its_kernel_idled_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(kernels: NoKernels) -> None:
        await open_notebooks("1", "busy")(kernels)
        await kernels.cull_kernel_if_idle("1")
        await kernels.cull_kernel_if_idle("busy")
        await open_notebooks("1", "busy")(kernels)

    assert run(work, monkeypatch).told == [("1", False), ("busy", False), ("1", True), ("busy", False)]


def test_a_learner_s_own_server_keeps_a_kernel_of_a_closed_page_for_hours() -> None:
    kernels = CourseKernels()  # type: ignore[no-untyped-call]
    assert (kernels.most, kernels.cull_idle_timeout, kernels.cull_connected) == (8, 7200, False)
