"""The whole examination and its report.

The last line is for a teacher: it says the same in short, without a name or a path, and ends with a check code.
"""
from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence

import pkvm_model
from ..errors import CourseError
from ..paths import HOME_VARIABLE, explain_setting, name_command
from ..setup import causes, environment, fitness
from ..setup.others import find_version
from ..setup.signed_line import sign
from ..setup.wheels import describe_machine
from . import folders, limits, machine, packages, trials
from .diagnosis import STATUSES, Check, Diagnosis, describe_error, flatten

OUTSIDE: tuple[Check, ...] = (
    machine.check_python, folders.check_names, machine.check_umask, limits.check_limits, limits.check_threads,
    machine.check_temporary, folders.check_folder, folders.check_room, folders.check_copy, folders.check_locks,
    machine.check_loopback)
"""The quick checks that need no environment."""
SLOW: tuple[Check, ...] = (folders.check_database, folders.check_settings, limits.check_memory, machine.check_clock,
                           machine.check_localhost, machine.check_browser, machine.check_fence,
                           machine.check_real_kernel)
"""The other checks that need no environment. Looking a name up can take seconds."""
INSIDE: tuple[Check, ...] = (packages.check_environment, packages.check_files, packages.check_extension,
                             trials.check_imports, trials.check_pictures, trials.check_lab)
"""The checks of the environment, which take seconds."""
NEXT = ("You cannot work yet. Each line that begins with \"missing\" says what to do: do that for the first one, then "
        "run doctor again.")
SEND = ("To get help, send your teacher, or those who gave you the course, this line, which has no name and no path in "
        "it:")


def run(arguments: argparse.Namespace) -> int:
    """Report on the active environment."""
    return report(examine())


def report(diagnoses: Iterable[Diagnosis]) -> int:
    """Print the diagnoses, each as soon as it is known, and return 0 if a learner can work."""
    done = []
    for diagnosis in diagnoses:
        done.append(diagnosis)
        print(f"{diagnosis.status:<8}{diagnosis.subject:<15}{flatten(diagnosis.text)}", flush=True)
    able = all(diagnosis.status != "missing" for diagnosis in done)
    print("You can work." if able else NEXT)
    if any(HOME_VARIABLE in diagnosis.text for diagnosis in done if diagnosis.status != "ok"):
        print(explain_setting())
    print(f"{SEND}\n{format_line(done)}")
    return 0 if able else 1


def format_line(diagnoses: Sequence[Diagnosis]) -> str:
    """Return the diagnoses as one line, signed so that a teacher sees whether all of it arrived."""
    parts = [f"pkvm-course {pkvm_model.__version__}", describe_machine(),
             f"jupyterlab {find_version('jupyterlab') or 'none'}"]
    for status in STATUSES:
        subjects = [diagnosis.subject for diagnosis in diagnoses if diagnosis.status == status]
        parts.append(f"{status} {len(subjects) if status == 'ok' else ', '.join(subjects) or 'nothing'}")
    return sign(" | ".join(parts))


def examine() -> Iterator[Diagnosis]:
    """Check everything that `lab` will meet."""
    yield from examine_quickly()
    yield from map(try_check, (*SLOW, *INSIDE))


def examine_quickly() -> Iterator[Diagnosis]:
    """Check what takes no time, as `lab` does at each start."""
    yield from map(try_check, OUTSIDE)
    yield from packages.check_sources()


def examine_outside() -> Iterator[Diagnosis]:
    """Check what can be checked before course.py has an environment."""
    yield from map(try_check, (*OUTSIDE, *SLOW))
    fault = environment.find_fault()
    if fault:
        yield try_check(check_set_up)
        yield Diagnosis("missing", "environment",
                        f"{environment.COURSE.name} is {fault}: {name_command('lab')} makes it")


def check_set_up() -> Diagnosis:
    """Ask the set-up whether it could make an environment here."""
    try:
        fitness.refuse_misfits(environment.COURSE)
    except CourseError as error:
        return Diagnosis("missing", "set-up", str(error).rstrip("."))
    except OSError as error:
        return Diagnosis("missing", "set-up", causes.explain_failure(str(error)).rstrip("."))
    return Diagnosis("ok", "set-up", "an environment can be made here")


def try_check(check: Check) -> Diagnosis:
    """Run a check; if it fails itself, say so, since that is news as well."""
    try:
        return check()
    except Exception as error:
        subject = check.__name__.removeprefix("check_").replace("_", " ")
        return Diagnosis("note", subject, f"could not be checked ({describe_error(error)})")
