"""The command line. `run_outside` serves course.py, `run_inside` serves python3 -m pkvm_model.course.

To add a command, add an entry to COMMANDS and a module with a function `run(arguments) -> status`. Standard library
only: course.py imports this module before there is an environment, so a command's module is imported when it runs.
"""
from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..outside import escape
from .errors import CourseError
from .paths import belongs_to_others, explain_workplace, name_command, name_program, refuse_in_a_package
from ..typed import OPTION
from .streams import finish_output, prepare_streams
from .setup import environment, install, others, process, shadows
from .setup.environment import COURSE, DEVELOP, Environment

Argument = tuple[tuple[str, ...], dict[str, Any]]


def argument(*names: str, **settings: Any) -> Argument:
    """Return an argument of a command, in the terms of argparse's add_argument."""
    return names, settings


def parse_port(text: str) -> int:
    """Return the port that a text names. Raise ArgumentTypeError if it is not a port number."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text} is not a port number (1 to 65535)")
    return int(text)


class Command(NamedTuple):
    """A command: the module of this package that runs it, its line of help, its arguments, where it runs.

    One without an environment runs in the Python that course.py was started with.
    """

    module: str
    summary: str
    arguments: tuple[Argument, ...] = ()
    environment: Environment | None = COURSE


COMMANDS = {
    "lab": Command("lab", "open JupyterLab on the first notebook, in your own copy", (
        argument("--port", type=parse_port, help="the port to use (default: any free one)"),
        argument("--no-browser", action="store_true", help="print the address instead of opening a browser"))),
    "start": Command("learner.start", "make your own copy of the notebooks in my_work/"),
    "update": Command("learner.update", "bring your copy up to date; nothing of yours is lost", (
        argument("names", nargs="*", metavar="NAME", help="only these chapters and exercises"),)),
    "progress": Command("learner.show_progress", "show what you have solved, and what to do next"),
    "reset": Command("learner.reset", "put your version of a notebook aside and start it afresh", (
        argument("name", metavar="NAME", help="the exercise, or the chapter"),)),
    "handin": Command("learner.handin", "write one small file with your progress and answers", (
        argument("--name", default="", help="your name, for the person who reads it"),
        argument("-o", "--output", metavar="FILE", help="where to write it (default: my_work/handin-YOUR-NAME.json)"))),
    "import": Command("learner.import_progress", "import progress and answers from another machine", (
        argument("file", metavar="FILE", help="a hand-in, or the progress.json of another copy"),)),
    "test": Command("dev.run_tests", "run all tests, or one part of them; everything after -- goes to pytest", (
        argument("part", nargs="?", choices=("model", "notebooks", "browser", "exercises", "doors", "hub"),
                 help="only this part"),
        argument("--python", nargs="*", metavar="VERSION", help="run them under each Python 3.11 or newer that is "
                 "found here, or under those with these versions or paths; the part comes first"),
        argument("--nbgrader", action="store_true", help="try the exercises with nbgrader, in an environment of its "
                 "own; name the chapters to grade after --")), DEVELOP),
    "doctor": Command("doctor", "report what works, what is missing and how to mend it"),
    "kernel": Command("kernel", "say what is needed to ask a real kernel; get one with --get or --kernel", (
        argument("--get", nargs="?", const="", metavar="VERSION",
                 help="fetch a kernel of Debian's: this version, or the newest backport"),
        argument("--list", action="store_true", help="list the kernels that --get can fetch"),
        argument("--kernel", metavar="FILE", help="take this kernel for arm64: an Image, a vmlinuz or a .deb"),
        argument("--suite", metavar="NAME", help="look only in this suite of Debian's, such as trixie-backports"),
        argument("--mirror", metavar="ADDRESS", help="fetch from this mirror of Debian's, not from the machine's own")),
        None),
    "build": Command("dev.build", "run the notebooks and store their outputs", (
        argument("--check", action="store_true", help="write nothing; fail if a stored output is stale"),
        argument("notebooks", nargs="*", metavar="NOTEBOOK", help="only these (default: all notebooks)")),
        DEVELOP),
    "site": Command("site.build", "write the whole course as a folder for any web server", (
        argument("-o", "--output", default="_site", metavar="DIR", help="where to write it (default: _site)"),
        argument("--without-python", action="store_true", help="only what is stored: nothing is fetched from npm")),
        DEVELOP),
    "bundle": Command("publish.bundle", "make a folder that runs on a machine without a network", (
        argument("-o", "--output", default="_bundle", metavar="DIR", help="where to write it (default: _bundle)"),)),
    "kit": Command("publish.kit", "make slides, a sheet with the answers, and a summary for a class", (
        argument("slides", nargs="?", metavar="SLIDES", help="your own copy of docs/workshop/slides.md"),
        argument("-o", "--output", default="_kit", metavar="DIR", help="where to write it (default: _kit)"))),
    "bench": Command("dev.benchmarks", "measure the explorer beside its peers, clicks, starts, visits and a class", (
        argument("benchmark", nargs="?", default="explorer", help="which benchmark",
                 choices=("explorer", "clicks", "start", "visits", "kills", "hub")),
        argument("--rounds", metavar="N", help="how often each tool, click or start is repeated"),
        argument("--only", metavar="NAME,NAME", help="only these scenarios, as in H222,B1112, or classes"),
        argument("--all", action="store_true", help="for the explorer: also the scenarios that take long"),
        argument("--json", metavar="FILE", help="also write every single run to a file")), DEVELOP),
    "explore-all": Command("dev.explore_all", "explore the larger machines and store what was found", (
        argument("names", nargs="*", metavar="NAME", help="only these hosts and kernels, as in two-vms upstream"),
        argument("--again", action="store_true", help="also what is stored and right"),
        argument("--every-state", action="store_true", help="also each of those that differ in names only: slower"),
        argument("--check", action="store_true", help="write nothing; fail if a stored count is not found again")),
        DEVELOP)}
"""Every command, in the order in which --help lists them."""


def run_outside(argv: Sequence[str]) -> int:
    """Run a command from any Python: find or make the environment, then hand over to it."""
    return report_errors(find_environment_and_run, argv)


def run_inside(argv: Sequence[str]) -> int:
    """Run a command in the active environment."""
    return report_errors(import_and_run, argv)


def report_errors(run: Callable[[Sequence[str]], int], argv: Sequence[str]) -> int:
    """Run a command and return its status; print expected errors as one line."""
    prepare_streams()
    try:
        if place := explain_workplace():
            print(place, flush=True)
        status = run(argv)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        return 0  # The reader has enough, as in `course.py progress | head`.
    except CourseError as error:
        reason = str(error)
    except OSError as error:
        reason = ": ".join(map(str, filter(None, [error.strerror or str(error), error.filename])))
    except MemoryError:
        reason = "there is not enough memory, or a limit (ulimit -v) allows too little."
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    finally:
        finish_output()
    print(f"{name_program()}: {escape(reason)}", file=sys.stderr)
    return 1


def find_environment_and_run(argv: Sequence[str]) -> int:
    """Run a command in the environment that it needs; doctor makes none, and reports without it."""
    arguments = parse(argv)
    fault = shadows.explain_shadow()
    if arguments.command == "doctor" and (
            fault or (not environment.has_locked_packages() and environment.find_fault())):
        doctor = importlib.import_module(".doctor", __package__)
        return int(doctor.report(doctor.examine_outside()))
    if fault:
        raise CourseError(f"{fault}.")
    chosen = choose_environment(arguments)
    if chosen is None:
        return import_and_run(argv)
    python = others.find_python() if belongs_to_others() and chosen == COURSE else install.ensure_python(chosen)
    return process.hand_over(python, ["-P", "-m", "pkvm_model.course", *argv])


def choose_environment(arguments: argparse.Namespace) -> Environment | None:
    """Return the environment that a command needs; learners' own is enough for the notebooks and what they store."""
    only_notebooks = getattr(arguments, "part", None) == "notebooks" and arguments.python is None
    only_stored = getattr(arguments, "without_python", False)
    return COURSE if only_notebooks or only_stored else COMMANDS[arguments.command].environment


def import_and_run(argv: Sequence[str]) -> int:
    """Run a command here, in its module."""
    arguments = parse(argv)
    if choose_environment(arguments) == DEVELOP:
        refuse_in_a_package(arguments.command)
    module = importlib.import_module(f".{COMMANDS[arguments.command].module}", __package__)
    return int(module.run(arguments))


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Parse a command line; an empty one asks for help. What follows `--` is kept for pytest, as `rest`."""
    argv = list(argv) or ["--help"]
    cut = argv.index("--") if "--" in argv else len(argv)
    arguments = make_parser().parse_args(argv[:cut])
    arguments.rest = argv[cut + 1:]
    if arguments.rest and arguments.command != "test":
        raise CourseError(f"{arguments.command} takes nothing after --.")
    return arguments


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    program = "course.py" if name_program() == "course.py" else name_command("").rstrip()
    top = argparse.ArgumentParser(prog=program, description="How protected KVM takes a virtual machine apart.")
    top.add_argument(OPTION, metavar="FOLDER", help="where your copy is, and an environment if one is made; it may "
                     "stand anywhere in the line")
    subparsers = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        description = f"{command.summary[0].upper()}{command.summary[1:]}."
        parser = subparsers.add_parser(name, help=command.summary, description=description)
        for names, settings in command.arguments:
            parser.add_argument(*names, **settings)
    return top
