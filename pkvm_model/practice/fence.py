"""What keeps learners' code from doing harm: limits, a list of what is refused, and Linux's Landlock.

The list is a fence against accidents: Python code can climb it. Landlock and the limits are kept by the kernel for as
long as the process lives. With Landlock no file can be made, changed or removed, only Python's own files and the
course's code can be read, and nothing connects by TCP; where there is none, the list has to do.
"""
from __future__ import annotations

import contextlib
import os
import signal
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MEMORY, CHECKS_MEMORY = 256 << 20, 512 << 20
"""The bytes that learners' code may take, and its check, besides what Python has taken when they begin.

They take some 20 and 30 MB. Where many learn on one machine, ten greedy answers must not use up what it has.
"""
UNKNOWN_SIZE = 768 << 20
"""What Python has taken, at most, where the system does not say."""
CODE_GOES, CHECK_GOES = 1000, 500
"""Where memory runs out, Linux ends the process with the highest of these first: 0 is that of most, 1000 the most."""
MOST_CPU, MOST_FILES = 60, 64
"""Seconds of CPU time, in case that nobody is there to stop the process, and the files that it may have open."""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
REFUSED = {"os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
           "os.chown", "os.utime", "os.setxattr", "os.removexattr", "os.fork", "os.forkpty", "os.exec",
           "os.posix_spawn", "os.spawn", "os.system", "os.kill", "os.killpg", "subprocess.Popen", "pty.spawn",
           "signal.pthread_kill", "sqlite3.connect", "sqlite3.connect/handle"}
GROUPS = ("shutil.", "socket.", "ctypes.")
WAYS_AROUND = {"_posixsubprocess", "_ctypes", "ctypes", "readline", "_testcapi", "_xxsubinterpreters"}
"""Modules that do what is refused without saying so."""
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""Landlock's system calls, the same numbers on every machine on which the course runs."""
READING = 1 << 0 | 1 << 2 | 1 << 3
"""Landlock's rights to run a file, to read one, and to list a folder."""
RIGHTS_BY_VERSION = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many rights to files each version of Landlock knows, from the lowest bit on."""
BIND, CONNECT, ABSTRACT_SOCKETS, SIGNALS = 1 << 0, 1 << 1, 1 << 0, 1 << 1
PATH_BENEATH, BY_VERSION = 1, 1
NO_NEW_PRIVILEGES, DIE_WITH_PARENT = 38, 1
"""The options of `prctl`."""
SYSTEM = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/usr/share/zoneinfo", "/etc/localtime",
          "/etc/ld.so.cache", "/dev/null", "/dev/zero", "/dev/urandom", "/nix/store", "/opt")
"""What Python reads of the system when it imports a module."""
CODE = Path(__file__).parents[1]


def close_fence() -> None:
    """Limit this process for good. Whatever the system does not offer is left out."""
    go_first_without_memory(CODE_GOES)
    limit_memory(MEMORY)
    limit_resources()
    if sys.platform == "linux":
        call_kernel("prctl", DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
        restrict_files()
    sys.addaudithook(refuse_side_effects)


def go_first_without_memory(place: int) -> None:
    """Let Linux end this process, rather than the learner's own or a neighbour's, where memory runs out."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(place), encoding="ascii")


def limit_memory(most: int) -> None:
    """Limit what this process may take from now on; what others take does not count."""
    set_limit("RLIMIT_AS", measure_size() + most)


def measure_size() -> int:
    """Return the bytes of address space that this process has."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return UNKNOWN_SIZE


def limit_resources() -> None:
    """Limit CPU time, files, and processes."""
    limits = {"RLIMIT_CPU": MOST_CPU, "RLIMIT_NOFILE": MOST_FILES, "RLIMIT_FSIZE": 0, "RLIMIT_NPROC": 0,
              "RLIMIT_CORE": 0}
    for name, most in limits.items():
        set_limit(name, most)


def set_limit(name: str, most: int) -> None:
    """Set a limit of this process where the system has it, and where the one in force is not lower."""
    with contextlib.suppress(ImportError, AttributeError, ValueError, OSError):
        import resource  # noqa: PLC0415  # not on Windows

        resource.setrlimit(getattr(resource, name), (most, most))


def find_landlock() -> int:
    """Return the version of Landlock that the kernel offers, 0 if none."""
    if sys.platform != "linux":
        return 0
    return max(0, call_kernel("syscall", CREATE_RULESET, None, 0, BY_VERSION))


def restrict_files() -> bool:
    """Take from this process all rights to files but reading Python's and the course's. Return False if impossible."""
    version = find_landlock()
    if not version:
        return False
    rights = (1 << RIGHTS_BY_VERSION.get(version, max(RIGHTS_BY_VERSION.values()))) - 1
    network, scoped = BIND | CONNECT if version >= 4 else 0, ABSTRACT_SOCKETS | SIGNALS if version >= 6 else 0
    attributes = struct.pack("=QQQ", rights, network, scoped)[:8 if version < 4 else 16 if version < 6 else 24]
    ruleset = call_kernel("syscall", CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        return False
    for folder in list_readable():
        allow_reading(ruleset, folder)
    call_kernel("prctl", NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    done = call_kernel("syscall", RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return done


def list_readable() -> Iterator[str]:
    """Yield the files and folders that Python needs, and the course's code; not the learner's files around it."""
    for path in dict.fromkeys([str(CODE), sys.prefix, sys.base_prefix, *filter(None, sys.path), *SYSTEM]):
        if Path(path).exists() and Path(path).resolve() not in {CODE.parent, *Path.home().parents, Path.home()}:
            yield path


def allow_reading(ruleset: int, path: str) -> None:
    """Add to a ruleset the right to read a file, or everything beneath a folder."""
    with contextlib.suppress(OSError):
        here = os.open(path, os.O_PATH | os.O_CLOEXEC)
        allowed = READING if Path(path).is_dir() else READING & ~(1 << 3)
        call_kernel("syscall", ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", allowed, here), 0)
        os.close(here)


def call_kernel(name: str, *arguments: Any) -> int:
    """Call a function of the C library, and return what it returns, -1 if there is no such function."""
    try:
        import ctypes  # noqa: PLC0415  # not in every Python

        function = getattr(ctypes.CDLL(None, use_errno=True), name)
    except (ImportError, OSError, AttributeError):
        return -1
    wide = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    return int(function(*wide))


def refuse_side_effects(event: str, arguments: tuple[Any, ...]) -> None:
    """Raise PermissionError for what no answer needs: writing files, other programs, the network."""
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
    if writes or (event == "import" and arguments[0] in WAYS_AROUND) or event in REFUSED or event.startswith(GROUPS):
        raise PermissionError(f"an answer may not do this: {event} {arguments[0] if arguments else ''}".rstrip())
