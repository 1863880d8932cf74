"""The one kind of error that a learner sees as a sentence instead of a traceback."""


class CourseError(Exception):
    """Says in one line what is wrong and what to do next; the command line prints it and ends with status 1."""
