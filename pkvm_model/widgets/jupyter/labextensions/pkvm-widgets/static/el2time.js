// The EL2 time chart: the shapes come from Python; here the learner moves along them and reads the values.

import { make, shape } from "./elements.js";
import { dress } from "./looks.js";
import { Widget, register } from "./widget.js";

const CHART_CSS = `
.pkvm-el2time{
  max-width:820px;
  .chart{padding:10px 14px 0} .chart svg{display:block;width:100%;max-width:660px;height:auto}
  .chart text{font-size:14px;fill:var(--ink)} .chart .value{font-weight:700} .chart .soft{fill:var(--muted)}
  .chart :is(.axis,.leader){fill:none;stroke:var(--line);stroke-width:1.5} .chart .leader{stroke-width:1}
  .chart .line{fill:none;stroke:var(--ink);stroke-width:2} .chart .line0{stroke-width:3} .chart .line1{stroke-dasharray:8 4}
  .chart .line2{stroke-dasharray:2 3} .chart .line3{stroke-dasharray:10 3 2 3}
  .chart .marker{fill:var(--ink);stroke:var(--ink);stroke-width:2} .chart :is(.marker1,.marker3){fill:var(--bg)}
  .chart .reader{fill:none;stroke:var(--edge);stroke-width:2.5}
  .controls{display:flex;flex-wrap:wrap;gap:8px 24px;align-items:center;padding:6px 14px 10px}
  fieldset{border:0;margin:0;padding:0;min-width:0;display:flex;flex-wrap:wrap;gap:4px 14px;align-items:center}
  legend{float:left;padding:0;margin-right:14px} label{display:inline-flex;gap:8px;align-items:center;min-height:32px;cursor:pointer}
  input{accent-color:var(--ink)} input[type=range]{width:min(280px,60vw);min-height:32px} input[type=radio]{width:18px;height:18px;margin:0}
  .values{padding:10px 16px;background:var(--chg);border-left:8px solid var(--edge)} .values b{font-weight:700}
  .values ul{display:grid;gap:2px;margin-top:4px} .values li{display:grid;grid-template-columns:72px minmax(0,1fr);gap:10px}
  .note{padding:10px 16px;font-size:13px;display:grid;gap:6px}
  details{padding:0 16px 10px} summary{min-height:32px;padding:6px 0;cursor:pointer} .wide{overflow-x:auto}
}`;

const SHAPES = ["path", "text"], ATTRIBUTES = ["d", "x", "y", "class", "text-anchor"];
/** One shape. A stored notebook need not be trusted, so only plain shapes and places are drawn. */
function plainShape([tag, attributes, text]) {
  if (!SHAPES.includes(tag)) throw Error(`a chart has no ${tag}`);
  const kept = Object.entries(attributes).filter(([name]) => ATTRIBUTES.includes(name));
  return shape(tag, Object.fromEntries(kept), text);
}

function pictureOf({ alt, size: [width, height], picture }) {
  const reader = shape("path.reader");
  const drawn = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": alt }, ...picture.map(plainShape), reader);
  return { drawn, reader };
}

function tableOf({ caption, heads, rows }) {
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
  const body = rows.map(([first, ...rest]) => make("tr", {}, make("th", { scope: "row" }, first), ...rest.map((text) => make("td", {}, text))));
  return make("table", {}, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, ...body));
}

let charts = 0;

class El2Time extends Widget {
  constructor(root, data, port) {
    super(root, "el2time", data, port, data.title);
    dress("el2time", CHART_CSS);
    Object.assign(this, { layout: 0, at: data.pages.length - 1, pictures: data.layouts.map(pictureOf) });
    this.chart = make("div.chart");
    this.values = make("div.values", { role: "group", "aria-label": "What the chart says here" });
    this.table = make("div.wide", { tabindex: "0", role: "region", "aria-label": "The chart as a table" });
    this.box.append(make("div.bar", {}, make("h3", {}, data.title), make("span.muted", {}, "model units, not time")),
      this.standing, this.values, this.chart, this.controls(), this.notes(),
      make("details", {}, make("summary", {}, "As a table"), this.table), this.alert, this.live);
    this.draw();
    this.begin();
  }

  controls() {
    const { data } = this, group = `pkvm-el2time-${charts++}`, move = this.guard(() => this.move());
    this.slider = make("input", { type: "range", min: 0, max: data.pages.length - 1, step: 1, value: this.at });
    this.slider.addEventListener("input", move);
    this.ways = data.layouts.map((_, number) => make("input", { type: "radio", name: group, value: number }));
    for (const way of this.ways) way.addEventListener("change", move);
    return make("div.controls", {}, make("label", {}, "Guest pages", this.slider),
      make("fieldset", {}, make("legend", {}, "They lie"), ...data.layouts.map(({ says }, number) => make("label", {}, this.ways[number], says))));
  }

  notes() {
    const { unit, note } = this.data;
    return make("div.note", {}, make("p", {}, unit), make("p", {}, note));
  }

  get place() { return `${this.layout} ${this.at}`; }

  recall(place) {
    const [layout, at] = place.split(" ").map(Number), { data } = this;
    if (data.layouts[layout] && data.pages[at] !== undefined) Object.assign(this, { layout, at });
    this.draw();
  }

  follow(text) {
    this.recall(text.replace("+", " "));
    this.tell();
  }

  move() {
    this.layout = Math.max(0, this.ways.findIndex((way) => way.checked));
    this.at = Number(this.slider.value);
    this.draw();
    this.announce(this.data.layouts[this.layout].sentences[this.at]);
    this.tell();
  }

  draw() {
    const { data, layout, at } = this, shown = data.layouts[layout], { drawn, reader } = this.pictures[layout];
    const [x, top, bottom] = shown.columns[at], [, ...values] = shown.rows[at], [, ...names] = shown.heads;
    reader.setAttribute("d", `M${x} ${top}V${bottom}`);
    if (this.chart.firstChild !== drawn) {
      this.chart.replaceChildren(drawn);
      this.table.replaceChildren(tableOf(shown));
    }
    this.slider.value = at;
    this.slider.setAttribute("aria-valuetext", `${data.pages[at]} pages`);
    this.ways[layout].checked = true;
    this.values.replaceChildren(make("p", {}, make("b", {}, `${data.pages[at]} guest pages, ${shown.says}`)),
      make("ul", {}, ...names.map((name, number) => make("li", {}, make("b", {}, values[number]), make("span", {}, name)))));
  }
}

register("el2time", El2Time);
