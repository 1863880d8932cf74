"""Compare the model with recordings of whole kernels: what each modelled call returned, or how the machine ended."""
from __future__ import annotations

from pathlib import Path

from ..model.revisions import Revision
from ..model.run import run
from ..model.state import State
from ..model.steps import Call, Step
from ..model.trace import Trace, record
from .lines import BadFile
from .recordings import RecordingError, ReplayedRow, ReplayedScenario, is_modelled, load, replay_all
from .tally import Disagreement, Tally, Tick


def compare_recording(path: Path, revision: Revision | None, tick: Tick) -> Tally:
    """Compare the calls that the model of the recorded kernel has; count the others by name."""
    tally = Tally()
    try:
        for result in replay_all(load(path), revision):
            own = result.scenario.revision
            tally.sequences += 1
            tally.others.update(row.call for row in result.scenario.rows
                                if row.side in ("hyp", "inject") and not is_modelled(row, own))
            for row in result.rows:
                if is_modelled(row.recorded, own):
                    compare_row(row, result, tally)
            tick(tally)
    except RecordingError as error:
        raise BadFile(str(error).removeprefix(f"{path.name}, ").removeprefix(f"{path.name}: ")) from None
    return tally


def compare_row(row: ReplayedRow, result: ReplayedScenario, tally: Tally) -> None:
    """Compare what one call returned, or how the machine ended."""
    tally.rows += 1
    if row.agree:
        return
    recorded, has_call = row.recorded, row.args is not None
    field = "event" if has_call and (row.event or recorded.panics) else "ret"
    model = row.modelled if has_call else f"revision {result.revision.name} has no such call"
    disagreement = Disagreement(recorded.line, f"{result.scenario.kernel} {result.scenario.name}",
                                f"row {recorded.seq}", f"CPU {recorded.cpu} {recorded.call}", field, model, row.kernel)
    tally.note(disagreement, lambda: str(record_trace(result, recorded.seq)))


def record_trace(result: ReplayedScenario, last: int) -> Trace:
    """Return the trace of the run up to a row; a trace does not say where the host's structs lie."""
    config = result.end.config
    steps, state = list[tuple[Step, bool]](), State(config)
    for row in result.rows:
        if row.args is not None and not state.end and row.recorded.seq <= last:
            step = run(state, result.revision, row.recorded.cpu, Call(row.recorded.call, row.args))
            steps.append((step, True))
            state = step.state
    return record(result.revision, config, steps)
