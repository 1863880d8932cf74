// The EL2 time chart: Python makes the shapes; here the learner moves along them and reads the values.

import { make, shape } from "./elements.js";
import { dress } from "./styles.js";
import { Widget, register } from "./widget.js";

const SHAPES = ["path", "text"],
  ATTRIBUTES = ["d", "x", "y", "class", "text-anchor"];
/** One shape. A stored notebook may not be trusted, so only plain shapes and positions are drawn. */
function plainShape([tag, attributes, text]) {
  if (!SHAPES.includes(tag)) throw Error(`a chart has no ${tag}`);
  const kept = Object.entries(attributes).filter(([name]) => ATTRIBUTES.includes(name));
  // What follows a comma is said elsewhere, too, and is left out where the chart is narrow.
  const [first, ...further] = text.split(/(?=, )/);
  return shape(tag, Object.fromEntries(kept), first, shape("tspan.further", {}, ...further));
}

function pictureOf({ alt, size: [width, height], picture }) {
  const reader = shape("path.reader");
  // Where the chart is too narrow for the words at the right, its style sheet gives it the shape of the rest.
  const drawn = shape(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "xMinYMin slice", role: "img", "aria-label": alt },
    ...picture.map(plainShape),
    reader,
  );
  return { drawn, reader };
}

function tableOf({ caption, heads, rows }) {
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
  const body = rows.map(([first, ...rest]) =>
    make("tr", {}, make("th", { scope: "row" }, first), ...rest.map((text) => make("td", {}, text))),
  );
  return make("table", {}, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, ...body));
}

/** The look of a line of the chart, for its name outside the chart. */
function sampleOf(picture, number) {
  const marker = picture.find(([tag, { class: look }]) => tag === "path" && look === `marker marker${number}`);
  if (!marker) return make("span.sample");
  const [tag, attributes, text] = marker,
    line = shape(`path.line.line${number}`, { d: "M1 9H39" });
  const [, from] = /^M[-\d.]+ [-\d.]+(.*)/.exec(attributes.d) ?? [];
  const drawn = shape("svg", { width: 40, height: 18, viewBox: "0 0 40 18", "aria-hidden": "true" }, line);
  drawn.append(plainShape([tag, { ...attributes, d: `M20 9${from}` }, text]));
  return make("span.sample", {}, drawn);
}

let charts = 0;

/** @extends {Widget<El2TimeValue>} */
class El2Time extends Widget {
  constructor(root, data, port) {
    super(root, "el2time", data, port, data.title);
    dress("el2time");
    this.layout = 0;
    this.at = data.pages.length - 1;
    this.pictures = data.layouts.map(pictureOf);
    this.chart = make("div.chart");
    this.values = make("div.values", { role: "group", "aria-label": "What the chart says here" });
    this.table = make("div.wide", { tabindex: "0", role: "group", "aria-label": "The chart as a table" });
    this.box.append(
      make("div.bar", {}, make("h3", {}, data.title), make("span.muted", {}, "model units, not time")),
      this.standing,
      this.values,
      this.chart,
      this.controls(),
      this.notes(),
      make("details", {}, make("summary", {}, "As a table"), this.table),
      this.alert,
      this.live,
    );
    this.draw();
    this.begin();
  }

  controls() {
    const { data } = this,
      group = `pkvm-el2time-${charts++}`,
      move = this.guard(() => this.move());
    this.slider = make("input", { type: "range", min: 0, max: data.pages.length - 1, step: 1, value: this.at });
    this.slider.addEventListener("input", move);
    this.ways = data.layouts.map((_, number) => make("input", { type: "radio", name: group, value: number }));
    for (const way of this.ways) way.addEventListener("change", move);
    return make(
      "div.controls",
      {},
      make("label", {}, "Guest pages", this.slider),
      make(
        "fieldset",
        {},
        make("legend", {}, "They lie"),
        ...data.layouts.map(({ says }, number) => make("label", {}, this.ways[number], says)),
      ),
    );
  }

  notes() {
    const { unit, note } = this.data;
    return make("div.note", {}, make("p", {}, unit), make("p", {}, note));
  }

  get place() {
    return `${this.layout} ${this.at}`;
  }

  recall(place) {
    const [layout, at] = place.split(" ").map(Number),
      { data } = this;
    if (data.layouts[layout] && data.pages[at] !== undefined) Object.assign(this, { layout, at });
    this.draw();
  }

  follow(text) {
    this.recall(text.replace("+", " "));
    this.tell();
  }

  move() {
    this.layout = Math.max(
      0,
      this.ways.findIndex((way) => way.checked),
    );
    this.at = Number(this.slider.value);
    this.draw();
    this.announce(this.data.layouts[this.layout].sentences[this.at]);
    this.tell();
  }

  draw() {
    const { data, layout, at } = this,
      shown = data.layouts[layout],
      { drawn, reader } = this.pictures[layout];
    const [x, top, bottom] = shown.columns[at],
      [, ...values] = shown.rows[at],
      [, ...names] = shown.heads;
    reader.setAttribute("d", `M${x} ${top}V${bottom}`);
    if (this.chart.firstChild !== drawn) {
      this.chart.replaceChildren(drawn);
      this.table.replaceChildren(tableOf(shown));
    }
    this.slider.value = at;
    this.slider.setAttribute("aria-valuetext", `${data.pages[at]} pages`);
    this.ways[layout].checked = true;
    this.values.replaceChildren(
      make("p", {}, make("b", {}, `${data.pages[at]} guest pages, ${shown.says}`)),
      make(
        "ul",
        {},
        ...names.map((name, number) =>
          make("li", {}, sampleOf(shown.picture, number), make("b", {}, values[number]), make("span", {}, name)),
        ),
      ),
    );
  }
}

register("el2time", El2Time);
