"""The rows of a recording: read, checked, and grouped by kernel and scenario."""
from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from gzip import BadGzipFile
from pathlib import Path
from typing import Any

from ...outside import OutsideError, take_mark_off
from ...schema import BOOL, JSON, NULL, Schema, SchemaError, either, list_of, number, one_of, record, text
from ..lines import Duplicate, open_file, reject_duplicates
from .kernels import KERNELS, RECORDINGS, release_of

LINE_LIMIT = 10_000
SIDES = ("hyp", "inject", "host", "user", "dmesg", "meta")
TEXT = text(1000, least=1)
ROW = record(
    {"kernel": TEXT, "scenario": TEXT, "seq": number(1, 10**9), "side": one_of(*SIDES), "call": TEXT,
     "args": list_of(Schema("a value", lambda value: True), most=20),
     "ret": Schema("a number, a text or null", either(NULL, TEXT, number(-2**63, 2**64)).accepts)},
    optional={"cpu": number(0, 99), "internal": BOOL, "note": TEXT}, others=True)
"""The fields that a replay uses; a recorder may write more."""
ARGUMENTS = {
    "__pkvm_host_share_hyp": 1, "__pkvm_host_unshare_hyp": 1, "__pkvm_reserve_vm": 0, "__pkvm_unreserve_vm": 1,
    "__pkvm_init_vm": 3, "__pkvm_init_vcpu": 3, "__pkvm_vcpu_load": 2, "__pkvm_vcpu_put": 0, "__kvm_vcpu_run": 1,
    "__pkvm_host_share_guest": 4, "__pkvm_host_unshare_guest": 3, "__pkvm_teardown_vm": 1,
    "__pkvm_start_teardown_vm": 1, "__pkvm_finalize_teardown_vm": 1, "__pkvm_tlb_flush_vmid": 1,
    "__pkvm_vcpu_sync_state": 0, "__pkvm_host_wrprotect_guest": 3, "__pkvm_host_test_clear_young_guest": 4,
    "__pkvm_host_relax_perms_guest": 2, "__pkvm_host_mkyoung_guest": 1, "__pkvm_host_donate_guest": 2,
    "__pkvm_reclaim_dying_guest_page": 2, "__pkvm_force_reclaim_guest_page": 1}
"""The calls that the model can replay, with the number of arguments that it reads."""


class RecordingError(ValueError):
    """A recording cannot be replayed; the message names file and line."""


@dataclass(frozen=True)
class RecordedRow:
    """One row of a recording: a call with its real arguments and answer, or what the test program did."""

    line: int
    seq: int
    side: str
    call: str
    args: tuple[str, ...]
    ret: int | None
    cpu: int
    internal: bool = False
    panics: bool = False
    understood: bool = True

    @property
    def is_hypercall(self) -> bool:
        """True for calls to EL2, by the host or injected by the recorder; False for EL2's own functions."""
        return self.side in ("hyp", "inject") and not self.internal


def read_rows(path: Path) -> dict[tuple[str, str], list[RecordedRow]]:
    """Return the rows of a file by kernel and scenario. Raise RecordingError at the first line that is not a row."""
    rows: dict[tuple[str, str], list[RecordedRow]] = {}
    for line_number, line in enumerate(read_lines(path), 1):
        try:
            value = parse_row(line)
            before = rows.setdefault((check_kernel(value["kernel"]), value["scenario"]), [])
            before.append(make_row(value, line_number, before))
        except RecordingError as error:
            raise RecordingError(f"{path.name}, line {line_number}: {error}") from None
    return rows


def read_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a file. A line that is too long comes in pieces, and a piece is never a row."""
    try:
        with open_file(path) as file:
            line = take_mark_off(file.readline(LINE_LIMIT))
            while line:
                yield line.decode(errors="replace")
                line = file.readline(LINE_LIMIT)
    except OutsideError as error:
        raise RecordingError(f"{path.name}: {error}") from None
    except (EOFError, zlib.error, BadGzipFile):
        raise RecordingError(f"{path.name}: the packed file is damaged or cut short; fetch it again") from None
    except OSError as error:
        shipped = ", ".join(sorted(file.stem for file in RECORDINGS.glob("*.jsonl")))
        raise RecordingError(f"{path}: {error.strerror}; the recordings that come with the course: {shipped}") from None


def parse_row(line: str) -> JSON:
    """Return a line as an object with the fields of a row. Raise RecordingError if it is anything else."""
    try:
        value = json.loads(line, object_pairs_hook=reject_duplicates)
        ROW.check(value, "row")
    except (Duplicate, SchemaError) as error:
        raise RecordingError(str(error)) from None
    except (ValueError, RecursionError):
        raise RecordingError("this is not a whole row: a row is one JSON object on a line of its own") from None
    return dict(value)


def check_kernel(kernel: str) -> str:
    """Return the kernel. Raise RecordingError if it is not of a release that can be replayed."""
    if release_of(kernel) not in KERNELS:
        raise RecordingError(f"kernel {kernel[:20]!r} is not known here; known are {', '.join(KERNELS)}")
    return kernel


def make_row(value: Mapping[str, Any], line: int, before: list[RecordedRow]) -> RecordedRow:
    """Return one row, which must be the next one of its scenario; by default it runs on the CPU of the last one."""
    if value["seq"] != len(before) + 1:
        raise RecordingError(f"row {value['seq']} of scenario {value['scenario']} follows row {len(before)}")
    row = RecordedRow(line, value["seq"], value["side"], value["call"], tuple(map(str, value["args"])),
                      None if isinstance(value["ret"], str) else value["ret"],
                      value.get("cpu", before[-1].cpu if before else 0), value.get("internal", False),
                      value.get("note", "").startswith("did not return"), value.get("smccc", 0) == 0)
    if row.is_hypercall:
        check_hypercall(row, value["ret"])
    return row


def check_hypercall(row: RecordedRow, ret: object) -> None:
    """Raise RecordingError unless the answer and the arguments of a hypercall have the right form."""
    if isinstance(ret, str):
        raise RecordingError("a hypercall returns a number or null")
    if not all(re.fullmatch(r"0x[0-9a-f]{1,16}", arg) for arg in row.args):
        raise RecordingError("the arguments of a hypercall are texts such as \"0x1000\"")
    if len(row.args) < ARGUMENTS.get(row.call, 0):
        raise RecordingError(f"{row.call} has {ARGUMENTS[row.call]} arguments, not {len(row.args)}")
