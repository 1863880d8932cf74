"""On a real kernel, a CPU that is stopped while it holds a lock of the host keeps others from their place."""
from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pkvm_model.machine import ready, session
from pkvm_model.machine.debugger import Debugger
from pkvm_model.machine.interleavings import interleavings
from pkvm_model.machine.parking import Parked, park
from pkvm_model.machine.play import play
from pkvm_model.machine.session import MOST_CPUS, RealMachine
from tests.machine.needs import TOOLS, find_revision, needs_real_kernel
from tests.machine.test_files import COMPILER, SOURCE, read_flags

CHANGES = (("number cpus = 0;", "number cpus = 0, file = call(19, 0, 0, 0, 0, 0, 0);\n\tword none = 0;"),
           ("\t\tcall(NR_GETPGID, 0, 0, 0, 0, 0, 0);\n\t\t}",
            "\t\tif (call(NR_GETPGID, 0, 0, 0, 0, 0, 0) >= 0)\n"
            "\t\t\tfor (int i = 0; i < 8; i++)\n"
            "\t\t\t\tcall(NR_WRITE, (word)file, (word)&none, 8, 0, 0, 0);\n\t\t}"))
"""What makes the program's parked processes write to one eventfd (call 19), for which the kernel takes one spinlock."""
ENOUGH = 60
"""One placing in four has a CPU that waits."""


def make_program(folder: Path) -> Path:
    """Return a program whose processes fight for a lock while they are parked."""
    text = SOURCE.read_text(encoding="utf-8")
    for old, new in CHANGES:
        assert text.count(old) == 1
        text = text.replace(old, new)
    shutil.copy2(SOURCE.with_name("system.h"), folder)
    (folder / "init.c").write_text(text, encoding="utf-8")
    subprocess.run([COMPILER, *read_flags(), "-o", "init", "init.c"], check=True, cwd=folder)
    return folder / "init"


def park_until_one_waits(debugger: Debugger, entry: int, cpus: int) -> Parked:
    """Park the CPUs again and again, until this needs a second try."""
    for _ in range(ENOUGH):
        if (parked := park(debugger, entry, cpus)).tries > 1:
            return parked
        debugger.start()
        debugger.interrupt()
    raise AssertionError(f"in {ENOUGH} placings no CPU waited for another")


@needs_real_kernel
@pytest.mark.skipif(not shutil.which(COMPILER), reason=f"{COMPILER} is not installed")
def test_cpus_are_stopped_without_a_lock_though_they_fight_for_one(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "PROGRAM", make_program(tmp_path))
    monkeypatch.setattr(session, "park", park_until_one_waits)
    monkeypatch.setattr(ready, "FOLDER", tmp_path)
    trace = next(each.trace for each in interleavings(find_revision()) if each.race == "R7")
    assert TOOLS.kernel
    with RealMachine(TOOLS.kernel, MOST_CPUS) as machine:
        assert machine.tries > 1
        answer = play(machine, trace)
    assert [row.verdict for row in answer.rows] == ["agrees"] * len(trace.lines)
