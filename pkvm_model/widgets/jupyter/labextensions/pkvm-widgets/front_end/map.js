// The map: states are boxes, steps are arrows. Clicking a box goes there, clicking an arrow takes the step, and every
// step can be chosen below the picture.

import { unpack } from "./cells.js";
import { CONSTANTS } from "./constants.js";
import { Picture, arrowText } from "./drawing.js";
import { button, make, settle, write } from "./elements.js";
import { countHolds, drawerFrame, footFrame, headFrame, walkParts } from "./frame.js";
import { dress } from "./styles.js";
import { drawChange, newlyBroken } from "./change.js";
import { drawProperties, drawState } from "./panels.js";
import { SIGNS, codeOf, cpuSign } from "./signs.js";
import { Walker } from "./walker.js";
import { register } from "./widget.js";

const KEY = "Filled: where you are. Marked: the last step. Heavy: your path.";
const BEYOND = "You are in a state beyond the picture; the words above say which.";
const ROOM_FOR_BOX = 160;
const SIDES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * A map on the screen.
 * @extends {Walker<StateValue, EdgeValue>}
 */
class StateMap extends Walker {
  constructor(root, graph, port = {}) {
    super(root, "map", graph, port, `Map: ${graph.title}`);
    dress("map");
  }

  /** @type {Map<string, number> | undefined} the number of each arrow, by its ends, label and CPU */
  named;
  /** @type {number[][] | undefined} the boxes that arrows lead to, by box */
  onward;

  get news() {
    return this.broken;
  }

  actions() {
    const act = { choose: (number) => this.choose(this.choices[number]), box: (event) => this.onPicture(event) };
    return {
      ...super.actions(),
      ...Object.fromEntries(Object.entries(act).map(([name, work]) => [name, this.guard(work)])),
    };
  }

  frame() {
    const { graph, act, box, alert, standing, live } = this,
      { drawing } = graph,
      near = drawing.boxes.length > CONSTANTS.mostBoxes;
    this.picture = drawing.missing
      ? null
      : new Picture(drawing, "States and the steps between them; arrow keys move, Enter goes there");
    const parts = {
      ...walkParts(act),
      change: make("div.told"),
      choices: make(graph.cpus.length > 1 ? "ol.choices.by-cpu" : "ol.choices"),
      map: make(
        near ? "div.map-room.near" : "div.map-room",
        {},
        this.picture ? this.picture.svg : make("p.muted", {}, drawing.missing),
      ),
      state: make("div"),
      properties: make("ul.props"),
      table: make("div"),
      key: make("p.key"),
    };
    parts.map.addEventListener("click", act.box);
    const steps = make("div.from-here", { role: "group", "aria-label": "Steps from here" }, parts.choices),
      drawers = this.drawersOf(parts);
    this.slots = Math.max(1, ...graph.edges.map((edges) => edges.length));
    box.append(
      headFrame(graph.title, [graph.revision], parts, act),
      make("div.change", { role: "group", "aria-label": "What just changed" }, parts.change, alert),
      standing,
      live,
      steps,
      make("div.picture", {}, parts.map, this.picture && parts.key),
      ...footFrame(parts, drawers),
    );
    return { ...parts, drawers };
  }

  drawHere(since) {
    const { walk, parts } = this,
      view = walk.view(since);
    this.view = view;
    drawChange(parts.change, view, this.act.words);
    countHolds(parts.drawers[1], view.properties);
    this.broken = newlyBroken(view)
      .map(({ says }) => ` Broken now: ${says}`)
      .join("");
    this.choices = walk.state.end ? [] : this.edgesHere();
    this.drawChoices();
    if (this.picture) this.drawPicture();
  }

  /** Draws the choices. Each keeps its place: a CPU has its own, and empty places keep room for the most of all. */
  drawChoices() {
    const { parts, walk, choices, slots, graph } = this,
      none = walk.state.end ? "The machine has ended. Undo to go on." : "Nothing is left to do.";
    const empty = (name) => [`empty ${name}`, () => make("li.empty", { "aria-hidden": "true" })];
    const rows = graph.cpus.flatMap((name, cpu) => {
      const own = choices.map((edge, number) => ({ edge, number })).filter(({ edge }) => edge.cpu === cpu);
      return own.length ? own.map(({ edge, number }) => this.choiceRow(edge, number)) : [empty(name)];
    });
    const rest = Array.from({ length: Math.max(0, slots - rows.length) }, (_, number) => empty(number));
    settle(parts.choices, [...rows, ...rest, !choices.length && [none, () => make("li.none.muted", {}, none)]]);
  }

  drawersOf(parts) {
    const { act } = this;
    return [
      drawerFrame("words", "Words", act, parts.state, parts.table),
      drawerFrame("holds", "What holds", act, parts.properties),
      ...super.drawersOf(parts),
    ];
  }

  drawDrawer(name) {
    const { parts, view } = this;
    if (name === "holds") return drawProperties(parts.properties, view);
    drawState(parts, view);
    return this.drawTable();
  }

  edgesHere() {
    return this.graph.cpus.flatMap((_, cpu) => this.walk.edges(cpu));
  }

  /** The key of a choice: the CPU if each CPU has at most one step, else the number of the choice. */
  keyOf({ cpu }, number) {
    return this.graph.cpus.length > 1 ? String(cpu) : String(number + 1);
  }

  /** A choice; its button stays while the call stays the same, to keep the focus, and only its target changes. */
  choiceRow(edge, number) {
    const who = this.graph.cpus.length > 1 && cpuSign(edge.cpu),
      key = this.keyOf(edge, number);
    const draw = () => {
      const go = button("button.choice", edge.label, key, () => this.act.choose(number));
      if (who) go.prepend(who);
      return make("li", {}, go, make("span.to"));
    };
    return [`${edge.label} ${key}`, draw, (item) => this.fillChoice(item, edge)];
  }

  fillChoice(item, edge) {
    const to = edge.to === null ? undefined : this.graph.states[edge.to],
      leads = to && this.graph.drawing.boxes[to.box];
    const refused = edge.kind === "refused" || edge.kind === "nothing",
      text = leads ? `to ${leads.text}` : to ? "beyond the picture" : "asks Python";
    const sign = () =>
      make(
        "span",
        {},
        ...(edge.kind === "nothing" ? [SIGNS.nothing(), "nothing"] : [SIGNS.arrow(), codeOf(edge) || "refused"]),
      );
    item.title = edge.says;
    item.firstChild.classList.toggle("refusal", refused);
    settle(item.lastChild, [
      refused ? [`${edge.kind} ${codeOf(edge)}`, sign] : ["to", () => make("span"), (span) => write(span, text)],
    ]);
  }

  choose(edge) {
    this.endPlay();
    if (!edge) return this.say("There is no such step from here.");
    return this.step(edge.cpu, this.walk.edges(edge.cpu).indexOf(edge));
  }

  /** What the path passes: boxes, arrows, and the arrow of the last step. */
  way() {
    const {
        walk,
        graph: { states, drawing },
      } = this,
      boxes = [states[walk.places[0].id].box],
      arrows = [];
    for (const { edge, id } of walk.path.slice(0, walk.at)) {
      arrows.push(this.arrowOf(boxes.at(-1), states[id].box, edge));
      boxes.push(states[id].box);
    }
    return { boxes: new Set(boxes), arrows: new Set(arrows), last: arrows.at(-1), drawing };
  }

  /** The arrow of a step between two boxes, or undefined; one arrow may stand for several calls. */
  arrowOf(start, to, { label, cpu }) {
    const keys = (arrow) =>
      arrow.label.split(", ").map((name) => `${arrow.start} ${arrow.to} ${name} ${arrow.cpu ?? ""}`);
    this.named ??= new Map(
      this.graph.drawing.arrows.flatMap((arrow, number) => keys(arrow).map((key) => [key, number])),
    );
    return this.named.get(`${start} ${to} ${label} ${cpu}`) ?? this.named.get(`${start} ${to} ${label} `);
  }

  /** The boxes shown: all of a small map; of a large map the path, its neighbours, and two steps ahead. */
  chooseBoxes({ boxes }) {
    const { drawing } = this.graph,
      here = this.walk.state.box;
    if (drawing.boxes.length <= CONSTANTS.mostBoxes) return new Set(drawing.boxes.keys());
    this.onward ??= drawing.arrows.reduce((lists, { start, to }) => ((lists[start] ??= []).push(to), lists), []);
    const after = (some) => some.flatMap((box) => this.onward[box] ?? []);
    const next = after([here]);
    return new Set(
      [...boxes, ...after([...boxes]), ...next, ...after(next)].filter((box) => box !== null && box !== undefined),
    );
  }

  drawPicture() {
    const {
        graph: { drawing },
        walk,
      } = this,
      way = this.way(),
      shown = this.chooseBoxes(way),
      here = walk.state.box;
    const arrows = new Set(
      [...drawing.arrows.keys()].filter(
        (number) => shown.has(drawing.arrows[number].start) && shown.has(drawing.arrows[number].to),
      ),
    );
    const open = new Set(
      this.choices.map((edge) => edge.to !== null && this.arrowOf(here, this.graph.states[edge.to]?.box, edge)),
    );
    this.picture.show("arrows", arrows, ({ classList }, _, number) => {
      classList.toggle("been", way.arrows.has(number));
      classList.toggle("open", open.has(number));
      classList.toggle("last", way.last === number);
    });
    this.picture.show("boxes", shown, (element, box, number) => {
      const now = number === here;
      const been = way.boxes.has(number);
      const where = now ? "you are here" : been && "you were here";
      element.classList.toggle("been", been);
      element.classList.toggle("now", now);
      element.setAttribute(
        "aria-label",
        [box.says, where, ...box.broken.map((name) => `${name} is broken`)].filter(Boolean).join("; "),
      );
      element.setAttribute("aria-current", String(now));
      element.setAttribute("tabindex", now ? "0" : "-1");
    });
    // Fitting measures all boxes, so it runs only when the set of boxes changes.
    const set = shown.size === drawing.boxes.length ? "all" : [...shown].join();
    if (set !== this.fitted) this.picture.fit(shown, arrows);
    this.fitted = set;
    // Scrolling needs a layout; it waits for the next frame so that a click does not wait for the layout.
    requestAnimationFrame(this.guard(() => this.center(here, way.last)));
    const part =
      drawing.boxes.length > CONSTANTS.mostBoxes
        ? ` Of ${drawing.boxes.length} states, only those near your path are shown.`
        : "";
    write(this.parts.key, here === null ? BEYOND : KEY + part);
  }

  /** Scrolls a box to the middle of the visible map, or box and arrow if there is room for both; the page stays. */
  center(box, arrow) {
    const { map } = this.parts,
      { boxes, arrows } = this.graph.drawing,
      { place } = boxes[box] ?? {};
    if (!place) return;
    const [x, y] = place,
      label = arrows[arrow]?.text ?? [x, y],
      { corner } = this.picture;
    const middle = (own, other, room) => (Math.abs(own - other) < room - ROOM_FOR_BOX ? (own + other) / 2 : own);
    map.scrollTo(
      middle(x, label[0], map.clientWidth) - corner.x - map.clientWidth / 2,
      middle(y, label[1], map.clientHeight) - corner.y - map.clientHeight / 2,
    );
  }

  drawTable() {
    const {
      parts,
      graph: { drawing },
      walk,
    } = this;
    const heads = ["State", "In words", "From here"].map((head) => make("th", { scope: "col" }, head));
    const rows = [...this.chooseBoxes(this.way())]
      .sort((one, other) => one - other)
      .map((number) => {
        const box = drawing.boxes[number],
          here = number === walk.state.box;
        const onward = drawing.arrows
          .filter(({ start }) => start === number)
          .map((arrow) => {
            const cpu = arrow.cpu === undefined ? "" : `CPU ${arrow.cpu} `;
            return `${cpu}${arrowText(arrow)} to ${drawing.boxes[arrow.to].text}`;
          });
        const head = make("th", { scope: "row" }, box.text, here && " ", here && make("span.what", {}, "you are here"));
        const words = [box.says.replace(/^[^:]*: /, ""), ...box.broken.map((name) => `${name} is broken`)].join("; ");
        return make(
          here ? "tr.here" : "tr",
          {},
          head,
          make("td", {}, words),
          make("td", {}, onward.join("; ") || "nothing"),
        );
      });
    parts.table.replaceChildren(
      make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows)),
    );
  }

  onPicture({ target }) {
    const box = target.closest("[data-box]"),
      arrow = target.closest("[data-arrow]");
    if (box) return this.goToBox(Number(box.dataset.box));
    return arrow && this.takeArrow(Number(arrow.dataset.arrow));
  }

  /** Takes an arrow, first going to the box where it begins if that is not the current one. */
  async takeArrow(number) {
    const {
        walk,
        graph: { drawing, states },
      } = this,
      { start } = drawing.arrows[number];
    if (walk.state.box !== start) await this.goToBox(start);
    const edge = this.edgesHere().find(
      (one) => one.to !== null && this.arrowOf(walk.state.box, states[one.to].box, one) === number,
    );
    if (!edge) return this.say(`${arrowText(drawing.arrows[number])} does not lead there from here.`);
    return this.choose(edge);
  }

  /** Goes to a box: forward by the fewest steps, else back along the path, else from the start. */
  goToBox(box) {
    const { walk } = this,
      since = walk.at;
    this.endPlay();
    if (walk.state.box === box) return this.say("You are here.");
    const edges = this.route(walk.id, box),
      earlier = walk.path.slice(0, walk.at).findLast(({ id }) => this.graph.states[id].box === box);
    if (edges) return this.goEdges(edges, since);
    if (earlier) return this.goTo(earlier, "Went back there. ");
    if (this.graph.states[walk.places[0].id].box === box) return this.goTo(walk.places[0], "Back to the start. ");
    const anew = this.route(walk.places[0].id, box);
    if (!anew) return this.say("No known step leads there.");
    walk.go(walk.places[0]);
    return this.goEdges(anew, 0);
  }

  goEdges(edges, since) {
    for (const edge of edges) this.walk.take(edge);
    this.show(since, edges.length > 1 ? `Went there in ${edges.length} steps. ` : "");
  }

  /** Returns the fewest known steps from a state to a state in a box, or undefined. */
  route(from, box) {
    const { states, edges } = this.graph,
      ways = new Map([[from, []]]);
    for (const [id, way] of ways) {
      if (id !== from && states[id].box === box) return way;
      for (const edge of states[id].end ? [] : (edges[id] ?? [])) {
        if (edge.to !== null && states[edge.to] && !ways.has(edge.to)) ways.set(edge.to, [...way, edge]);
      }
    }
    return undefined;
  }

  onKey(event) {
    const box = event.target.closest?.("[data-box]"),
      { ctrlKey, altKey, metaKey, key } = event;
    if (ctrlKey || altKey || metaKey) return undefined;
    const choice = this.choices.findIndex((edge, number) => this.keyOf(edge, number) === key);
    if (box && SIDES[key]) this.moveOver(Number(box.dataset.box), SIDES[key]);
    else if (box && (key === "Enter" || key === " ")) this.act.box(event);
    else if (choice >= 0 && !event.target.matches("textarea")) this.act.choose(choice);
    else return super.onKey(event);
    return event.preventDefault();
  }

  /** Moves the focus to the nearest visible box on one side. */
  moveOver(from, [dx, dy]) {
    const { boxes } = this.graph.drawing,
      [x, y] = boxes[from].place;
    const far = (number) => {
      const [bx, by] = boxes[number].place,
        on = (bx - x) * dx + (by - y) * dy,
        off = Math.abs((bx - x) * dy) + Math.abs((by - y) * dx);
      return on > 1 ? on + 2 * off : Infinity;
    };
    const near = [...this.chooseBoxes(this.way())]
      .map((number) => [far(number), number])
      .sort(([one], [other]) => one - other)[0];
    if (near?.[0] < Infinity) this.picture.part("boxes", near[1]).focus();
  }
}

register("map", StateMap, unpack);
