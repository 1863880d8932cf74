"""The way to a process with a learner's code: one pipe for questions, one for replies.

A reply is a line of JSON. Where the process ends, or writes something else, the answer is told so.
"""
from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import sys
import time
from itertools import pairwise
from typing import Any

from ..schema import JSON
from .candidate import ENDED, KILLED, AnswerError, Candidate, RemoteError
from .plain import DETAILS, clean, replace_surrogates

DISTURBED = "Your answer disturbed its own check, which got no valid reply. Do not open files in your answer."
PATIENCE = 1.0
"""Seconds that a process may take to end after it has closed its pipes."""
LARGEST = 8_000_000
"""The bytes of the longest reply."""
TOO_LARGE = {"error": "Your code failed: a value is too large.", "details": ""}
MOST_FILES = 1024
"""As many files are closed."""


class Channel:
    """Asks a candidate in a process of its own."""

    def __init__(self, text: str) -> None:
        questions, self.questions = os.pipe()
        source, replies = os.pipe()
        self.status: int | None = None
        self.is_disturbed = False
        self.child = os.fork()
        if not self.child:
            serve_and_exit(text, questions, replies)
        os.close(questions)
        os.close(replies)
        self.replies = os.fdopen(source, "rb")

    def ask(self, *question: Any) -> JSON:
        """Return the reply to a question. Raise AnswerError or RemoteError if the learner's code goes wrong."""
        if self.is_disturbed:
            raise AnswerError(DISTURBED)
        reply = parse_reply(self.send(pickle.dumps(question)))
        if reply is None:
            self.is_disturbed = True
            raise AnswerError(DISTURBED)
        raise_what_it_says(reply)
        return reply

    def send(self, question: bytes) -> bytes:
        """Send a question and return the line that comes back. Raise AnswerError if the process has ended."""
        with contextlib.suppress(BrokenPipeError):
            write_all(self.questions, len(question).to_bytes(8) + question)
        line = self.replies.readline(LARGEST)
        if not line:
            raise self.explain_end()
        return line

    def explain_end(self) -> AnswerError:
        """Return what can be said of a process that is gone, or that has closed its pipes."""
        status = self.wait()
        if not os.WIFSIGNALED(status):
            return AnswerError(ENDED)
        number = os.WTERMSIG(status)
        if number == signal.SIGKILL:
            return AnswerError(KILLED, tried=False)
        return AnswerError(f"{ENDED} It ended by signal {number}: {signal.strsignal(number)}.")

    def wait(self) -> int:
        """Return how the process ended; one that has closed its pipes and goes on has exited as far as we care."""
        deadline = time.monotonic() + PATIENCE
        while self.status is None and time.monotonic() < deadline:
            child, status = os.waitpid(self.child, os.WNOHANG)
            self.status = status if child else None
            time.sleep(0 if child else 0.01)
        return self.status or 0

    def end(self) -> None:
        """End the process."""
        if self.status is None:
            os.kill(self.child, signal.SIGKILL)
            os.waitpid(self.child, 0)
        os.close(self.questions)
        self.replies.close()


def parse_reply(line: bytes) -> JSON | None:
    """Return the JSON object on a whole line, None if there is none."""
    try:
        reply = json.loads(line) if line.endswith(b"\n") else None
    except (ValueError, RecursionError):
        return None
    return reply if isinstance(reply, dict) else None


def write_all(file: int, data: bytes) -> None:
    """Write all of the data."""
    while data:
        data = data[os.write(file, data):]


def serve_and_exit(text: str, questions: int, replies: int) -> None:
    """Answer questions until there are no more, and end the process; nothing that it inherited stays open."""
    leave = os._exit
    try:
        close_files(questions, replies)
        serve(Candidate(text), questions, replies)
    finally:
        leave(0)


def close_files(*kept: int) -> None:
    """Close all files but these, and put an empty one in the place of the standard ones."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    for low, high in pairwise((2, *sorted(kept), MOST_FILES)):
        os.closerange(low + 1, high)
    sys.stdin = os.fdopen(0)


def serve(candidate: Candidate, questions: int, replies: int) -> None:
    """Answer questions until there are no more, behind the fence."""
    from .fence import close_fence  # noqa: PLC0415  # a page's Python has no processes, and so no fence

    close_fence()
    with open(questions, "rb") as source:
        while head := source.read(8):
            reply = candidate.reply(pickle.loads(source.read(int.from_bytes(head))))
            data = json.dumps(reply).encode()
            write_all(replies, (data if len(data) < LARGEST else json.dumps(TOO_LARGE).encode()) + b"\n")


def raise_what_it_says(reply: JSON) -> None:
    """Raise AnswerError or RemoteError if a reply says that the learner's code went wrong."""
    details = read_details(reply.get("details", ""))
    if "error" in reply:
        raise AnswerError(clean(str(reply["error"]), 1_000), details, reply.get("tried") is not False)
    if "fault" in reply:
        raise RemoteError(clean(str(reply["fault"]), 1_000), details)


def read_details(value: Any) -> str:
    """Return a traceback from another process as a text that can be shown."""
    return replace_surrogates(str(value)[:DETAILS + 3])
