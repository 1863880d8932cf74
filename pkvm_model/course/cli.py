"""The command line: `outside` serves course.py, `inside` serves python3 -m pkvm_model.course."""

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence

from . import doctor
from .errors import CourseError
from .setup import environment

TEST_PARTS = ("model", "notebooks", "browser", "exercises")
BENCHMARKS = ("explorer", "clicks")


def outside(argv: Sequence[str]) -> int:
    """Runs a command from any Python: finds or makes the environment, then hands over to it."""
    return _guarded(_outside, argv)


def inside(argv: Sequence[str]) -> int:
    """Runs a command in the environment that is active."""
    return _guarded(_inside, argv)


def _guarded(run: Callable[[Sequence[str]], int], argv: Sequence[str]) -> int:
    try:
        status = run(argv)
        sys.stdout.flush()
        return status
    except CourseError as error:
        print(f"course.py: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever reads has enough, as in `course.py progress | head`; nothing more may be written at the end either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print("course.py:", ": ".join(filter(None, [error.strerror, error.filename])), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def _outside(argv: Sequence[str]) -> int:
    arguments = parse(argv)
    if arguments.command == "doctor" and not environment.active_fits() and environment.venv_fault():
        return doctor.report(doctor.examine_outside())
    return environment.hand_over(environment.ready(), ["-m", "pkvm_model.course", *argv])


def _inside(argv: Sequence[str]) -> int:
    arguments = parse(argv)
    module = importlib.import_module(f"pkvm_model.course.{arguments.module}")
    return int(module.run(arguments))


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Reads a command line, an empty one as a wish for help; what stands after `--` is kept for pytest."""
    argv = list(argv) or ["--help"]
    cut = argv.index("--") if "--" in argv else len(argv)
    arguments = parser().parse_args(argv[:cut])
    arguments.rest = argv[cut + 1 :]
    if arguments.rest and arguments.command != "test":
        raise CourseError(f"{arguments.command} takes nothing after --.")
    return arguments


def parser() -> argparse.ArgumentParser:
    """Makes the parser; each command names the module of this package whose `run` does it."""
    top = argparse.ArgumentParser(prog="course.py", description="How protected KVM takes a virtual machine apart.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    _add_the_learners(commands)

    test = _command(commands, "test", "dev.run_tests", "run every test, or one part; what follows -- goes to pytest")
    test.add_argument("part", nargs="?", choices=TEST_PARTS, help="only this part")
    nbgrader = "try the exercises with nbgrader, in an environment of its own; -- CHAPTER grades others than it would"
    test.add_argument("--nbgrader", action="store_true", help=nbgrader)

    _command(commands, "doctor", "doctor", "say what is there, what is missing and how to mend it")

    build = _command(commands, "build", "dev.build", "run the notebooks and store their outputs")
    build.add_argument("--check", action="store_true", help="write nothing; fail when a stored output is stale")
    build.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="only these; without it, all of notebooks/")

    pages = _command(commands, "pages", "publish.site", "write the notebooks as self-contained HTML pages")
    pages.add_argument("-o", "--output", default="_site", metavar="DIR", help="where to (default: _site)")

    bundle = _command(commands, "bundle", "publish.bundle", "make a folder that runs on a machine without network")
    bundle.add_argument("-o", "--output", default="_bundle", metavar="DIR", help="where to (default: _bundle)")

    bench = _command(commands, "bench", "dev.benchmarks", "measure the explorer next to SPIN and TLC, or clicks")
    bench.add_argument("benchmark", nargs="?", choices=BENCHMARKS, default="explorer", help="which one")
    bench.add_argument("--rounds", metavar="N", help="how often each tool runs, or each click is made")
    bench.add_argument("--only", metavar="NAME,NAME", help="only these scenarios, as in H222,B1112")
    bench.add_argument("--json", metavar="FILE", help="write every single run to a file, too")
    return top


def _add_the_learners(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    lab = _command(commands, "lab", "lab", "open JupyterLab on the first notebook, in your own copy")
    lab.add_argument("--port", type=_port, help="the port to use; without it a free one is found")
    lab.add_argument("--no-browser", action="store_true", help="print the address instead of opening a browser")

    _command(commands, "start", "learner.start", "make your own copy of the notebooks in my_work/")

    update = _command(commands, "update", "learner.update",
                      "take over what is new in the course; nothing of yours is lost")
    update.add_argument("names", nargs="*", metavar="NAME", help="only these chapters and exercises")

    _command(commands, "progress", "learner.show_progress", "show what you have solved, and what to do next")

    reset = _command(commands, "reset", "learner.reset", "put a notebook of yours aside and begin it anew")
    reset.add_argument("name", metavar="NAME", help="the exercise, or the chapter")

    handin = _command(commands, "handin", "learner.handin", "write one small file with your progress and answers")
    handin.add_argument("--name", default="", help="your name, for whoever reads it")
    handin.add_argument("-o", "--output", metavar="FILE", help="where to (default: my_work/handin.json)")

    taken = _command(commands, "import", "learner.import_progress", "take in progress and answers from another machine")
    taken.add_argument("file", metavar="FILE", help="a hand-in, or the progress.json of another copy")


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, module: str, summary: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
    command.set_defaults(module=module)
    return command


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text} is not a port number (1 to 65535)")
    return int(text)
