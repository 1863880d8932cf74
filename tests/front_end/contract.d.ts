// Made from pkvm_model/graphs/contract.py by: python3 course.py build

/** A revision as its sign needs it. */
interface RevisionValue {
  id: string;
  letter: string;
  late: boolean;
}

/** A lock region of a call under way. */
interface RegionValue {
  locks: string;
  says: string;
  when: string;
}

/** What a CPU is doing, and what it will do next. */
interface LaneValue {
  short: string;
  where: string;
  call: string;
  keeps: Array<string>;
  stale: boolean;
  regions: Array<RegionValue>;
  whole?: boolean;
}

/** A slot of the VM table. */
interface SlotValue {
  handle: string;
  vmid: number;
  word: string;
}

/** Somebody who holds a reference to a VM. */
interface HolderValue {
  kind: string;
  says: string;
  stale: boolean;
}

/** A vCPU of a VM. */
interface VcpuValue {
  idx: number;
  word: string;
}

/** A VM struct that EL2 has, in the table or not. */
interface CardValue {
  handle: string;
  vm: string;
  word: string;
  where: string;
  count: number;
  holders: Array<HolderValue>;
  memo: string;
  dying: string;
  vcpus: Array<VcpuValue>;
  caches: string;
  back: string;
}

/** A row of the ownership table. */
interface RowValue {
  host: string;
  hyp: string;
  guest: string;
  owner: string;
  count: string;
  says: string;
}

/** How the machine ended. */
interface EndValue {
  kind: string;
  title: string;
  says: string;
}

/** What every state of a graph has, whatever it shows. */
interface PositionValue {
  digest: string;
  holds: Array<boolean | string | null>;
  end: EndValue | null;
}

/** A state as a bench and a map show it. */
interface StateValue {
  digest: string;
  holds: Array<boolean | string | null>;
  end: EndValue | null;
  lanes: Array<LaneValue>;
  slots: Array<SlotValue>;
  vms: Array<CardValue>;
  pages: Array<RowValue>;
  box?: number | null;
}

/** The refusal in which a call ends if no other CPU gets in between. */
interface RefusalValue {
  ret: string;
  says: string;
}

/** A step from a state. */
interface EdgeValue {
  cpu: number;
  label: string;
  line: string;
  says: string;
  kind: string;
  ret: string | null;
  to: number | null;
  breaks?: Record<string, string>;
  refusal?: RefusalValue;
}

/** A part in which the two states of a pair differ. */
interface CellValue {
  name: string;
  part: string;
  sign: string;
  values: Array<string>;
}

/** The states of two kernels after the same steps. */
interface PairStateValue {
  digest: string;
  holds: Array<boolean | string | null>;
  end: EndValue | null;
  differs: Array<string>;
  next: Array<Array<string>>;
  ends: Array<string | null>;
  cells: Array<CellValue>;
}

/** What one kernel did in a step. */
interface SideValue {
  label: string;
  says: string;
  kind: string;
  ret: string | null;
}

/** A step of both kernels, or of one where the other has nothing to do. */
interface PairEdgeValue {
  cpu: number;
  label: string;
  line: string;
  says: string;
  kind: string;
  ret: string | null;
  to: number | null;
  breaks?: Record<string, string>;
  refusal?: RefusalValue;
  differs: Array<string>;
  sides: Array<SideValue | null>;
}

/** The ends of all runs of two kernels, compared. */
interface RunsValue {
  says: string;
  alone: Array<Array<number> | null>;
}

/** A box of a drawing. */
interface BoxValue {
  text: string;
  signs: Array<string>;
  says: string;
  broken: Array<string>;
  place?: Array<number>;
}

/** An arrow of a drawing. */
interface ArrowValue {
  start: number;
  to: number;
  label: string;
  cpu?: number;
  only?: string;
  broken?: Array<string>;
  curve?: Array<number>;
  text?: Array<number>;
}

/** The boxes and arrows of a map; without the renderer they have no places. */
interface DrawingValue {
  size?: Array<number>;
  boxes: Array<BoxValue>;
  arrows: Array<ArrowValue>;
  missing?: string;
}

/** The states around the opening of a scene, and the steps between them. */
interface GraphValue<S, E> {
  name: string;
  title: string;
  revision?: RevisionValue;
  revisions?: Array<RevisionValue>;
  header: string;
  foretell?: boolean;
  setup: Array<string>;
  says: string;
  cpus: Array<string>;
  free?: Array<number>;
  opens?: Array<string>;
  shows?: Array<string>;
  pages?: Array<Array<string>>;
  properties: Array<Array<string>>;
  start: number;
  runs?: RunsValue | null;
  drawing?: DrawingValue;
  states: Array<S>;
  edges: Array<Array<E>>;
}

type BenchGraph = GraphValue<StateValue, EdgeValue>;

type PairGraphValue = GraphValue<PairStateValue, PairEdgeValue>;

type AnyGraph = GraphValue<any, any>;

/** A request for the state that a step leads to, after the lines of the steps that were made before. */
interface StepQuestion {
  after: Array<string>;
  cpu: number;
  line: string;
}

/** None */
interface StepFrom {
  from: number;
}

/** Where a step leads, with the new states and the steps that lead on from them. */
interface GrowthValue<S, E> {
  from: number;
  line: string;
  to: number;
  states: Record<string, S>;
  edges: Record<string, Array<E>>;
}

type BenchGrowth = GrowthValue<StateValue, EdgeValue>;

type PairGrowth = GrowthValue<PairStateValue, PairEdgeValue>;

type AnyGrowth = GrowthValue<any, any>;

/** A request to compare the ends of all runs of both kernels. */
interface RunsQuestion {
  runs: boolean;
}

/** Every step that was ever taken on a bench, and where the learner stands. */
interface HistoryValue {
  lines: Array<string>;
  steps: Array<Array<number>>;
  at: number;
}

/** A CPU of a sequence. */
interface LaneHead {
  name: string;
  levels: Array<string>;
}

/** A lock region of a run along time. */
interface SequenceRegionValue {
  cpu: number;
  level: string;
  locks: string;
  does: string;
  path: Array<string>;
  says: string;
  kind: string;
}

/** A call of a run along time. */
interface CallValue {
  cpu: number;
  level: string;
  name: string;
  first: number;
  text: string;
  last: number | null;
  answer: string;
}

/** A lock that the host holds across hypercalls. */
interface HeldValue {
  cpu: number;
  lock: string;
  first: number;
  last: number;
}

/** A stretch of a run in which the count and its holders stay the same. */
interface CountValue {
  first: number;
  last: number;
  count: number;
  stale: boolean;
  words: string;
  says: string;
}

/** A stretch of a run in which the page's owner stays the same. */
interface OwnerValue {
  first: number;
  last: number;
  owner: string;
  words: string;
  says: string;
}

/** The stretch of a run in which a reference outlives its VM. */
interface OverlapValue {
  first: number;
  last: number;
  who: string;
}

/** A run along time. */
interface SequenceValue {
  name: string;
  title: string;
  revision: RevisionValue;
  says: string;
  summary: string;
  vm: string;
  page: string;
  cpus: Array<LaneHead>;
  regions: Array<SequenceRegionValue>;
  calls: Array<CallValue>;
  held: Array<HeldValue>;
  counts: Array<CountValue>;
  owners: Array<OwnerValue>;
  overlap: OverlapValue | null;
  heads: Array<string>;
  rows: Array<Array<string>>;
}

/** One way in which the guest's pages can lie: its picture, its table and its sentences. */
interface LayoutValue {
  says: string;
  alt: string;
  picture: Array<[string, Record<string, string>, string]>;
  size: [number, number];
  columns: Array<[number, number, number]>;
  caption: string;
  heads: Array<string>;
  rows: Array<Array<string>>;
  sentences: Array<string>;
}

/** How long one hypercall keeps a CPU at EL2. */
interface El2TimeValue {
  name: string;
  title: string;
  unit: string;
  note: string;
  pages: Array<number>;
  layouts: Array<LayoutValue>;
}

/** A quiz. */
interface QuizValue {
  name: string;
  title: string;
  options: Array<string>;
  verdicts: Array<[string, string]>;
  right: number;
}

/** A prediction; without options the learner types a line. */
interface PredictionValue {
  name: string;
  title: string;
  options: Array<string>;
  longest: number;
}

/** An exercise in the learner's progress. */
interface ProgressExerciseValue {
  title: string;
  file: string;
  minutes: number;
  more: boolean;
  state: string;
  facts: string;
}

/** A chapter in the learner's progress. */
interface ProgressChapterValue {
  title: string;
  file: string;
  solved: string;
  exercises: Array<ProgressExerciseValue>;
}

/** The learner's progress: what comes next, and all chapters. */
interface ProgressReportValue {
  caption: string;
  next: ProgressExerciseValue | null;
  note: string;
  chapters: Array<ProgressChapterValue>;
}

/** The learner's progress as it is shipped. */
interface ProgressValue {
  caption: string;
  next: ProgressExerciseValue | null;
  note: string;
  chapters: Array<ProgressChapterValue>;
  name: string;
  title: string;
}

/** A request for the progress as it is now. */
interface LookQuestion {
  look: boolean;
}

/** The solution of an exercise. */
interface SolutionValue {
  code: string;
  explained: string;
}

/** The card below an answer. */
interface ExerciseValue {
  name: string;
  title: string;
  head: string;
  next: string;
  after: string;
  passed: boolean;
  sentence: string;
  facts: Array<string>;
  printed: string;
  details: string;
  along: string | null;
  hints: number;
  given: Array<string>;
  solution: SolutionValue | null;
}

/** A request for the hints up to a number, or for the solution. */
interface ExerciseQuestion {
  hints?: number;
  show?: boolean;
}

/** The hints up to the number that was asked for. */
interface HintsValue {
  hints: Array<string>;
}

/** The solution, for a learner who asks. */
interface ShownValue {
  solution: SolutionValue;
}

/** A question of the race finder. */
interface QuestionValue {
  name: string;
  kind: string;
  says: string;
  means: Array<string>;
  breaks: Array<string>;
}

/** What is known about a question. */
interface AnswerValue {
  verdict: string;
  says: string;
  reason: string;
  looked: string;
  lines: Array<string> | null;
  more: boolean;
}

/** A subject on a kernel. */
interface CaseValue {
  name: string;
  label: string;
  missing: string;
  scripts: Array<Array<string>>;
  answers: Array<AnswerValue>;
  found: Record<string, number>;
  benches: Array<[Array<string>, any]>;
}

/** Scripts, or a host, that the race finder can ask about. */
interface SubjectValue {
  name: string;
  title: string;
  says: string;
  questions: Array<number>;
  cases: Array<CaseValue>;
}

/** The race finder and the scheduler. */
interface FinderValue {
  name: string;
  title: string;
  secret: boolean;
  start: Array<string>;
  questions: Array<QuestionValue>;
  subjects: Array<SubjectValue>;
}

/** A request to search on, to return what is known, to open a bench, or to step on one. */
interface FinderQuestion {
  case: Array<string>;
  go?: boolean;
  run?: Array<string>;
  bench?: boolean;
  step?: StepQuestion;
}

/** A bench of the race finder, in its shipped form. */
interface PackedValue {
  packed: string;
}

/** Where a race finder stands. */
interface FinderPlaceValue {
  case: Array<string>;
  asked: Array<string>;
  run: Array<string>;
  bench: string;
  hand: Array<string> | null;
  shown: boolean;
}

/** The stored form of a widget in a notebook. */
interface StoredValue {
  v: number;
  kind: string;
  packed: string;
  place: string;
}

/** A message between a widget and its front end, in either direction. */
interface MessageValue {
  id?: string;
  ask?: StepQuestion | RunsQuestion | LookQuestion | ExerciseQuestion | FinderQuestion;
  answer?: GrowthValue<any, any> | RunsValue | ProgressReportValue | HintsValue | ShownValue | AnswerValue | PackedValue;
  error?: string;
  place?: string;
  says?: any;
}
