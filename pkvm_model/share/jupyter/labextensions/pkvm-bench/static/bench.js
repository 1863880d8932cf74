// The Bench: draws a state of a graph and steps along its edges. One plain ES module: no build, no dependency, no network.
//
//   mount(el, graph, port)   draws into an element; returns a Bench, with open(), connect() and close()
//   default export           the front end that anywidget loads
//
// port = {trace, ask, changed, listen, close}, each of them optional. Without `ask` there is no Python behind the page.
// The form of a graph is described in docs/bench-graph.md; `unpack` makes it from the text that Python ships. Data
// becomes text nodes only, never markup.

// ---------------------------------------------------------------- looks

const LIGHT = `color-scheme:light;--bg:#FFFFFF;--panel:#F4F5F7;--ink:#16191D;--muted:#555D68;--line:#767E8A;--hair:#D5D9DF;
  --host:#313DD1;--hyp:#B94C00;--guest:#0B7C62;--danger:#7E0A61;--chg:#FFF3C4;--edge:#3B2F00`;
const DARK = `color-scheme:dark;--bg:#111111;--panel:#1C1F24;--ink:#F1F3F5;--muted:#B3BAC4;--line:#858D99;--hair:#3A4048;
  --host:#6896FF;--hyp:#DCA14B;--guest:#54D1B5;--danger:#FF6388;--chg:#3A3000;--edge:#FFE24D`;

const CSS = `
.pkvm-bench{${LIGHT}}
@media (prefers-color-scheme:dark){:root:not(.theme-light) body:not([data-jp-theme-light]) .pkvm-bench{${DARK}}}
body[data-jp-theme-light="false"] .pkvm-bench,.theme-dark .pkvm-bench{${DARK}}
@media print{:root body .pkvm-bench.pkvm-bench.pkvm-bench.pkvm-bench{${LIGHT}}}
@media (forced-colors:active){:root body .pkvm-bench.pkvm-bench.pkvm-bench.pkvm-bench{--bg:Canvas;--panel:Canvas;--ink:CanvasText;--muted:CanvasText;
  --line:CanvasText;--hair:CanvasText;--host:CanvasText;--hyp:CanvasText;--guest:CanvasText;--danger:CanvasText;--chg:Canvas;--edge:Highlight}}
.pkvm-bench{
  --mono:ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace;
  container:bench/inline-size;box-sizing:border-box;max-width:1280px;margin:4px 2px;border:1px solid var(--line);background:var(--bg);color:var(--ink);
  font:14px/1.45 var(--jp-ui-font-family,system-ui),-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;text-align:left;
  *,*::before,*::after{box-sizing:border-box}
  :focus-visible{outline:3px solid var(--ink) !important;outline-offset:2px !important}
  h3,h4,p,dl,dd,ol,ul,pre,table{margin:0;padding:0;font:inherit;color:inherit;background:none}
  ol,ul{list-style:none}
  code,pre{font-family:var(--mono);font-size:12.5px;background:none;color:inherit}
  svg{flex:none;vertical-align:-4px}
  .hidden-words{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
  .code{white-space:nowrap} .muted{color:var(--muted)} .host{color:var(--host)} .hyp{color:var(--hyp)} .guest{color:var(--guest)}
  .sign{display:inline-flex;align-items:center;gap:6px;white-space:nowrap;vertical-align:middle}
  .sign .word{font-size:13px;color:var(--ink)}

  button{font:inherit;color:var(--ink);background:var(--bg);border:1.5px solid var(--line);border-radius:4px;min-height:32px;
    padding:3px 11px;margin:0;cursor:pointer;white-space:nowrap}
  button kbd{font:inherit;font-size:12px;color:var(--muted);background:none;border:1px solid var(--line);border-radius:3px;
    padding:0 4px;margin-left:7px;box-shadow:none}
  button.go{background:var(--ink);color:var(--bg);border-color:var(--ink);font-weight:600;min-width:122px}
  button.go kbd{color:var(--bg);border-color:var(--bg)}
  button[aria-disabled=true]{border:1.5px dashed var(--line);background:var(--bg);color:var(--muted);font-weight:400;cursor:default}
  button[aria-disabled=true] kbd{color:var(--muted);border-color:var(--line)}
  button.finish[aria-disabled=true]{visibility:hidden}

  .bar{display:flex;flex-wrap:wrap;gap:6px 14px;align-items:center;padding:8px 14px;background:var(--panel);border-bottom:1px solid var(--hair)}
  .bar h3{font-size:15px;font-weight:700} .bar .space{flex:1} .buttons{display:flex;flex-wrap:wrap;gap:6px}
  .revision{display:inline-flex;align-items:center;gap:6px}
  .revision b{display:inline-grid;place-items:center;width:20px;height:20px;border:2px solid var(--ink);font-size:12.5px;line-height:1}
  .revision.late b{background:var(--ink);color:var(--bg)}

  .change{background:var(--chg);border-left:8px solid var(--edge);border-bottom:1.5px solid var(--edge);padding:10px 16px 12px;min-height:126px}
  .change .when{font-size:13px;font-weight:600}
  .change .says{font-size:20px;line-height:1.3;font-weight:600;margin:2px 0 8px;max-width:62em;text-wrap:balance}
  .diffs{display:flex;flex-wrap:wrap;gap:8px;min-height:30px}
  .diffs li{display:flex;align-items:center;gap:7px;background:var(--bg);border:1.5px solid var(--edge);padding:2px 9px;min-height:30px}
  .diffs li.plain{background:none;border:0;padding:2px 0}
  .panic{display:flex;gap:14px;align-items:center;background:var(--danger);color:var(--bg);border:3px solid var(--danger);padding:9px 13px}
  .panic b{display:block;font-size:17px}
  .change:has(.panic){padding:0 0 8px;border-left-color:var(--danger)} .change:has(.panic) :is(.when,.says,.diffs,.answer,.warning){margin:8px 16px 0}
  .warning{display:flex;gap:8px;align-items:flex-start;border-left:2px solid var(--ink);padding:1px 0 1px 10px;margin:0 0 8px}
  .refused{display:inline-flex;gap:6px;align-items:center;border:1.5px solid var(--ink);background:var(--bg);padding:0 8px;color:var(--ink);white-space:nowrap}
  .refused code{font-weight:700} .nothing{display:inline-flex;gap:6px;align-items:center;font-style:italic;white-space:nowrap}
  .answer{display:flex;margin-bottom:8px}
  .alert:not(:empty){background:var(--bg);border:1.5px solid var(--ink);border-left-width:8px;padding:6px 10px;margin-top:10px}

  .columns{display:grid;grid-template-columns:minmax(0,1fr)}
  .section{padding:12px 14px;border-bottom:1px solid var(--hair);min-width:0}
  .lanes{display:grid;grid-template-columns:minmax(0,1fr);gap:18px 20px}
  .lane h4{display:flex;flex-wrap:wrap;gap:2px 10px;align-items:baseline;padding-bottom:4px;border-bottom:2px solid var(--ink);font-weight:700}
  .lane h4 .cpu{font-size:16px} .lane h4 .muted{font-weight:400}
  .act{display:flex;flex-wrap:wrap;gap:6px 8px;margin-top:9px} .act[hidden]{display:none}
  .act .fore{flex:1 0 100%;min-width:0;min-height:38px;font-size:13px;display:flex;gap:7px;align-items:flex-start}
  .act .fore svg{margin-top:1px} .act .fore:empty{min-height:0;margin-bottom:-4px}
  .call{font-family:var(--mono);font-size:12.5px;color:var(--muted);margin:2px 0 7px;overflow-wrap:anywhere;min-height:18px}
  .keeps{margin-bottom:8px;display:flex;flex-wrap:wrap;gap:4px 7px;align-items:center;min-height:28px}
  .region{display:grid;grid-template-columns:52px minmax(0,1fr) auto;gap:0 8px;padding:3px 0;margin-bottom:5px}
  .region .at{color:var(--muted);font-size:12.5px;white-space:nowrap;padding-right:4px;font-weight:400}
  .bracket{align-self:stretch;border:2px solid var(--ink);border-right:0;display:flex;align-items:center;gap:2px;padding-left:5px;min-height:20px}
  .bracket.two{border-left:6px double var(--ink)} .bracket.none{border-color:transparent}
  .bracket abbr{display:inline-grid;place-items:center;width:15px;height:17px;font:700 12px/1 var(--mono);text-decoration:none;color:inherit}
  .region.done,.region.later{color:var(--muted)}
  .region.done .bracket{border-width:1.5px;border-color:var(--line)} .region.done .bracket.two{border-left:5px double var(--line)}
  .region.later .bracket{border-style:dashed;border-color:var(--line)} .region.later .bracket.two{border-left:5px double var(--line)}
  .region.next{font-weight:600}
  .region.next abbr.lock-H,.region.now abbr.lock-H{color:var(--host)} .region.next abbr.lock-Y,.region.now abbr.lock-Y{color:var(--hyp)}
  .region.next abbr.lock-G,.region.now abbr.lock-G{color:var(--guest)}
  .region.now{background:var(--chg);outline:2px solid var(--edge);outline-offset:1px;color:var(--ink)}
  .region.now .bracket{border-width:2px;border-color:var(--ink)} .region.now .bracket.two{border-left:6px double var(--ink)}
  .region.now .at{color:var(--ink)} .region .bracket.none{border-color:transparent}
  .gap{display:flex;align-items:center;gap:8px;margin-bottom:5px;padding:2px 0;color:var(--muted);font-size:12.5px}
  .gap::before{content:"";width:52px;flex:none;border-top:3.5px dotted var(--muted)} .gap.here{color:var(--ink);font-weight:600}

  .slots{display:flex;flex-wrap:wrap;gap:8px;margin-bottom:10px}
  .slot{border:1.5px solid var(--line);padding:5px 10px;min-width:150px} .slot .key{display:block;font-size:12.5px;color:var(--muted)}
  .slot.unused{border-style:dotted}
  .card{border:1.5px solid var(--line);margin-bottom:10px} .card.unused{border-style:dotted;padding:8px 10px;color:var(--muted)}
  .card h4{display:flex;flex-wrap:wrap;gap:4px 12px;align-items:center;padding:6px 10px;background:var(--panel);border-bottom:1px solid var(--hair);font-weight:700}
  .card h4 .muted{font-weight:400}
  .card dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:2px 8px;padding:7px 10px;align-items:baseline}
  .card :is(dt,dd){float:none;width:auto;max-width:none;font-weight:400} .card dt{color:var(--muted);padding:3px 0} .card dd{padding:3px 6px}
  .count-line{display:flex;gap:8px;align-items:center} .count-line .holders{min-width:0} .big{font-size:22px;font-weight:700;line-height:1}
  .tag{display:inline-flex;align-items:center;gap:7px;border:1.8px solid var(--ink);padding:0 9px 0 5px;min-height:26px;margin:1px 4px 1px 0;
    border-radius:13px 3px 3px 13px;vertical-align:middle;background:var(--bg);overflow-wrap:anywhere}
  .tag.call-long{border-style:dashed} .tag.stale{border:3px double var(--danger);font-weight:600} .tag.nobody{border-style:dotted;color:var(--muted);padding-left:10px}

  table{border-collapse:collapse;width:100%;font-size:14px;table-layout:auto}
  caption{text-align:left;font-weight:700;padding:0 0 6px;color:inherit;caption-side:top}
  tr{background:none} th,td{text-align:left;padding:4px 8px;border:0;border-bottom:1px solid var(--hair);vertical-align:middle;font-weight:400;max-width:none;background:none}
  thead th{font-size:12.5px;font-weight:600;color:var(--muted);border-bottom:1.5px solid var(--line)}
  tbody th{font-weight:600;white-space:nowrap} tbody th .what{font-weight:400;font-size:12.5px;color:var(--muted);margin-left:8px}
  td.words{font-size:13px} td.count{white-space:nowrap;font-size:13px}
  tr.changed th{border-left:6px solid var(--edge);padding-left:8px}
  .changed-cell{background:var(--chg);outline:2px solid var(--edge);outline-offset:-2px;color:var(--ink)}
  .changed-cell .muted{color:var(--ink)}
  .sign.changed-cell{padding:2px 6px} .count-line + .was{display:block;margin-left:0}
  .was{display:block;font-size:12.5px;white-space:nowrap} dd .was,.slot .was,.card h4 .was{display:inline-block;margin-left:8px;font-weight:400}

  .share{border-bottom:0} .share .row{display:flex;flex-wrap:wrap;gap:8px;align-items:flex-start}
  .share pre{flex:1 1 320px;min-width:0;border:1px solid var(--line);background:var(--panel);padding:6px 8px;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.45}
  .share .head{display:flex;flex-wrap:wrap;gap:2px 14px;align-items:baseline;margin-bottom:6px} .share h4{font-weight:700} .share .said{font-size:13px}
  .share textarea{width:100%;font:12.5px/1.45 var(--mono);color:var(--ink);background:var(--bg);border:1.5px solid var(--ink);margin-top:8px}

  @container bench (min-width:640px){.lanes{grid-template-columns:repeat(auto-fit,minmax(280px,1fr))}}
  @container bench (min-width:1040px){
    .columns{grid-template-columns:minmax(0,1fr) 400px} .columns .lanes-section{border-right:1px solid var(--hair)}
  }
  @container bench (max-width:1039px){
    .words,.words-head{display:none} th,td{padding-left:6px;padding-right:6px} tbody th .what{display:block;margin-left:0;white-space:normal;max-width:118px;line-height:1.3}
    .change{min-height:152px}
  }
  @container bench (max-width:719px){
    .was{white-space:normal} td .sign .word{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
  }
  @container bench (max-width:639px){
    .call:empty,.keeps:empty{min-height:0;margin:0}
    td.count{white-space:normal} th,td{padding-left:5px;padding-right:5px} tbody th{white-space:normal} .change .says{font-size:18px} .change{min-height:186px}
  }
  @media print{break-inside:avoid;*{print-color-adjust:exact;-webkit-print-color-adjust:exact} button{display:none}}
}
@keyframes pkvm-mark{from{outline-color:transparent}}
@media (prefers-reduced-motion:no-preference){.pkvm-bench :is(.changed-cell,.region.now){animation:pkvm-mark .12s ease-out}}`;

function dress() {
  if (document.querySelector("style[data-pkvm-bench]")) return;
  const style = document.createElement("style");
  style.dataset.pkvmBench = "";
  style.textContent = CSS;
  document.head.append(style);
}

// ---------------------------------------------------------------- making elements

function fill(element, attributes, kids) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...kids.filter((kid) => kid !== null && kid !== undefined && kid !== false && kid !== ""));
  return element;
}

/** An element from "tag.class.class", its attributes and its children (strings become text). */
function make(spec, attributes = {}, ...kids) {
  const [tag, ...classes] = spec.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  // JupyterLab's shortcuts look at the focused element itself, so each one has to carry the attribute.
  if (tag === "button" || tag === "textarea" || "tabindex" in attributes) element.dataset.lmSuppressShortcuts = "true";
  return fill(element, attributes, kids);
}

/** A sentence in which an error code never breaks at its minus. */
function prose(text) {
  const parts = text.split(/(-E[A-Z0-9]+)/);
  return make("span", {}, ...parts.map((part, at) => (at % 2 ? make("span.code", {}, part) : part)));
}

/** Gives an element these children, leaving alone what stands there already: the page then has less to lay out. */
function settle(element, kids) {
  const made = kids.filter(Boolean);
  made.forEach((kid, at) => {
    const old = element.childNodes[at];
    if (!old) element.append(kid);
    else if (!old.isEqualNode(kid)) old.replaceWith(kid);
  });
  while (element.childNodes.length > made.length) element.lastChild.remove();
}

const hiddenWords = (text) => make("span.hidden-words", {}, text);

function button(spec, text, key, act) {
  const element = make(spec, { type: "button" }, make("span", {}, text), key && make("kbd", {}, key));
  element.addEventListener("click", act);
  return element;
}

const enable = (element, on) => element.setAttribute("aria-disabled", String(!on));

// ---------------------------------------------------------------- signs

function svg(width, height, ...parts) {
  const space = "http://www.w3.org/2000/svg";
  const draw = ([tag, attributes, ...kids]) => fill(document.createElementNS(space, tag), attributes, kids);
  const attributes = { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" };
  return fill(document.createElementNS(space, "svg"), attributes, parts.map(draw));
}

const solid = (d) => ["path", { d, fill: "currentColor" }];
const stroke = (d, width, dashes = "", style = "") =>
  ["path", { d, fill: "none", stroke: "currentColor", "stroke-width": width, "stroke-dasharray": dashes, style }];
const paper = (d) => ["path", { d, style: "fill:var(--bg)" }];
const letter = (x, text, colour, y = 14.4) =>
  ["text", { x, y, "text-anchor": "middle", "font-size": 12.5, "font-weight": 700, style: `fill:${colour}` }, text];

// Hue and outline say who: host square, EL2 six-sided, guest round. `edge` is the right border of the outline at a height.
const ROUND = "M10 1H26A9 9 0 0 1 26 19H10A9 9 0 0 1 10 1Z";
const WHO = {
  host: { outline: "M1 1H35V19H1Z", left: "M1 1H20V19H1Z", edge: () => 35 },
  hyp: { outline: "M7 1H29L35 10L29 19H7L1 10Z", left: "M7 1H20V19H7L1 10Z", edge: (y) => 35 - Math.abs(y - 10) / 1.5 },
  guest: { outline: ROUND, left: "M10 1H20V19H10A9 9 0 0 1 10 1Z", edge: (y) => 26 + Math.sqrt(81 - (y - 10) ** 2) },
};

/** Slanted lines over the right half of a page sign, cut at its outline. */
function stripes(who, slant) {
  let path = "";
  for (let foot = 14; foot < 42; foot += 5) {
    const on = [];
    for (let y = 1.5; y <= 18.5; y += 0.5) {
      const x = foot + slant * (10 - y) * 0.55;
      if (x >= 20.5 && x <= WHO[who].edge(y) - 0.5) on.push(`${x.toFixed(1)} ${y}`);
    }
    if (on.length > 1) path += `M${on[0]}L${on.at(-1)}`;
  }
  return path;
}

const RIGHTS = { O: "owned", S: "shared-owned", B: "shared-borrowed", "-": "no access", X: "poison" };

// Ink says what right: full ink owns, half ink half stripes owns and lends, stripes on paper borrow, dots have nothing.
const INK = "currentColor", PAPER = "var(--bg)";
const PAGE_SIGNS = {
  O: (who, { outline }) => [solid(outline), stroke(outline, 1.5), letter(18, "O", PAPER)],
  S: (who, { outline, left }) =>
    [paper(outline), solid(left), stroke(stripes(who, 1), 2.2), stroke(outline, 2), letter(12, "S", PAPER)],
  B: (who, { outline }) => [paper(outline), stroke(stripes(who, 1), 2.2), stroke(outline, 1.5), letter(12, "B", INK)],
  "-": (who, { outline }) => [stroke(outline, 1.4, "1.5 3.2", "stroke:var(--line)"), letter(18, "–", "var(--muted)")],
  X: (who, { outline }) =>
    [paper(outline), stroke(stripes(who, 1) + stripes(who, -1), 1.5), stroke(outline, 2), letter(12, "X", INK)],
};

const BOX = "M1.5 1.5H18.5V18.5H1.5Z";
const VM_SIGNS = {
  free: [stroke(BOX, 1.6, "1.4 3")],
  reserved: [stroke(BOX, 1.8, "5 2.6"), solid("M10 7.6A2.4 2.4 0 1 1 10 12.4A2.4 2.4 0 1 1 10 7.6Z")],
  initialised: [stroke(BOX, 1.8), solid("M1.5 12H18.5V18.5H1.5Z")],
  live: [solid(BOX), stroke(BOX, 1.8)],
  dying: [stroke(BOX, 2.4), solid("M1.5 18.5V5L15 18.5Z"), stroke("M6 1.5L18.5 14M11.5 1.5L18.5 8.5", 1.6)],
  freed: [stroke(BOX, 1.6, "1.4 3"), stroke("M5 5L15 15M15 5L5 15", 2)],
};
const OWNERS = {
  HOST: ["host", "H", "M1 1H19V19H1Z"],
  HYP: ["hyp", "Y", "M5 1H15L19.4 10L15 19H5L.6 10Z"],
  GUEST: ["guest", "G", "M10 .7A9.3 9.3 0 1 1 10 19.3A9.3 9.3 0 1 1 10 .7Z"],
};
const RING = "M11 2A9 9 0 1 1 11 20A9 9 0 1 1 11 2Z";
const OCTAGON = "M7.5 1.5H16.5L22.5 7.5V16.5L16.5 22.5H7.5L1.5 16.5V7.5Z";
const octagon = (size, ground, mark) => {
  const shape = ["path", { d: OCTAGON, style: `fill:${ground}` }];
  const call = ["path", { d: "M12 6V13.5M12 16V18.6", style: `stroke:${mark}`, "stroke-width": 2.8 }];
  return fill(svg(24, 24, shape, call), { width: size, height: size }, []);
};
const SIGNS = {
  arrow: () => svg(20, 20, stroke("M17 3V9Q17 12.5 13.5 12.5H4M8 8L3.5 12.5L8 17", 2)),
  nothing: () => svg(20, 20, stroke("M10 3A7 7 0 1 1 10 17A7 7 0 1 1 10 3Z", 1.7, "3 2.5"), stroke("M4 17L16 3", 1.7)),
  warn: () => svg(20, 20, stroke("M10 2L18.5 17.5H1.5Z", 1.7), stroke("M10 7.5V12.3M10 13.7V15.6", 1.9)),
  vcpu: () => svg(12, 12, solid("M6 2A4 4 0 1 1 6 10A4 4 0 1 1 6 2Z")),
  call: () => svg(12, 12, stroke("M6 2A4 4 0 1 1 6 10A4 4 0 1 1 6 2Z", 1.6)),
  stale: () => svg(12, 12, stroke("M2 2L10 10M10 2L2 10", 2.4, "", "stroke:var(--danger)")),
};

const withWord = (drawn, word, who = "") => make(`span.sign${who && `.${who}`}`, {}, drawn, make("span.word", {}, word));

const drawn = new Map();
/** A sign is drawn once and then copied. */
function once(key, draw) {
  if (!drawn.has(key)) drawn.set(key, draw());
  return drawn.get(key).cloneNode(true);
}

const pageSign = (who, right) => once(`page ${who} ${right}`, () => {
  const sign = svg(36, 20, ...(PAGE_SIGNS[right]?.(who, WHO[who]) ?? []));
  sign.classList.add(who);
  return sign;
});
const vmSign = (word) => once(`vm ${word}`, () => svg(20, 20, ...(VM_SIGNS[word] ?? VM_SIGNS.free)));
const ownerSign = (owner) => once(`owner ${owner}`, () => {
  const [who, text, outline] = OWNERS[owner];
  const sign = svg(20, 20, solid(outline), letter(10, text, "var(--bg)"));
  sign.classList.add(who);
  return sign;
});
const vcpuSign = (word) => once(`vcpu ${word}`, () => {
  const [, how, cpu] = /(loaded|running) on CPU (\d+)/.exec(word) ?? [];
  if (how === "running") return svg(33, 22, solid(RING), letter(11, cpu, PAPER, 15.4), solid("M24 5.5L31 11L24 16.5Z"));
  if (how === "loaded") return svg(22, 22, stroke(RING, 2.4), letter(11, cpu, INK, 15.4));
  return svg(22, 22, stroke(RING, word === "absent" ? 1.6 : 1.8, word === "absent" ? "1.4 3" : ""));
});

const refusedSign = (code) => make("span.refused", {}, SIGNS.arrow(), make("code", {}, code));
const nothingSign = () => make("span.nothing", {}, SIGNS.nothing(), make("span", {}, "nothing happens, no answer"));

// ---------------------------------------------------------------- what a state holds, cell by cell

/** A graph from its packed text, in which equal parts of states stand once. */
function unpack(text) {
  const { parts, ...graph } = JSON.parse(text);
  const whole = (numbers) => numbers.map((number) => parts[number]);
  for (const state of graph.states) for (const kind of ["lanes", "slots", "vms", "pages"]) state[kind] = whole(state[kind]);
  return graph;
}

const VIEWS = ["host", "hyp", "guest"];

function pageCells(graph, state) {
  return state.pages.flatMap((row, at) => {
    const cell = (part, word, extra) => ({ key: `page ${at} ${part}`, name: graph.pages[at][0], part, word, ...extra });
    return [
      ...VIEWS.map((who) => cell(who, RIGHTS[row[who]], { sign: () => pageSign(who, row[who]) })),
      cell("owner", row.owner, { sign: () => ownerSign(row.owner), shown: true }),
      cell("count", row.count || "no count", { part: "", quiet: true }),
    ];
  });
}

function vmCells(card) {
  const both = { vm: card.vm, name: `VM ${card.handle}`, shown: true };
  const cell = (key, part, word, extra) => ({ ...both, key: `vm ${card.vm} ${key}`, part, word, ...extra });
  return [
    cell("word", "", card.word, { sign: () => vmSign(card.word), whole: true }),
    cell("count", "count", String(card.count), { same: JSON.stringify(card.holders) }),
    cell("dying", "dying in EL2", card.dying), cell("memo", "host memo", card.memo),
    ...card.vcpus.map((vcpu) => cell(`vcpu ${vcpu.idx}`, `vCPU ${vcpu.idx}`, vcpu.word, { sign: () => vcpuSign(vcpu.word) })),
    cell("back", "given back", card.back || "nothing", { quiet: true }),
  ];
}

/** Every cell that a step can change, by key. */
function cells(graph, state) {
  const slots = state.slots.map(({ word }, at) =>
    ({ key: `slot ${at}`, name: `slot ${at}`, part: "", word, sign: () => vmSign(word), shown: true }));
  return new Map([...pageCells(graph, state), ...state.vms.flatMap(vmCells), ...slots].map((cell) => [cell.key, cell]));
}

/** What differs: key to {was, now}, either of them missing where a VM came or went. */
function differences(graph, before, after) {
  const old = cells(graph, before), young = cells(graph, after), found = new Map();
  const both = (cell) => !cell.vm || (old.has(`vm ${cell.vm} word`) && young.has(`vm ${cell.vm} word`));
  for (const key of new Set([...young.keys(), ...old.keys()])) {
    const was = old.get(key), now = young.get(key), either = now ?? was;
    // Of a VM that came or went, one cell stands for all.
    const differs = was && now ? was.word !== now.word || was.same !== now.same : either.whole || both(either);
    if (differs) found.set(key, { was, now });
  }
  return found;
}

// ---------------------------------------------------------------- trace and link

const taken = (path, upTo) => path.slice(0, upTo).map((step) => step.edge.line);

function traceText(graph, path, at, digest) {
  return [graph.header, ...graph.setup, ...taken(path, at), `state ${digest}`].join("\n");
}

function linkText(graph, path, at) {
  return `#${graph.name}=${taken(path, path.length).join(";").replaceAll(" ", "+")}@${at}`;
}

/** What a fragment asks this bench to open, or null. */
function asked(graph, url) {
  const fragment = decodeURIComponent((url ?? "").split("#")[1] ?? "");
  if (!fragment.startsWith(`${graph.name}=`)) return null;
  const [lines, at] = fragment.slice(graph.name.length + 1).split("@");
  const spaced = lines.split(";").map((line) => line.replaceAll("+", " "));
  return { lines: spaced.filter(Boolean), at: at === undefined ? Infinity : Number(at) };
}

/** The steps a trace text takes from the start of this graph, and the digest it promises. */
function parsed(graph, text) {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  const digest = /^state (\S+)$/.exec(lines.at(-1) ?? "")?.[1];
  const before = [graph.header, ...graph.setup], body = digest ? lines.slice(0, -1) : lines;
  const odd = before.findIndex((line, at) => body[at] !== line);
  if (odd < 0) return { lines: body.slice(before.length), at: Infinity, digest };
  const line = `its line ${odd + 1} is “${body[odd] ?? "missing"}”, here it is “${before[odd]}”`;
  return { odd: `This trace was made for another bench: ${line}.` };
}

// JupyterLab takes the fragment out of the address while it starts; the navigation entry still has it.
const firstAddress = () => performance.getEntriesByType("navigation")[0]?.name;

// ---------------------------------------------------------------- lanes

const LOCKS = {
  L: "vm_table_lock", H: "host_mmu lock", Y: "pkvm_pgd lock", G: "guest lock", P: "pool lock", M: "mmu_lock", C: "config_lock",
};
const doneRegions = (lane) => lane.regions.filter((region) => region.when === "done").length;
const inFlight = (lane) => doneRegions(lane) > 0 && lane.regions.some((region) => region.when !== "done");

/** For each done region of a CPU's call, the step that made it (as far back as it can be told). */
function stepsOfRegions(view, cpu) {
  const made = [], { path, at } = view;
  let done = doneRegions(view.state.lanes[cpu]);
  for (let step = at; step > 0 && done > 0; step--) {
    if (path[step - 1].edge.cpu !== cpu) continue;
    const before = view.stateAt(step - 1).lanes[cpu];
    if (before.call !== view.state.lanes[cpu].call || doneRegions(before) < done - 1) break;
    if (doneRegions(before) === done - 1) made[--done] = step;
  }
  return made;
}

/** "CPU 1 took 13 steps here", or that others may run. */
function gapWords(view, cpu, from, to) {
  const others = new Map();
  for (let step = from + 1; from && step <= to; step++) {
    const who = view.path[step - 1].edge.cpu;
    if (who !== cpu) others.set(who, (others.get(who) ?? 0) + 1);
  }
  const words = ([who, count]) => `${view.graph.cpus[who]} took ${count} ${count === 1 ? "step" : "steps"} here`;
  return [...others].map(words).join(", ");
}

/** Equal regions in a row become one line with a number. */
function folded(regions, made, isNew) {
  const rows = [];
  regions.forEach((region, at) => {
    const last = rows.at(-1), step = made[at];
    const same = last && ["says", "locks", "when"].every((part) => last[part] === region[part]);
    const follows = step === undefined || last?.to === undefined || step === last.to + 1;
    if (same && follows && last.fresh === isNew(step)) Object.assign(last, { times: last.times + 1, to: step });
    else rows.push({ ...region, times: 1, from: step, to: step, fresh: isNew(step) });
  });
  return rows;
}

const DONE_SHOWN = 5, LATER_SHOWN = 3;

/** A long call shows what lies around its next region; the rest becomes a line at either end. */
function shortened(rows, gaps) {
  const next = rows.findIndex((row) => row.when !== "done"), done = next < 0 ? rows.length : next;
  let first = Math.max(0, done - DONE_SHOWN);
  while (first > 0 && gaps.slice(1, first + 1).some(Boolean)) first -= 1;
  const most = done + 1 + LATER_SHOWN, number = (some) => some.reduce((sum, row) => sum + row.times, 0);
  const line = (some, when, word) =>
    ({ locks: "", says: `${number(some)} ${word}`, when, times: 1, from: some[0].from, to: some.at(-1).to });
  const before = first > 1 ? [line(rows.slice(0, first), "done", "regions done")] : rows.slice(0, first);
  const after = rows.length > most + 1 ? [line(rows.slice(most), "later", "more regions")] : rows.slice(most);
  return [...before, ...rows.slice(first, most), ...after];
}

function bracket(locks) {
  const letters = locks.match(/[A-Z]/g) ?? [];
  const kind = letters.length === 0 ? ".none" : letters.length > 1 ? ".two" : "";
  const named = (lock) => make(`abbr.lock-${lock}`, { title: LOCKS[lock] ?? lock }, lock);
  return make(`span.bracket${kind}`, {}, ...letters.map(named));
}

function regionRow({ locks, says, when, times, from, to, fresh }) {
  const before = (when === "next" ? "next: " : "") + (times > 1 ? `${times} times: ` : "");
  const at = from === undefined ? "" : from === to ? `step ${from}` : `${from}–${to}`;
  const look = `li.region.${fresh ? "done.now" : when}`;
  return make(look, {}, bracket(locks), make("span", {}, before + says), make("span.at", {}, at));
}

/** The regions of a CPU's call; the one in which the machine ended counts as made. */
function regionsNow(view, cpu, made) {
  const { regions } = view.state.lanes[cpu];
  if (!view.state.end || view.path[view.at - 1]?.edge.cpu !== cpu) return regions;
  const done = regions.filter((region) => region.when === "done");
  const last = view.stateAt(view.at - 1).lanes[cpu].regions.filter((region) => region.when === "next");
  for (const number of last.keys()) made[done.length + number] = view.at;
  return [...done, ...last.map((region) => ({ ...region, when: "done" }))];
}

/** Who stepped in the gap before a row, in words; empty where nobody did. */
function gapBefore(view, cpu, rows, at) {
  const before = rows[at - 1], row = rows[at];
  if (before?.when !== "done") return "";
  return gapWords(view, cpu, before.to, row.when === "next" ? view.at : (row.from ?? 1) - 1);
}

function regionList(view, cpu) {
  const made = stepsOfRegions(view, cpu), isNew = (step) => step > view.since;
  const all = folded(regionsNow(view, cpu, made), made, isNew);
  const rows = shortened(all, all.map((_, at) => gapBefore(view, cpu, all, at)));
  return rows.flatMap((row, at) => {
    const here = rows[at - 1]?.when === "done" && row.when === "next", words = gapBefore(view, cpu, rows, at);
    const shown = at > 0 && (words || row.when !== "done");
    const says = words ? `gap: ${words}` : here ? "gap: others may run" : "gap";
    const gap = () => make(here ? "li.gap.here" : "li.gap", {}, says);
    return shown ? [gap(), regionRow(row)] : [regionRow(row)];
  });
}

function tag(kind, text, stale) {
  if (stale) return make("span.tag.stale", {}, SIGNS.stale(), text);
  return make(kind === "call" ? "span.tag.call-long" : "span.tag", {}, SIGNS[kind](), text);
}

function keepsOf(lane) {
  const words = make("span.muted", {}, "keeps");
  if (!lane.keeps.length) return [words, make("span.tag.nobody", {}, "nothing that is counted")];
  return [words, ...lane.keeps.map((text) => tag("call", text, lane.stale))];
}

/** The code of a refusal; a call that goes on has no answer yet, but its sentence has the code. */
const codeOf = (edge) => edge.ret || (/-E[A-Z0-9]+/.exec(edge.says) ?? [""])[0];

const FORECAST_SIGNS = {
  panic: () => octagon(18, "var(--danger)", PAPER),
  refused: (edge) => codeOf(edge) && refusedSign(codeOf(edge)),
  warn: () => SIGNS.warn(),
  nothing: () => SIGNS.nothing(),
};

/** What a step would do, said before it is done. */
function forecast(edge, { graph, state }, lane, known) {
  if (state.end) return [make("span.muted", {}, "The machine has ended. Undo to go on.")];
  if (!edge) return [lane.short && make("span.muted", {}, "waits")];
  if (!graph.foretell) return [];
  if (edge.to === null && !edge.says) {
    return [make("span.muted", {}, known ? "Python works this step out." : "Not worked out here: run the cell first.")];
  }
  return [FORECAST_SIGNS[edge.kind]?.(edge), prose(edge.says)];
}

// ---------------------------------------------------------------- state and ownership

const mark = (element, change) => {
  if (!change) return element;
  element.classList.add("changed-cell");
  if (change.was && change.was.word !== change.now.word) element.append(make("span.was", {}, `was ${change.was.word}`));
  if (!change.was) element.append(make("span.was", {}, "new"));
  return element;
};

function slotBox(slot, at, changes) {
  const box = make(slot.word === "free" ? "div.slot.unused" : "div.slot", {},
    make("span.key", {}, `slot ${at} · ${slot.handle} · VMID ${slot.vmid}`), withWord(vmSign(slot.word), slot.word));
  return mark(box, changes.get(`slot ${at}`));
}

function holders(card) {
  if (!card.holders.length) return [make("span.tag.nobody", {}, "idle, nobody")];
  return card.holders.map((holder) => tag(holder.kind, holder.says, holder.stale));
}

function vmCard(card, changes) {
  const change = (part) => changes.get(`vm ${card.vm} ${part}`);
  const line = (label, part, ...kids) => [make("dt", {}, label), mark(make("dd", {}, ...kids), change(part))];
  const word = mark(withWord(vmSign(card.word), card.word), change("word"));
  const head = make("h4", {}, make("span", {}, `VM ${card.handle}`), word, make("span.muted", {}, card.where));
  const number = make("span.big", {}, String(card.count));
  const count = make("div.count-line", {}, number, make("div.holders", {}, ...holders(card)));
  const vcpus = card.vcpus.flatMap((vcpu) =>
    line(vcpu.idx ? "" : "vCPUs", `vcpu ${vcpu.idx}`, withWord(vcpuSign(vcpu.word), `vCPU ${vcpu.idx} ${vcpu.word}`)));
  const list = make("dl", {}, ...line("Count", "count", count), ...line("Dying", "dying", `EL2: ${card.dying}`),
    ...line("", "memo", `host memo: ${card.memo}`), ...vcpus, ...line("Given back", "back", card.back || "nothing yet"));
  return make("section.card", { "aria-label": `VM ${card.handle}` }, head, list);
}

function pageRow(graph, row, at, changes) {
  const [name, what] = graph.pages[at];
  const change = (part) => changes.get(`page ${at} ${part}`);
  const views = VIEWS.map((who) => mark(make("td", {}, withWord(pageSign(who, row[who]), RIGHTS[row[who]])), change(who)));
  const owner = mark(make("td", {}, withWord(ownerSign(row.owner), row.owner)), change("owner"));
  const count = mark(make("td.count", {}, row.count), change("count"));
  const head = make("th", { scope: "row" }, name, make("span.what", {}, what));
  const touched = [...VIEWS, "owner", "count"].some(change);
  return make(touched ? "tr.changed" : "tr", {}, head, ...views, owner, count, make("td.words", {}, row.says));
}

// ---------------------------------------------------------------- what just changed

const MOST_CHIPS = 5;

function chip({ was, now }) {
  const cell = now ?? was, head = [make("b", {}, cell.name), cell.part && make("span", {}, cell.part)];
  const word = (one) => (one.shown ? make("span.word", {}, one.word) : hiddenWords(one.word));
  const show = (one) => (one.sign ? make("span.sign", {}, one.sign(), word(one)) : make("span", {}, one.word));
  const become = [hiddenWords("becomes"), make("span", { "aria-hidden": "true" }, "→")];
  if (!was) return make("li", {}, ...head, make("span", {}, "is new:"), show(now));
  if (!now) return make("li", {}, ...head, show(was), ...become, "gone");
  if (was.word === now.word) return make("li", {}, ...head, make("b", {}, `stays ${now.word}`));
  return make("li", {}, ...head, show(was), ...become, show(now));
}

function chips(changes) {
  const all = [...changes.values()], loud = all.filter(({ was, now }) => !(now ?? was).quiet);
  const shown = (loud.length ? loud : all).slice(0, MOST_CHIPS), more = all.length - shown.length;
  if (!all.length) return [make("li.plain.muted", {}, "No page, VM or slot changes.")];
  return [...shown.map(chip), more > 0 && make("li.plain", {}, `and ${more} more, marked below`)];
}

function answerSign(edge) {
  if (edge?.kind === "refused" && codeOf(edge)) return make("div.answer", {}, refusedSign(codeOf(edge)));
  if (edge?.kind === "nothing") return make("div.answer", {}, nothingSign());
  return null;
}

function panicBlock(title, says) {
  const words = make("span", {}, make("b", {}, title), prose(says));
  return make("div.panic", {}, octagon(40, PAPER, "var(--danger)"), words);
}

function whenWords(view) {
  const edge = view.path[view.at - 1]?.edge;
  if (!edge) return "Before the first step";
  const steps = view.at - view.since > 1 ? `steps ${view.since + 1} to ${view.at}` : `step ${view.at}`;
  return `What just changed · ${steps}, ${view.graph.cpus[edge.cpu]}, ${edge.label}`;
}

// The host's warning is a line of its own below the sentence of the step.
const HOST_WARNING = /(?=The host logs a warning: )/;

function changeParts(view) {
  const edge = view.path[view.at - 1]?.edge, { end } = view.state, says = edge?.says ?? view.graph.says;
  const [main, warning] = edge?.kind === "warn" ? says.split(HOST_WARNING) : [says];
  const ends = edge?.kind === "panic";
  return [
    end && panicBlock(end.title, ends ? says : end.says),
    make("div.when", {}, whenWords(view)),
    main && !ends && make("p.says", {}, prose(main)),
    warning && make("p.warning", {}, SIGNS.warn(), make("code", {}, "WARN"), prose(warning)),
    answerSign(edge),
    make("ul.diffs", {}, ...chips(view.changes)),
  ];
}

// ---------------------------------------------------------------- share

const TRACE_LINES = 8;

function shortTrace(text) {
  const lines = text.split("\n"), [header, ...rest] = lines;
  if (lines.length <= TRACE_LINES) return text;
  const hidden = rest.length - TRACE_LINES + 2;
  return [header, `… ${hidden} more lines …`, ...rest.slice(hidden)].join("\n");
}

/** Copies a text; where the clipboard is refused, shows it selected instead. */
async function copy(text, what, room, say) {
  room.replaceChildren();
  try {
    await navigator.clipboard.writeText(text);
    say(`${what} copied.`);
  } catch {
    const box = make("textarea", { readonly: "", rows: Math.min(8, text.split("\n").length), "aria-label": what });
    box.value = text;
    room.append(box);
    box.focus();
    box.select();
    say(`The browser does not allow copying here. The ${what.toLowerCase()} is selected: press Ctrl+C.`);
  }
}

// ---------------------------------------------------------------- the bench

const NO_PYTHON = "This step is not worked out here. Run the notebook in JupyterLab to go further.";

/** Where a bench stands: the path taken, the step shown, and the graph as far as it is known. */
class Walk {
  constructor(graph) { Object.assign(this, { graph, path: [], at: 0 }); }
  idAt(step) { return step ? this.path[step - 1].to : this.graph.start; }
  stateAt(step) { return this.graph.states[this.idAt(step)]; }
  get id() { return this.idAt(this.at); }
  get state() { return this.stateAt(this.at); }
  edges(cpu) { return (this.graph.edges[this.id] ?? []).filter((edge) => edge.cpu === cpu); }
  edgeOf(line) { return (this.graph.edges[this.id] ?? []).find((edge) => edge.line === line); }
  /** Whether the state behind an edge is here. */
  knows(edge) { return edge.to !== null && this.graph.states[edge.to] !== undefined; }
  take(edge) {
    this.path.length = this.at;
    this.path.push({ edge, to: edge.to });
    this.at += 1;
  }
  learn({ from, line, to, states, edges }) {
    for (const [id, state] of Object.entries(states)) this.graph.states[id] ??= state;
    for (const [id, list] of Object.entries(edges)) this.graph.edges[id] ??= list;
    const known = this.graph.edges[from].find((edge) => edge.line === line);
    if (known) known.to = to;
  }
  get trace() { return traceText(this.graph, this.path, this.at, this.state.digest); }
  get says() { return this.path[this.at - 1]?.edge.says ?? this.graph.says; }
  /** What is wrong where a trace promises another state. */
  misses(digest) {
    const { digest: here } = this.state;
    return digest && digest !== here ? `The trace ends in state ${digest}, but this bench is in state ${here}.` : "";
  }
  get link() { return linkText(this.graph, this.path, this.at); }
  /** What the drawing needs: the position, and what differs from step `since`. */
  view(since) {
    const { graph, path, at, state } = this, changes = at ? differences(graph, this.stateAt(since), state) : new Map();
    return { graph, path, at, since, state, changes, stateAt: (step) => this.stateAt(step) };
  }
}

/** The fixed frame of a bench: made once, so that buttons keep their place and the focus. */
function frame(graph, act) {
  const parts = {
    counter: make("span.muted"),
    undo: button("button", "Undo", "u", act.undo),
    redo: button("button", "Redo", "r", act.redo),
    reset: button("button", "Back to start", "b", act.reset),
    change: make("div"),
    alert: make("div.alert", { role: "alert" }),
    live: make("div.hidden-words", { "aria-live": "polite" }),
    lanes: graph.cpus.map((name, cpu) => laneFrame(name, cpu, act)),
    state: make("div.section"),
    pages: make("tbody"),
    caption: make("caption"),
    trace: make("pre"),
    room: make("div"),
    said: make("div.said.muted"),
  };
  const lanes = make("div.lanes", {}, ...parts.lanes.map((lane) => lane.box));
  parts.box = make("section.pkvm-bench", { "aria-label": `Bench: ${graph.title}`, tabindex: "-1" },
    headFrame(graph, parts),
    make("section.change", { "aria-label": "What just changed" }, parts.change, parts.alert), parts.live,
    make("div.columns", {}, make("div.section.lanes-section", {}, lanes), parts.state),
    make("div.section", {}, pageTable(parts)),
    shareFrame(parts, act));
  return parts;
}

function headFrame(graph, { counter, undo, redo, reset }) {
  const { letter: sign, late, id } = graph.revision;
  const revision = make(late ? "span.revision.late" : "span.revision", {}, make("b", { "aria-hidden": "true" }, sign), id);
  const buttons = make("div.buttons", {}, undo, redo, reset);
  return make("div.bar", {}, make("h3", {}, graph.title), revision, counter, make("span.space"), buttons);
}

function laneFrame(name, cpu, act) {
  const lane = { title: make("h4"), acts: make("div"), call: make("p.call"), keeps: make("p.keeps"), regions: make("ol") };
  lane.steps = [];
  lane.finish = button("button.finish", "Finish call", `⇧${cpu}`, () => act.finish(cpu));
  lane.box = make("section.lane", { "aria-label": name }, lane.title, lane.acts, lane.call, lane.keeps, lane.regions);
  return lane;
}

function pageTable({ caption, pages }) {
  const heads = ["Page", "Host", "Hyp", "Guest", "Owner", "Counts"].map((head) => make("th", { scope: "col" }, head));
  const words = make("th.words-head", { scope: "col" }, "In words");
  return make("table", {}, caption, make("thead", {}, make("tr", {}, ...heads, words)), pages);
}

function shareFrame({ trace, room, said }, act) {
  const buttons = [button("button", "Copy trace", "", act.copyTrace), button("button", "Copy link", "", act.copyLink)];
  const row = make("div.row", {}, trace, make("div.buttons", {}, ...buttons));
  return make("div.section.share", {}, make("div.head", {}, make("h4", {}, "Trace"), said), row, room);
}

/** One button for each step a CPU can take; buttons are kept from state to state. */
function drawSteps(lane, view, cpu, edges, known, act) {
  const shown = Math.max(1, edges.length), now = view.state.lanes[cpu];
  while (lane.steps.length < shown) {
    const number = lane.steps.length, fore = make("span.fore");
    const go = button("button.go", "Step", number ? "" : String(cpu), () => act.step(cpu, number));
    lane.steps.push({ go, fore, row: make("div.act", {}, go, number === 0 && lane.finish, fore) });
    lane.acts.append(lane.steps[number].row);
  }
  lane.steps.forEach(({ go, fore, row }, number) => {
    const edge = view.state.end ? undefined : edges[number];
    row.hidden = number >= shown;
    go.firstChild.textContent = `Step ${edge && edges.length > 1 ? edge.label : view.graph.cpus[cpu]}`;
    enable(go, edge);
    settle(fore, forecast(edge, view, now, known));
  });
}

function drawLane(lane, view, cpu, edges, known, act) {
  const now = view.state.lanes[cpu], going = inFlight(now) && edges.length > 0 && !view.state.end;
  const name = make("span.cpu", {}, view.graph.cpus[cpu]);
  settle(lane.title, [name, make("span", {}, now.short || "idle"), make("span.muted", {}, now.where)]);
  drawSteps(lane, view, cpu, edges, known, act);
  if (!going && document.activeElement === lane.finish) lane.steps[0].go.focus();
  enable(lane.finish, going);
  lane.call.textContent = now.call;
  settle(lane.keeps, now.call ? keepsOf(now) : []);
  settle(lane.regions, regionList(view, cpu));
}

function drawState(parts, { graph, state, at, changes }) {
  const slots = make("div.slots", {}, ...state.slots.map((slot, number) => slotBox(slot, number, changes)));
  const cards = state.vms.map((card) => vmCard(card, changes));
  const left = [...changes.values()].filter(({ was, now }) => was?.whole && !now);
  const gone = left.map(({ was }) => make("p.card.changed-cell", {}, `${was.name} is gone; it was ${was.word}.`));
  const none = cards.length + gone.length ? [] : [make("p.card.unused", {}, "EL2 has no VM.")];
  settle(parts.state, [slots, ...cards, ...gone, ...none]);
  parts.caption.textContent = at ? `Who owns every page, after step ${at}` : "Who owns every page, before the first step";
  settle(parts.pages, state.pages.map((row, number) => pageRow(graph, row, number, changes)));
}

/** A bench on the screen: what its buttons and keys do, and what it asks and tells Python. */
class Bench {
  constructor(root, graph, port) {
    Object.assign(this, { graph, port, walk: new Walk(graph), waiting: new Map() });
    this.act = this.actions();
    this.parts = frame(graph, this.act);
    this.onLink = this.guard((event) => this.openLink(event.newURL));
    this.parts.box.addEventListener("keydown", this.guard((event) => this.onKey(event)));
    window.addEventListener("hashchange", this.onLink);
    root.replaceChildren(this.parts.box);
    this.guard(() => this.begin())();
  }

  actions() {
    const { walk } = this, say = (text) => this.say(text);
    const link = () => location.href.split("#")[0] + walk.link;
    const act = {
      step: (cpu, number) => this.step(cpu, number),
      finish: (cpu) => this.finish(cpu),
      undo: () => this.go(walk.at - 1, "Undone. "),
      redo: () => this.go(walk.at + 1, "Redone. "),
      reset: () => this.go(0, "Back to start. "),
      copyTrace: () => copy(walk.trace, "Trace", this.parts.room, say),
      copyLink: () => copy(link(), "Link", this.parts.room, say),
    };
    return Object.fromEntries(Object.entries(act).map(([name, work]) => [name, this.guard(work)]));
  }

  /** The same function, but whatever it throws is shown in the bench. */
  guard(work) {
    const cure = "Undo, or reload the page; the trace below leads here.";
    const broke = (error) => this.fail(`The bench stumbled: ${error?.message ?? error}. ${cure}`);
    return (...given) => {
      try {
        return work(...given)?.catch?.(broke);
      } catch (error) {
        return broke(error);
      }
    };
  }

  /** Draws the start, then opens what a link or the port asks for. */
  begin() {
    this.draw(0);
    this.port.listen?.(this);
    const wanted = asked(this.graph, location.href) ?? asked(this.graph, firstAddress()) ?? this.port.trace;
    if (wanted && wanted !== this.walk.trace) this.open(wanted, true);
  }

  say(text) {
    this.parts.said.textContent = text;
    this.parts.live.textContent = text;
  }

  fail(text) {
    this.parts.alert.textContent = text;
    this.parts.box.removeAttribute("aria-busy");
  }

  /** Draws the step where the walk stands, marking what differs from the step `since`. */
  draw(since) {
    const { walk, parts } = this, view = walk.view(since), asks = Boolean(this.port.ask);
    parts.counter.textContent = `step ${walk.at} of ${walk.path.length}`;
    enable(parts.undo, walk.at > 0);
    enable(parts.reset, walk.at > 0);
    enable(parts.redo, walk.at < walk.path.length);
    settle(parts.change, changeParts(view));
    parts.lanes.forEach((lane, cpu) => drawLane(lane, view, cpu, walk.edges(cpu), asks, this.act));
    drawState(parts, view);
    parts.trace.textContent = shortTrace(walk.trace);
    parts.room.replaceChildren();
  }

  /** Draws a step, announces it, and tells Python. */
  show(since, before = "") {
    const { walk, parts } = this;
    parts.alert.textContent = "";
    parts.said.textContent = "";
    this.draw(since);
    parts.live.textContent = `${before}Step ${walk.at} of ${walk.path.length}. ${walk.says}`;
    this.tell();
  }

  tell() {
    this.port.changed?.({ trace: this.walk.trace });
  }

  go(step, before) {
    const { walk } = this;
    if (step < 0 || step > walk.path.length || step === walk.at) return this.say("There is no such step to go to.");
    walk.at = step;
    return this.show(Math.max(0, step - 1), before);
  }

  step(cpu, number = 0) {
    const { walk } = this, edge = walk.state.end ? undefined : walk.edges(cpu)[number];
    if (walk.state.end) return this.say("The machine has ended. Undo to go on.");
    if (!edge) return this.say(`${this.graph.cpus[cpu]} has nothing left to do.`);
    if (!walk.knows(edge)) return this.learnt(edge).then((ready) => ready && this.advance(edge));
    return this.advance(edge);
  }

  advance(edge) {
    this.walk.take(edge);
    this.show(this.walk.at - 1);
  }

  /** Steps one CPU until its call is over, the machine ends, or the next state is not known. */
  finish(cpu) {
    const { walk } = this, since = walk.at;
    for (let most = 1000; most && inFlight(walk.state.lanes[cpu]) && !walk.state.end; most--) {
      const [edge] = walk.edges(cpu);
      if (!edge || !walk.knows(edge)) break;
      walk.take(edge);
    }
    return walk.at > since ? this.show(since) : this.step(cpu);
  }

  /** Asks Python for an edge; true when the answer came while the bench still stood there. */
  async learnt(edge) {
    if (!this.port.ask) {
      this.fail(NO_PYTHON);
      return false;
    }
    const from = this.walk.id, key = `${from} ${edge.line}`;
    this.parts.box.setAttribute("aria-busy", "true");
    const answer = new Promise((resolve) => this.waiting.set(key, resolve));
    this.port.ask({ from, cpu: edge.cpu, line: edge.line });
    return await answer && this.walk.id === from;
  }

  /** Python's answer: what it worked out, or {error}. */
  learn(answer) {
    this.port.heard?.();
    this.parts.box.removeAttribute("aria-busy");
    if (!answer.error) this.walk.learn(answer);
    this.parts.alert.textContent = answer.error ?? "";
    for (const [key, resolve] of this.waiting) {
      if (!answer.error && key !== `${answer.from} ${answer.line}`) continue;
      this.waiting.delete(key);
      resolve(!answer.error);
    }
  }

  /** Opens a trace text, or what a link asks for; `quiet` where nothing is told if it leads nowhere. */
  open(wanted, quiet) {
    const request = typeof wanted === "string" ? parsed(this.graph, wanted) : wanted;
    return this.guard(() => (request.odd ? this.fail(request.odd) : this.follow(request, quiet)))();
  }

  openLink(address) {
    const wanted = this.parts.box.isConnected && asked(this.graph, address);
    if (wanted) this.open(wanted);
  }

  /** Follows lines as far as they fit, shows the step asked for, and names the first line that does not fit. */
  async follow({ lines, at, digest }, quiet) {
    const { walk } = this, odd = await this.takeLines(lines) || walk.misses(digest);
    if (at < walk.at) walk.at = Math.max(0, Math.trunc(at));
    if (quiet && !odd && !walk.at) this.draw(0);
    else this.show(Math.max(0, walk.at - 1));
    return odd && this.fail(odd);
  }

  async takeLines(lines) {
    const { walk } = this;
    walk.path.length = walk.at = 0;
    for (const line of lines) {
      const edge = walk.state.end ? undefined : walk.edgeOf(line), step = `Step ${walk.at + 1}, “${line}”,`;
      if (!edge) return `The trace fits up to step ${walk.at}. ${step} is not possible there.`;
      const ready = walk.knows(edge) || (this.port.ask && await this.learnt(edge));
      if (!ready) return `${step} is not worked out here; run the notebook to go further.`;
      walk.take(edge);
    }
    return "";
  }

  /** Joins a live port, now or later. */
  connect(port) {
    this.port = port;
    port.listen?.(this);
    if (this.walk.at) this.tell();
    else if (port.trace && port.trace !== this.walk.trace) this.open(port.trace);
  }

  onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("textarea")) return;
    const { act, graph } = this, named = { u: act.undo, r: act.redo, b: act.reset }[event.key];
    const cpu = Number(/^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1] ?? (/^\d$/.test(event.key) ? event.key : NaN));
    if (graph.cpus[cpu] && event.shiftKey) act.finish(cpu);
    else if (graph.cpus[cpu]) act.step(cpu);
    else if (named) named();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  close() {
    window.removeEventListener("hashchange", this.onLink);
    this.port.close?.();
  }
}

/** Draws a bench into an element and keeps it working until its `close` is called. */
function mount(root, graph, port = {}) {
  dress();
  return new Bench(root, graph, port);
}

// ---------------------------------------------------------------- the live side

const LATE = "No answer from Python yet: the kernel is busy, stopped or restarted. If nothing happens, run the cell again.";
const PATIENCE = 3000;

/** A port to the Python object behind an anywidget model. */
function livePort(model) {
  let bench, timer, heard = () => clearTimeout(timer);
  const message = (content) => bench?.guard(() => ("open" in content ? bench.open(content.open) : bench.learn(content)))();
  return {
    trace: model.get("trace"),
    heard,
    listen: (handle) => { bench = handle; model.on("msg:custom", message); },
    close: () => { heard(); model.off("msg:custom", message); },
    ask: (question) => {
      heard();
      timer = setTimeout(() => bench.fail(LATE), PATIENCE);
      try {
        model.send({ ask: question });
      } catch {
        heard();
        bench.fail(LATE);
      }
    },
    changed: (position) => {
      if (position.trace === model.get("trace")) return;
      try {
        model.set(position);
        model.save_changes();
      } catch { /* no kernel any more: the bench steps on alone */ }
    },
  };
}

// Live models by key, for a renderer that is not ipywidgets: `initialize` runs as soon as Python has made the object.
const models = (globalThis.pkvmModels ??= new EventTarget());

function initialize({ model }) {
  const key = model.get("key");
  models[key] = model;
  models.dispatchEvent(new Event(key));
  return () => delete models[key];
}

/** Draws a stored bench, and joins the live model once there is one. */
function mountStored(root, { graph, trace }, key) {
  const bench = mount(root, unpack(graph), { trace });
  const join = () => bench.connect(livePort(models[key]));
  if (models[key]) join();
  else if (key) models.addEventListener(key, join, { once: true });
  return bench;
}

function render({ model, el }) {
  const bench = mount(el, unpack(model.get("packed")), livePort(model));
  return () => bench.close();
}

export { mount, mountStored, unpack };
export default { initialize, render };
