"""What Python and the front end exchange, as types: every value that is shipped, every question, every answer.

docs/widgets.md explains the fields; a test compares its tables with these types. A field that is `NotRequired` is left
out where it says nothing. Everything is plain JSON: tuples arrive as lists.
"""
from __future__ import annotations

from typing import Any, Generic, NotRequired, TypedDict, TypeVar

S = TypeVar("S", bound="PositionValue")
E = TypeVar("E", bound="EdgeValue")

Holds = bool | str | None
"""True where a property holds, the reason where it is broken, None where there is nothing to check."""


class RevisionValue(TypedDict):
    """A revision as its sign needs it."""

    id: str
    letter: str
    late: bool


class RegionValue(TypedDict):
    """A lock region of a call under way."""

    locks: str
    says: str
    when: str


class LaneValue(TypedDict):
    """What a CPU is doing, and what it will do next."""

    short: str
    where: str
    call: str
    keeps: list[str]
    stale: bool
    regions: list[RegionValue]
    whole: NotRequired[bool]


class SlotValue(TypedDict):
    """A slot of the VM table."""

    handle: str
    vmid: int
    word: str


class HolderValue(TypedDict):
    """Somebody who holds a reference to a VM."""

    kind: str
    says: str
    stale: bool


class VcpuValue(TypedDict):
    """A vCPU of a VM."""

    idx: int
    word: str


class CardValue(TypedDict):
    """A VM struct that EL2 has, in the table or not."""

    handle: str
    vm: str
    word: str
    where: str
    count: int
    holders: list[HolderValue]
    memo: str
    dying: str
    vcpus: list[VcpuValue]
    caches: str
    back: str


class RowValue(TypedDict):
    """A row of the ownership table."""

    host: str
    hyp: str
    guest: str
    owner: str
    count: str
    says: str


class EndValue(TypedDict):
    """How the machine ended."""

    kind: str
    title: str
    says: str


class PositionValue(TypedDict):
    """What every state of a graph has, whatever it shows."""

    digest: str
    holds: list[Holds]
    end: EndValue | None


class StateValue(PositionValue):
    """A state as a bench and a map show it."""

    lanes: list[LaneValue]
    slots: list[SlotValue]
    vms: list[CardValue]
    pages: list[RowValue]
    box: NotRequired[int | None]


class RefusalValue(TypedDict):
    """The refusal in which a call ends if no other CPU gets in between."""

    ret: str
    says: str


class EdgeValue(TypedDict):
    """A step from a state."""

    cpu: int
    label: str
    line: str
    says: str
    kind: str
    ret: str | None
    to: int | None
    breaks: NotRequired[dict[str, str]]
    refusal: NotRequired[RefusalValue]


class CellValue(TypedDict):
    """A part in which the two states of a pair differ."""

    name: str
    part: str
    sign: str
    values: list[str]


class PairStateValue(PositionValue):
    """The states of two kernels after the same steps."""

    differs: list[str]
    next: list[list[str]]
    ends: list[str | None]
    cells: list[CellValue]


class SideValue(TypedDict):
    """What one kernel did in a step."""

    label: str
    says: str
    kind: str
    ret: str | None


class PairEdgeValue(EdgeValue):
    """A step of both kernels, or of one where the other has nothing to do."""

    differs: list[str]
    sides: list[SideValue | None]


class RunsValue(TypedDict):
    """The ends of all runs of two kernels, compared."""

    says: str
    alone: list[list[int] | None]


class BoxValue(TypedDict):
    """A box of a drawing."""

    text: str
    signs: list[str]
    says: str
    broken: list[str]
    place: NotRequired[list[int]]


class ArrowValue(TypedDict):
    """An arrow of a drawing."""

    start: int
    to: int
    label: str
    cpu: NotRequired[int]
    only: NotRequired[str]
    broken: NotRequired[list[str]]
    curve: NotRequired[list[int]]
    text: NotRequired[list[int]]


class DrawingValue(TypedDict):
    """The boxes and arrows of a map; without the renderer they have no places."""

    size: NotRequired[list[int]]
    boxes: list[BoxValue]
    arrows: list[ArrowValue]
    missing: NotRequired[str]


class GraphValue(TypedDict, Generic[S, E]):
    """The states around the opening of a scene, and the steps between them."""

    name: str
    title: str
    revision: NotRequired[RevisionValue]
    revisions: NotRequired[list[RevisionValue]]
    header: str
    foretell: NotRequired[bool]
    setup: list[str]
    says: str
    cpus: list[str]
    free: NotRequired[list[int]]
    opens: NotRequired[list[str]]
    shows: NotRequired[list[str]]
    pages: NotRequired[list[list[str]]]
    properties: list[list[str]]
    start: int
    runs: NotRequired[RunsValue | None]
    drawing: NotRequired[DrawingValue]
    states: list[S]
    edges: list[list[E]]


BenchGraph = GraphValue[StateValue, EdgeValue]
"""The graph of a bench or a map."""
PairGraphValue = GraphValue[PairStateValue, PairEdgeValue]
"""The graph of two kernels side by side."""
AnyGraph = GraphValue[Any, Any]
"""A graph of any family."""

class StepQuestion(TypedDict):
    """A request for the state that a step leads to, after the lines of the steps that were made before."""

    after: list[str]
    cpu: int
    line: str


StepFrom = TypedDict("StepFrom", {"from": int})
"""The state from which somebody steps; its field's name is a keyword of Python."""


class GrowthValue(StepFrom, Generic[S, E]):
    """Where a step leads, with the new states and the steps that lead on from them."""

    line: str
    to: int
    states: dict[str, S]
    edges: dict[str, list[E]]


BenchGrowth = GrowthValue[StateValue, EdgeValue]
"""An answer about the graph of a bench or a map."""
PairGrowth = GrowthValue[PairStateValue, PairEdgeValue]
"""An answer about the graph of two kernels."""
AnyGrowth = GrowthValue[Any, Any]
"""An answer about a graph of any family."""


class RunsQuestion(TypedDict):
    """A request to compare the ends of all runs of both kernels."""

    runs: bool


class HistoryValue(TypedDict):
    """Every step that was ever taken on a bench, and where the learner stands."""

    lines: list[str]
    steps: list[list[int]]
    at: int


class LaneHead(TypedDict):
    """A CPU of a sequence."""

    name: str
    levels: list[str]


class SequenceRegionValue(TypedDict):
    """A lock region of a run along time."""

    cpu: int
    level: str
    locks: str
    does: str
    path: list[str]
    says: str
    kind: str


class CallValue(TypedDict):
    """A call of a run along time."""

    cpu: int
    level: str
    name: str
    first: int
    text: str
    last: int | None
    answer: str


class HeldValue(TypedDict):
    """A lock that the host holds across hypercalls."""

    cpu: int
    lock: str
    first: int
    last: int


class CountValue(TypedDict):
    """A stretch of a run in which the count and its holders stay the same."""

    first: int
    last: int
    count: int
    stale: bool
    words: str
    says: str


class OwnerValue(TypedDict):
    """A stretch of a run in which the page's owner stays the same."""

    first: int
    last: int
    owner: str
    words: str
    says: str


class OverlapValue(TypedDict):
    """The stretch of a run in which a reference outlives its VM."""

    first: int
    last: int
    who: str


class SequenceValue(TypedDict):
    """A run along time."""

    name: str
    title: str
    revision: RevisionValue
    says: str
    summary: str
    vm: str
    page: str
    cpus: list[LaneHead]
    regions: list[SequenceRegionValue]
    calls: list[CallValue]
    held: list[HeldValue]
    counts: list[CountValue]
    owners: list[OwnerValue]
    overlap: OverlapValue | None
    heads: list[str]
    rows: list[list[str]]


Shape = tuple[str, dict[str, str], str]
"""A shape of a picture: its tag, its attributes and its text."""


class LayoutValue(TypedDict):
    """One way in which the guest's pages can lie: its picture, its table and its sentences."""

    says: str
    alt: str
    picture: list[Shape]
    size: tuple[int, int]
    columns: list[tuple[float, float, float]]
    caption: str
    heads: list[str]
    rows: list[list[str]]
    sentences: list[str]


class El2TimeValue(TypedDict):
    """How long one hypercall keeps a CPU at EL2."""

    name: str
    title: str
    unit: str
    note: str
    pages: list[int]
    layouts: list[LayoutValue]


class QuizValue(TypedDict):
    """A quiz."""

    name: str
    title: str
    options: list[str]
    verdicts: list[tuple[str, str]]
    right: int


class PredictionValue(TypedDict):
    """A prediction; without options the learner types a line."""

    name: str
    title: str
    options: list[str]
    longest: int


class ProgressExerciseValue(TypedDict):
    """An exercise in the learner's progress."""

    title: str
    file: str
    minutes: int
    more: bool
    state: str
    facts: str


class ProgressChapterValue(TypedDict):
    """A chapter in the learner's progress."""

    title: str
    file: str
    solved: str
    exercises: list[ProgressExerciseValue]


class ProgressReportValue(TypedDict):
    """The learner's progress: what comes next, and all chapters."""

    caption: str
    next: ProgressExerciseValue | None
    note: str
    chapters: list[ProgressChapterValue]


class ProgressValue(ProgressReportValue):
    """The learner's progress as it is shipped."""

    name: str
    title: str


class LookQuestion(TypedDict):
    """A request for the progress as it is now."""

    look: bool


class SolutionValue(TypedDict):
    """The solution of an exercise."""

    code: str
    explained: str


class ExerciseValue(TypedDict):
    """The card below an answer."""

    name: str
    title: str
    head: str
    next: str
    after: str
    passed: bool
    sentence: str
    facts: list[str]
    printed: str
    details: str
    along: str | None
    hints: int
    given: list[str]
    solution: SolutionValue | None


class ExerciseQuestion(TypedDict):
    """A request for the hints up to a number, or for the solution."""

    hints: NotRequired[int]
    show: NotRequired[bool]


class HintsValue(TypedDict):
    """The hints up to the number that was asked for."""

    hints: list[str]


class ShownValue(TypedDict):
    """The solution, for a learner who asks."""

    solution: SolutionValue


class QuestionValue(TypedDict):
    """A question of the race finder."""

    name: str
    kind: str
    says: str
    means: list[str]
    breaks: list[str]


class AnswerValue(TypedDict):
    """What is known about a question."""

    verdict: str
    says: str
    reason: str
    looked: str
    lines: list[str] | None
    more: bool


PackedGraph = Any
"""A graph as `pack` ships it, with equal parts once; the front end's `unpack` undoes that before anybody reads it."""


class CaseValue(TypedDict):
    """A subject on a kernel."""

    name: str
    label: str
    missing: str
    scripts: list[list[str]]
    answers: list[AnswerValue]
    found: dict[str, int]
    benches: list[tuple[list[str], PackedGraph]]


class SubjectValue(TypedDict):
    """Scripts, or a host, that the race finder can ask about."""

    name: str
    title: str
    says: str
    questions: list[int]
    cases: list[CaseValue]


class FinderValue(TypedDict):
    """The race finder and the scheduler."""

    name: str
    title: str
    secret: bool
    start: list[str]
    questions: list[QuestionValue]
    subjects: list[SubjectValue]


class FinderQuestion(TypedDict):
    """A request to search on, to return what is known, to open a bench, or to step on one."""

    case: list[str]
    go: NotRequired[bool]
    run: NotRequired[list[str]]
    bench: NotRequired[bool]
    step: NotRequired[StepQuestion]


class PackedValue(TypedDict):
    """A bench of the race finder, in its shipped form."""

    packed: str


FinderReply = AnswerValue | PackedValue | BenchGrowth
"""An answer to a FinderQuestion: what is known, a bench, or a step on one."""


class FinderPlaceValue(TypedDict):
    """Where a race finder stands."""

    case: list[str]
    asked: list[str]
    run: list[str]
    bench: str
    hand: list[str] | None
    shown: bool


class StoredValue(TypedDict):
    """The stored form of a widget in a notebook."""

    v: int
    kind: str
    packed: str
    place: str


AnyQuestion = StepQuestion | RunsQuestion | LookQuestion | ExerciseQuestion | FinderQuestion
"""A question of any family."""
AnyAnswer = AnyGrowth | RunsValue | ProgressReportValue | HintsValue | ShownValue | AnswerValue | PackedValue
"""An answer of any family."""


class MessageValue(TypedDict):
    """A message between a widget and its front end, in either direction."""

    id: NotRequired[str]
    ask: NotRequired[AnyQuestion]
    answer: NotRequired[AnyAnswer]
    error: NotRequired[str]
    place: NotRequired[str]
    says: NotRequired[Any]
