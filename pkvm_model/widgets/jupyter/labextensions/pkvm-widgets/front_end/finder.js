// The race finder: pick scripts, a kernel and a question; search, watch, stop; see the shortest run on a bench. The
// scheduler is a bench with a goal: the learner breaks a property by hand, and learns whether there is a shorter way.
//
// A search never runs on its own: each slice is a question to Python, and stopping means asking for no further slice.

import { AskedBench } from "./asked.js";
import { unpack } from "./cells.js";
import { button, fill, make, prose, settle, write } from "./elements.js";
import { linkHere } from "./links.js";
import { dress } from "./styles.js";
import { clip, refuseLong } from "./text.js";
import { answerRow, asPart, countSteps, winWords } from "./verdict.js";
import { fitTrace, splitLink } from "./walk.js";
import { Widget, register } from "./widget.js";

const NO_ANSWER = "This answer is not stored here.",
  TO_SEARCH = "Open the notebook in JupyterLab and run this cell to search for it.";
const NO_BENCH = "When a run is found, a bench opens here.";
const BENCH_NOT_STORED = "The bench of this run is not stored here.";
const TO_RUN = "Open the notebook in JupyterLab and run this cell.";
const TALK_EVERY = 5000;

/** Fills a select with options {value, text, group}, by group. */
function options(select, list) {
  const groups = new Map();
  for (const one of list)
    groups.set(one.group, [...(groups.get(one.group) ?? []), make("option", { value: one.value }, one.text)]);
  select.replaceChildren(
    ...[...groups].flatMap(([group, kids]) => (group ? [make("optgroup", { label: group }, ...kids)] : kids)),
  );
}

/** Offers options for a choice; if there is only one, it is a text. */
function offerChoice({ select, only }, list) {
  options(select, list);
  select.hidden = list.length < 2;
  only.hidden = !select.hidden;
  write(only, list[0].text);
  only.title = list[0].text;
}

const GROUPS = { always: "Does it always hold?", sometimes: "Can it happen?", possible: "Is it always possible?" };

/** @extends {Widget<FinderValue>} */
class Finder extends Widget {
  constructor(root, data, port) {
    super(
      root,
      "finder",
      data,
      port,
      `${data.title}: ${data.subjects
        .slice(0, 3)
        .map(({ name }) => name)
        .join(", ")}`,
    );
    dress("finder");
    this.learnt = new Map();
    this.parts = this.frame();
    const start = { case: data.start, asked: [], run: [], bench: "", hand: null, shown: false };
    this.put(start);
    this.guard(() => this.arrive(start))();
    this.begin();
  }

  // The case: a subject, a kernel and a question.
  get key() {
    return this.at.case.join("/");
  }
  get subject() {
    return this.data.subjects.find(({ name }) => name === this.at.case[0]);
  }
  get case() {
    return this.subject.cases.find(({ name }) => name === this.at.case[1]);
  }
  get questions() {
    return this.subject.questions.map((number) => this.data.questions[number]);
  }
  get question() {
    return this.questions.find(({ name }) => name === this.at.case[2]);
  }
  get scripted() {
    return this.case.scripts.length > 0;
  }
  /** The answer as far as it is known: stored, or last reported by Python. */
  get answer() {
    return this.case.answers[this.case.found[this.at.case[2]]] ?? this.learnt.get(this.key);
  }
  get asked() {
    return this.at.asked.includes(this.key);
  }

  /** The place as text; if only Python can open the bench, the place that was to be shown there. */
  get place() {
    const { case: asked, asked: all, run, bench, hand, shown } = this.at;
    return JSON.stringify({ case: asked, asked: all, run, bench: this.bench ? this.bench.place : bench, hand, shown });
  }
  get led() {
    return this.bench?.led ?? "";
  }

  frame() {
    const { secret } = this.data;
    const choice = (name, label) => {
      const select = make("select"),
        only = make("b.only"),
        box = make(`label.${name}`, {}, make("span", {}, label), select, only);
      select.addEventListener(
        "change",
        this.guard(() => this.choose(name)),
      );
      return { select, only, box };
    };
    const search = this.guard(() => this.search());
    const parts = {
      scripts: choice("scripts-of", "Scripts"),
      kernel: choice("kernel", "Kernel"),
      question: choice("asks", "Question"),
      go: secret ? button("button.give-up", "Give up?", "s", search) : button("button.go", "Search", "s", search),
      line: make(secret ? "div.goal" : "div.answer-line", { role: "group", "aria-label": secret ? "Goal" : "Answer" }),
      now: make("div.gist"),
      help: make("p.muted"),
      told: make("div.told-case"),
      reply: make("div.reply"),
      about: make("div.about"),
      room: make("div.room"),
    };
    parts.line.append(parts.now);
    parts.about.append(parts.told, parts.reply);
    this.offerCases(parts);
    // An error takes the place of the answer; at a scheduler it is about the button that asks the explorer.
    if (!secret) parts.line.append(this.alert);
    const kids = secret ? [parts.room, this.closing(parts), this.alert] : [this.pick(parts), parts.room];
    fill(this.box, {}, [...kids, this.standing, this.live]);
    // A key ends a run that plays, and Space pauses it, wherever in this widget the focus is.
    this.box.addEventListener(
      "keydown",
      this.guard((event) => this.bench?.onPlayKey(event)),
      true,
    );
    return parts;
  }

  offerCases({ scripts, kernel }) {
    const [{ cases }] = this.data.subjects;
    const named = ({ name, title }) => ({ value: name, text: name === title ? name : `${name}: ${title}` });
    offerChoice(scripts, this.data.subjects.map(named));
    offerChoice(
      kernel,
      cases.map(({ name, label }) => ({ value: name, text: label })),
    );
  }

  /** What a race finder asks about, in one line. */
  pick({ scripts, kernel, question, go }) {
    return make("div.pick", {}, make("h3", {}, this.data.title), scripts.box, kernel.box, question.box, go);
  }

  /** The end of a scheduler: the explorer's help comes last. */
  closing({ help, go }) {
    return make("div.closing", {}, help, go);
  }

  /** Moves to a place and opens its bench. */
  settleAt(at) {
    this.put(at);
    return this.arrive(at);
  }

  /** Shows a place without its bench. */
  put(at) {
    this.running = null;
    this.at = at;
    this.alert.replaceChildren();
    const { scripts, kernel, question } = this.parts;
    const text = ({ name, kind, says }) => (GROUPS[kind] ? `${name}: ${says}` : says);
    offerChoice(
      question,
      this.questions.map((one) => ({ value: one.name, text: text(one), group: GROUPS[one.kind] })),
    );
    [scripts.select.value, kernel.select.value, question.select.value] = at.case;
    this.tellOfIt();
    this.draw();
  }

  async arrive(at) {
    await this.openBench(at.run, at.bench);
    await this.lookIfAsked();
  }

  /** Fetches what Python knows about a question asked earlier. */
  async lookIfAsked() {
    const { key } = this,
      lacks = this.asked && !this.answer && !this.case.missing,
      found = lacks && this.port.ask && (await this.ask({ case: this.at.case, go: false }));
    if (found) this.learnt.set(key, found);
    this.draw();
  }

  recall(text) {
    const at = JSON.parse(text),
      sameBench = this.bench && String(at.case) === String(this.at.case) && String(at.run) === String(this.at.run);
    if (!sameBench || !at.bench) return this.settleAt(at);
    this.at = at;
    return this.bench.join(at.bench).then(() => this.lookIfAsked());
  }

  /** Joins a live port, and shows an answer or a bench that needed Python. */
  connect(port) {
    const {
        place,
        asked,
        answer,
        bench,
        case: { missing },
      } = this,
      lacks = !missing && ((asked && !answer) || !bench || bench.untold);
    super.connect(port);
    if (lacks && this.moved) this.guard(() => this.settleAt(JSON.parse(place)))();
  }

  /** Opens a link: the question, and the steps on the bench. */
  async follow(text) {
    const [subject, kernel, question, ...rest] = text.split("/"),
      asked = [subject, kernel, question],
      lines = rest.join("/");
    const found = this.data.subjects.find(({ name }) => name === subject),
      cases = found?.cases.find(({ name }) => name === kernel);
    if (!cases || !found.questions.some((number) => this.data.questions[number].name === question)) {
      return this.fail(`The link asks about ${clip(asked.filter(Boolean).join("/"))}, which is not here.`);
    }
    const run = cases.scripts.length ? [] : splitLink(lines).lines;
    await this.settleAt({ ...this.at, case: asked, run, bench: "", hand: null, shown: true });
    return this.bench?.follow(lines);
  }

  /** Opens a trace text or a link, here or on the scripts and the kernel that it was made for. */
  async openText(text) {
    const { name } = this.data,
      refusal = refuseLong(text);
    if (refusal) return this.bench.fail(refusal);
    const link = text.includes("#") ? linkHere(name, text.trim()) : "";
    if (link) return this.goToLink(link);
    if (link === null) return this.fail(`This link is for another widget; this one is “${name}”.`);
    const { misfit } = fitTrace(this.bench.graph, text),
      others = this.madeFor(text);
    if (misfit && !others.length) return this.bench.fail(misfit);
    for (const asked of [...(misfit ? [] : [this.at.case]), ...others]) {
      if (asked !== this.at.case) await this.settleAt({ ...this.at, case: asked, run: [], bench: "", hand: null });
      this.at.shown = true;
      const wanted = fitTrace(this.bench.graph, text);
      await this.bench.goAlong(wanted);
      if (this.bench.walk.at === wanted.lines.length) return;
    }
  }

  /** Returns the other cases with a stored bench whose traces begin like this one. */
  madeFor(text) {
    const all = this.data.subjects.flatMap(({ name, questions: [first], cases }) =>
      cases.map(({ name: kernel, benches }) => ({
        asked: [name, kernel, this.data.questions[first].name],
        graph: benches[0]?.[1],
      })),
    );
    const others = all.filter(
      ({ asked: [subject, kernel] }) => subject !== this.subject.name || kernel !== this.case.name,
    );
    return others.filter(({ graph }) => graph && !fitTrace(graph, text).misfit).map(({ asked }) => asked);
  }

  /** Applies a choice. Another question begins on a fresh bench, because earlier steps were not about it. */
  choose(changed) {
    const { scripts, kernel, question } = this.parts,
      subject = this.data.subjects.find(({ name }) => name === scripts.select.value);
    const there = subject.questions.map((number) => this.data.questions[number].name);
    const asked = changed !== "scripts-of" || there.includes(question.select.value) ? question.select.value : there[0];
    const opened = this.settleAt({
      ...this.at,
      case: [subject.name, kernel.select.value, asked],
      run: [],
      bench: "",
      hand: null,
      shown: false,
    });
    this.announce(this.case.missing || "Not asked yet.");
    this.tell();
    return opened;
  }

  /** Opens the bench of the scripts, or a bench with the calls of a run. */
  async openBench(run, place) {
    const old = this.bench;
    this.bench = null;
    old?.close();
    if (this.case.missing) return this.standIn("");
    if (!this.scripted && !run.length) return this.standIn(NO_BENCH);
    const { at } = this,
      stored = this.case.benches.find(([lines]) => String(lines) === String(run))?.[1];
    if (!stored) this.standIn(this.port.ask ? "" : BENCH_NOT_STORED);
    if (!stored && !this.port.ask) return;
    const packed = stored ? JSON.stringify(stored) : (await this.ask({ case: at.case, run, bench: true }))?.packed;
    if (packed && this.at === at) this.putBench(unpack(packed), place);
  }

  /** Shows in place of a bench what the bar and the drawer of one would show, and why there is none. */
  standIn(why) {
    const {
      parts: { room, line, about },
      data: { secret, title },
    } = this;
    const kids = [secret && make("div.bar", {}, make("h3", {}, title)), line, make("div.section", {}, about)];
    room.replaceChildren();
    fill(room, {}, [...kids, why && make("p.no-bench.muted", {}, why), why === BENCH_NOT_STORED && this.wayOut()]);
    this.drawLine();
  }

  /** How to get what is not stored: inside JupyterLab a button, elsewhere words. */
  wayOut() {
    return this.port.run ? this.offerRun() : make("p.muted", {}, this.port.lacks ?? TO_RUN);
  }

  putBench(graph, place) {
    const finder = this;
    const port = {
      embedded: true,
      finder,
      place,
      changed: this.guard(() => this.checkByHand()),
      // Python may connect later, so each question looks for it.
      get ask() {
        const { ask } = finder.port,
          { case: asked, run } = finder.at;
        return ask && ((step) => ask({ case: asked, run, step }));
      },
    };
    this.bench = new AskedBench(this.parts.room, graph, port);
    this.bench.linkTo = (text) => this.linkTo(`${this.key}/${text}`);
    this.bench.open = (text) => this.openText(text);
  }

  /** Checks after each step on the bench whether the learner broke a property in fewer steps than before. */
  checkByHand() {
    if (!this.bench) return;
    const { walk } = this.bench,
      { at } = this,
      step = at.shown ? -1 : walk.findBreak(this.question.breaks);
    if (step > 0 && !(at.hand?.length <= step)) {
      at.hand = walk.path.slice(0, step).map(({ edge }) => edge.line);
      this.announce(this.winAt(walk));
      if (this.looksForShorter && !this.running) return this.search(true);
    }
    this.draw();
    this.tell();
  }

  /** Shows the answer if it is known, else searches; stops a search that is running. */
  async search(byHand = false) {
    if (this.running) return this.stop();
    if (this.case.missing) return this.fail(this.case.missing);
    if (this.answer && !this.answer.more) return this.reveal(byHand);
    if (!this.port.ask) return this.failWithoutPython(NO_ANSWER, TO_SEARCH);
    return this.slices((this.running = {}), byHand);
  }

  async slices(run, byHand) {
    const { key } = this;
    this.alert.replaceChildren();
    this.announce("Searching. Press the same button to stop.");
    this.draw();
    for (let said = Date.now(); this.running === run;) {
      const found = await this.ask({ case: this.at.case, go: true });
      if (this.running !== run) return;
      if (!found) this.running = null;
      else this.learnt.set(key, found);
      if (found && !found.more) return this.reveal(byHand);
      this.draw();
      if (found && Date.now() - said > TALK_EVERY) {
        said = Date.now();
        this.announce(`Searching. ${found.looked}`);
      }
    }
  }

  stop() {
    this.running = null;
    if (this.answer) this.noteAsked();
    this.announce(`Stopped. ${this.words}`);
    this.draw();
    this.tell();
  }

  noteAsked() {
    if (!this.asked) this.at.asked = [...this.at.asked, this.key];
  }

  get words() {
    const { says = "", reason = "", looked = "" } = this.answer ?? {};
    return [says, reason, looked].filter(Boolean).join(" ");
  }

  /** The learner's number of steps beside the fewest possible. */
  get duel() {
    const { hand } = this.at,
      fewest = this.asked && this.answer?.lines?.length;
    if (!hand) return "";
    return `You: ${countSteps(hand.length)}.${fewest ? ` Shortest: ${countSteps(fewest)}.` : ""}`;
  }

  /**
   * Whether a break by hand asks the explorer for a shorter way: always at a scheduler; at a race finder, where nothing
   * is searched before the learner asks, only if the answer is known.
   */
  get looksForShorter() {
    return !this.asked && (this.data.secret || (this.answer && !this.answer.more));
  }

  /** What a step says that breaks it by hand, or "". */
  winAt(walk) {
    if (this.at.shown || !walk.at || walk.findBreak(this.question.breaks) !== walk.at) return "";
    return winWords(walk.at, this.answer?.lines?.length, Boolean(this.running));
  }

  /** Shows the answer, and the shortest run unless the learner has just found one and may try for a shorter one. */
  async reveal(byHand) {
    this.running = null;
    this.noteAsked();
    this.draw();
    this.announce((byHand && this.bench && this.winAt(this.bench.walk)) || `${this.duel} ${this.words}`.trim());
    this.tell();
    return this.answer.lines && !byHand && this.showRun();
  }

  /** Plays the shortest run on the bench; from then on nothing counts as broken by hand. */
  async showRun() {
    const { lines } = this.answer;
    this.at.shown = true;
    if (!this.scripted && String(this.at.run) !== String(lines)) {
      this.at.run = lines;
      await this.openBench(lines, "");
    }
    await this.bench?.playRun(lines);
    this.tell();
  }

  /** Describes the case: the scripts, and what counts as broken. */
  tellOfIt() {
    const {
      subject,
      case: { scripts, label },
      question: { name, kind, says, means },
      data: { secret },
    } = this;
    const task = !secret
      ? says
      : means.length
        ? "Break one of these. You choose which CPU steps next."
        : `Break this. You choose which CPU steps next. ${says}`;
    const asked = secret || !GROUPS[kind] ? task : `${name} · ${GROUPS[kind]} ${says}`;
    const calls = (script) =>
      script.length ? make("code", {}, script.join(", then ")) : make("span.muted", {}, "nothing");
    const lines = scripts.map((script, cpu) => make("li", {}, make("b", {}, `CPU ${cpu}`), calls(script)));
    this.parts.told.replaceChildren();
    fill(this.parts.told, {}, [
      make("p.asked", {}, asked),
      !secret && means.length > 0 && make("p", {}, "It goes wrong if one of these is broken:"),
      make("ul.means", {}, ...means.map((text) => make("li", {}, text))),
      make("p", {}, make("b", {}, subject.title), ` ${subject.says}`, secret && ` Kernel: ${label}.`),
      make("ul.scripts", {}, ...lines),
    ]);
  }

  /** What is known and may be shown: the answer once somebody has asked. */
  get known() {
    return (this.asked || this.running) && this.answer;
  }

  draw() {
    const { parts, known, running } = this,
      first = this.data.secret ? "Give up?" : "Search";
    const label = known?.lines ? "Show the shortest run" : known?.more ? "Go on" : first;
    write(parts.go.firstChild, running ? "Stop" : label);
    const searched = known && running ? known.looked : "";
    write(parts.help, label === "Give up?" && !running ? "The explorer knows the shortest run." : searched);
    const { says, reason, looked } = known || {};
    const lines = [says, reason, looked].filter(Boolean);
    settle(
      parts.reply,
      lines.map((text) => [text, () => make("p", {}, prose(text))]),
    );
    if (this.bench) this.bench.drawAround();
    else this.drawLine();
  }

  /** Draws the line below the bar: the goal and how far the learner is, or the answer. */
  drawLine(walk = this.bench?.walk) {
    const row = this.data.secret ? this.goalRow(walk) : this.answerRow();
    settle(this.parts.now, [row]);
  }

  /** The goal, and how far the learner is. */
  goalRow(walk) {
    const { says, means } = this.question,
      tally = this.tally(walk);
    const task = means.length ? means.join(" ") : asPart(says),
      begins = means.length ? "Break one of these:" : this.at.hand ? "Broken:" : "Break:";
    const draw = () =>
      make("div.aim", {}, make("p.task", {}, make("b", {}, begins), ` ${task}`), make("p.tally", {}, prose(tally)));
    return [`${begins} ${task} ${tally}`, draw];
  }

  tally(walk) {
    const { known, running, duel } = this;
    if (duel) return duel;
    if (running) return "Searching …";
    if (known?.lines) return `The explorer needs ${countSteps(known.lines.length)}; no run needs fewer.`;
    if (known) return known.says;
    return `${countSteps(walk?.at ?? 0)} ${walk?.state.end ? "to an end that does not break it" : "so far"}`;
  }

  /** The answer with its sign, or the note that nobody has asked. */
  answerRow() {
    const {
      running,
      known,
      duel,
      case: { missing },
    } = this;
    const look = missing ? "empty" : known ? known.verdict : running ? "incomplete" : "unasked";
    const says = missing || known?.says || (running ? "Searching …" : "Not asked yet.");
    const word = running && known ? `Searching … ${known.says}` : says;
    return answerRow(look, word, duel || (known?.more ? known.looked : ""));
  }

  onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("select, textarea")) return;
    if (event.key === "Escape" && this.running) this.stop();
    else if (event.key === "s") this.guard(() => this.search())();
    else return;
    event.preventDefault();
  }

  close() {
    this.running = null;
    this.bench?.close();
    super.close();
  }
}

register("finder", Finder);
