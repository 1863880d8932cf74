"""A real kernel answers as the model does, if there is one here."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pkvm_model.machine.interleavings import interleavings
from pkvm_model.place import ROOT
from tests.machine.needs import TOOLS, find_revision, needs_real_kernel


@needs_real_kernel
def test_a_race_goes_on_a_real_kernel_as_in_the_model(tmp_path: Path) -> None:
    each = next(each for each in interleavings(find_revision()) if each.race == "R7" and "..." in str(each.trace))
    file = tmp_path / "race.txt"
    file.write_text(str(each.trace))
    done = subprocess.run([sys.executable, "-m", "pkvm_model", "machine", str(file), "--kernel", str(TOOLS.kernel)],
                          cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "..." in done.stdout
    assert "differ" not in done.stdout.lower()
