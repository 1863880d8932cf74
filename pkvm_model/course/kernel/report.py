"""Says what a real kernel needs on this machine, what of that is here, and what to do. Standard library only."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...machine import tools
from ...outside import escape

WITHOUT = "Without a real kernel, all of the course works as before."
READY = "A real kernel can be started here: python3 -m pkvm_model machine TRACE"


def report() -> int:
    """Print a line for each thing that is needed, and return 0 if a kernel can be started."""
    found = tools.find_tools()
    for status, subject, text in describe(found):
        print(f"{status:<8}{subject:<10}{escape(text)}")
    print(f"Not yet: each line that begins with \"missing\" says what to do. {WITHOUT}" if found.lacks else READY)
    return 1 if found.lacks else 0


def describe(found: tools.Tools) -> Iterator[tuple[str, str, str]]:
    """Yield status, subject and text of each line: what is missing, then what is here."""
    yield from (("missing", lack.subject, lack.line) for lack in found.lacks)
    if found.emulator:
        yield "ok", "emulator", f"QEMU {found.version}, {found.emulator}"
    if not any(lack.subject == "program" for lack in found.lacks):
        yield "ok", "program", "what runs in the machine came with the course; no compiler is needed"
    here = [image for image in tools.list_kernels() if image != found.kernel]
    for number, image in enumerate([found.kernel, *here] if found.kernel else here):
        yield "ok", "kernel", f"{describe_kernel(image)}{' (this one is started)' if number == 0 and here else ''}"


def describe_kernel(image: Path) -> str:
    """Return a line on a kernel: its version, and where it came from."""
    note = tools.read_note(image)
    origin = (f"{note['package']} {note.get('package_version', '')} of {note.get('suite', '')}" if "package" in note
              else str(note.get("file", "")))
    return f"Linux {note['version']}, from {origin}" if origin and "version" in note else str(image)
