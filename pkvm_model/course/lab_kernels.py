"""The kernels of a learner's server: few of them, and a notebook whose kernel has ended for that is told so.

`course.py lab` uses this, and so does a hub whose servers read `docs/hub/jupyter`.
"""
from __future__ import annotations

from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import Dict, Integer, Set, default

from .catch_up import ENDED, NOTEBOOK


class CourseKernels(AsyncMappingKernelManager):
    """Keeps a few kernels: before one more starts, the one that has idled longest ends.

    Its notebook gets a new one as soon as a cell runs there, which says what has happened, and the cells above that
    the cell needs run first (`catch_up`). A kernel that is busy never ends.
    """

    most = Integer(8, config=True, help="How many kernels may run. Each takes some 60 MB.")
    notebooks = Dict(help="The notebook of each kernel.")
    ended = Set(help="The notebooks whose kernel ended because it was idle.")

    @default("cull_idle_timeout")
    def _choose_idle_seconds(self) -> int:
        return 2 * 60 * 60

    async def start_kernel(self, **given: Any) -> str:  # type: ignore[override]
        """Start a kernel, after making room for it; tell it if the one before ended because it was idle."""
        for kernel_id in self.choose_idle(len(self._kernels) + 1 - self.most):
            self.remember(kernel_id)
            await self.shutdown_kernel(kernel_id)  # type: ignore[no-untyped-call]
        notebook = (given.get("env") or {}).get(NOTEBOOK)
        if notebook in self.ended:
            self.ended.remove(notebook)
            given["env"] = {**given["env"], ENDED: "1"}
        kernel_id = str(await super().start_kernel(**given))
        self.notebooks[kernel_id] = notebook
        return kernel_id

    def choose_idle(self, number: int) -> list[str]:
        """Return so many kernels that are not busy, those first that have idled longest; none for less than one."""
        idle = [name for name, kernel in self._kernels.items() if kernel.execution_state != "busy"]
        return sorted(idle, key=lambda name: self._kernels[name].last_activity)[:max(0, number)]

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel that has idled too long, and remember its notebook."""
        await super().cull_kernel_if_idle(kernel_id)  # type: ignore[no-untyped-call]
        if kernel_id not in self._kernels:
            self.remember(kernel_id)

    def remember(self, kernel_id: str) -> None:
        """Remember the notebook of a kernel that ends because it is idle."""
        if notebook := self.notebooks.pop(kernel_id, None):
            self.ended.add(notebook)
