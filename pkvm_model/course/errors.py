"""The error that a learner sees as a sentence instead of a traceback."""
from __future__ import annotations


class CourseError(Exception):
    """One line that says what is wrong and what to do next; the command line prints it and ends with status 1."""
