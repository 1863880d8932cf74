"""What `lab` asks the doctor: before it starts, and when its start fails. Both end in the doctor's words."""
from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ..errors import CourseError
from .diagnosis import describe_error, list_missing
from .examination import examine, examine_quickly

REPORT = "Please send this line to the people who wrote the course"


def refuse_known_faults() -> None:
    """Raise CourseError if one of the quick checks finds something missing; print its notes."""
    for diagnosis in examine_quickly():
        if diagnosis.status == "missing":
            raise CourseError(f"{diagnosis.text}.")
        if diagnosis.status == "note":
            print(f"{diagnosis.text}.", flush=True)


@contextlib.contextmanager
def explain_failures() -> Iterator[None]:
    """Turn what goes wrong in JupyterLab into a CourseError of one line: the doctor's, or the exception's own."""
    try:
        yield
    except (CourseError, BrokenPipeError):
        raise
    except SystemExit as stop:
        if stop.code in (None, 0):
            raise
        raise CourseError(find_cause(stop)) from stop
    except Exception as error:
        raise CourseError(find_cause(error)) from error


def find_cause(error: BaseException) -> str:
    """Return the first thing that a whole examination finds missing, otherwise what the exception says."""
    print("JupyterLab failed. The doctor looks for the cause.", flush=True)
    diagnosis = next(list_missing(examine()), None)
    if diagnosis:
        return f"{diagnosis.text}."
    return f"JupyterLab failed ({describe_error(error)}), and doctor finds nothing missing. {REPORT}."
