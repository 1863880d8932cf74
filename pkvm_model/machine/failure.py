"""What goes wrong with the emulated machine, in one line that says what to do next."""
from __future__ import annotations


class MachineError(Exception):
    """The machine cannot do what was asked; the message is one line."""


class Silence(MachineError):  # noqa: N818  # what the emulator does, not a failure of this program
    """The emulator does not answer in time."""


class Gone(MachineError):  # noqa: N818  # as Silence
    """The emulator has ended."""
