// The looks of every widget: colours of both themes, and one style sheet that answers to a widget's own width.

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

  .props-section h4{font-weight:700;margin-bottom:6px}
  .props{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,280px),1fr));gap:6px}
  .props li{display:flex;gap:8px;align-items:flex-start;border:1.5px solid var(--line);padding:4px 10px 4px 8px;font-size:13px}
  .props .verdict{font-weight:600;white-space:nowrap} .verdict .muted{font-weight:400} .props .why{display:block;font-weight:600}
  .props li.broken{border:2.5px solid var(--danger);grid-column:1/-1} .props li.broken .sentence{font-weight:700}
  .props li.empty{border-style:dotted;color:var(--muted)}
  .props .new{background:var(--chg);color:var(--ink);outline:1.5px solid var(--edge);font-size:12.5px;font-weight:600;padding:0 5px;margin-left:7px;white-space:nowrap}

  .timeline-section .head{display:flex;flex-wrap:wrap;gap:6px 12px;align-items:center;margin-bottom:8px} .timeline-section h4{font-weight:700}
  .head .space{flex:1} .timeline{font-size:12.5px}
  .way{display:grid;grid-template-columns:76px repeat(12,minmax(0,1fr));gap:2px;align-items:center;position:relative}
  .way + .way{margin-top:2px} .way li{min-width:0} .track{white-space:nowrap;color:var(--muted)} .main .track{color:var(--ink);font-weight:600}
  button.tick{display:flex;gap:2px;align-items:center;justify-content:center;width:100%;padding:0 1px;border-radius:0;font-size:12px;background:var(--panel)}
  button.tick svg{width:14px;height:14px} button.tick svg:first-child:not(:last-child),button.tick svg:only-child{width:18px;height:18px}
  button.tick.later{border:1.5px dashed var(--line);background:none}
  button.tick.now{background:var(--chg);border:2.5px solid var(--edge);font-weight:700}
  button.tick.more{width:auto;padding:0 9px} .beside{display:flex;gap:8px;justify-content:space-between;margin-bottom:6px}
  .elbow{border-left:2px solid var(--muted);border-bottom:2px solid var(--muted);height:20px;margin:-3px 0 0 50%;align-self:start;grid-row:1}
  .timeline p{margin-top:6px}
  .status:not(:empty){padding:6px 14px;border-bottom:1px solid var(--hair);font-weight:600}
  .alert pre{margin-top:6px;white-space:pre-wrap;overflow-wrap:anywhere;max-height:170px;overflow-y:auto}

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
    .way{grid-template-columns:68px repeat(12,minmax(0,1fr))} button.tick:not(.more){flex-direction:column;gap:0;line-height:1.15}
    .call:empty,.keeps:empty{min-height:0;margin:0}
    td.count{white-space:normal} th,td{padding-left:5px;padding-right:5px} tbody th{white-space:normal} .change .says{font-size:18px} .change{min-height:186px}
  }
  @media print{break-inside:avoid;*{print-color-adjust:exact;-webkit-print-color-adjust:exact} button{display:none}}
}
@keyframes pkvm-mark{from{outline-color:transparent}}
@media (prefers-reduced-motion:no-preference){.pkvm-bench :is(.changed-cell,.region.now){animation:pkvm-mark .12s ease-out}}`;

export function dress() {
  if (document.querySelector("style[data-pkvm-bench]")) return;
  const style = document.createElement("style");
  style.dataset.pkvmBench = "";
  style.textContent = CSS;
  document.head.append(style);
}
