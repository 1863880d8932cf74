"""Recordings of real kernels: read one, translate its calls, and let the model answer the same calls.

    recording = load("6.19.14-natural")
    replay(recording.scenario("n3"))

A recording is text, one JSON object per line, and it is only ever parsed. The real kernel names memory by address, the
model by purpose; what an address is for follows from the recording, in three steps. The host lends EL2 the pages of a
struct one by one, then the test program reports what it has made, so each group of loans is one struct. `init_vm` and
`init_vcpu` name structs by address; the one distance between addresses and page numbers that puts all of them on lent
pages is the kernel's linear map. A struct is as long as the longest of its kind in the recording.

A recording does not hold two things: how many table pages the host had ready (the model assumes enough), and
`created_vcpus` (the model takes the number of vCPUs that the program had made when the host called `init_vm`).
"""
from __future__ import annotations

from .arguments import is_modelled, translate_calls
from .kernels import RECORDINGS, call_numbers, call_with
from .replay import ReplayedRow, ReplayedScenario, replay, replay_all, start
from .rows import ARGUMENTS, RecordedRow, RecordingError
from .scenarios import RecordedScenario, Recording, load

__all__ = ["ARGUMENTS", "RECORDINGS", "RecordedRow", "RecordedScenario", "Recording", "RecordingError", "ReplayedRow",
           "ReplayedScenario", "call_numbers", "call_with", "is_modelled", "load", "replay", "replay_all", "start",
           "translate_calls"]
