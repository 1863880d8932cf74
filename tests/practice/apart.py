"""A process that checks answers, one after the other, and has one thread: it forks for each of them.

pytest's own processes have threads, and a process that is forked among threads may wait for ever for a lock of theirs.
"""
from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from typing import Any, NamedTuple

from pkvm_model.practice.apart import judge_apart
from pkvm_model.practice.verdict import Verdict
from tests.patience import PATIENCE


class Judge(NamedTuple):
    """The process."""

    process: subprocess.Popen[str]

    def judge(self, name: str, text: str) -> Verdict:
        """Return the verdict on an answer. Raise AssertionError if there is none in time."""
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps([name, text]), file=self.process.stdin, flush=True)
        ready = select.select([self.process.stdout], [], [], PATIENCE)[0]
        line = self.process.stdout.readline() if ready else ""
        assert line, "the check of this answer does not end, or ended the process that checks"
        return Verdict(**json.loads(line))


def start() -> Judge:
    """Start the process."""
    command = [sys.executable, "-m", "tests.practice.apart"]
    return Judge(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))


def main() -> None:
    """Check each answer that comes in. What answers and checks print goes to standard error."""
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        question: list[Any] = json.loads(line)
        print(json.dumps(judge_apart(*question).to_json()), file=output, flush=True)


if __name__ == "__main__":
    main()
