"""A recorded life of a VM on a real kernel, as a notebook shows it."""
from __future__ import annotations

from dataclasses import dataclass

from ..recording import Comparison, Scenario, load, replay
from ..trace import show_ret
from .story import Calls


@dataclass(frozen=True)
class Life:
    """One scenario of a recording."""

    scenario: Scenario

    def replayed(self) -> Comparison:
        """The model's answers beside the kernel's."""
        return replay(self.scenario)

    def calls(self, *words: str) -> Calls:
        """The hypercalls whose name contains one of these words, as they were recorded."""
        rows = [row for row in self.scenario.hypercalls if any(word in row.call for word in words)]
        made = tuple((row.call, f"{row.call}({', '.join(row.args)})", show_ret(row.ret)) for row in rows)
        return Calls(f"Recorded on Linux {self.scenario.kernel}, scenario {self.scenario.name}", made)


def recorded(name: str, kernel: str = "6.19.14") -> Life:
    """A scenario that comes with the course, such as "n3": one vCPU, three runs, everything closed."""
    return Life(load(f"{kernel}-natural").scenario(name))
