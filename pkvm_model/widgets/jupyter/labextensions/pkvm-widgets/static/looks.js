// The looks of every widget: colours of both themes, and one style sheet that answers to a widget's own width.

const LIGHT = `color-scheme:light;--bg:#FFFFFF;--panel:#F4F5F7;--ink:#16191D;--muted:#555D68;--line:#767E8A;--hair:#D5D9DF;
  --host:#313DD1;--hyp:#B94C00;--guest:#0B7C62;--danger:#7E0A61;--chg:#FFF3C4;--edge:#3B2F00`;
const DARK = `color-scheme:dark;--bg:#111111;--panel:#1C1F24;--ink:#F1F3F5;--muted:#B3BAC4;--line:#858D99;--hair:#3A4048;
  --host:#6896FF;--hyp:#DCA14B;--guest:#54D1B5;--danger:#FF6388;--chg:#3A3000;--edge:#FFE24D`;

const CSS = `
.pkvm-widget{${LIGHT}}
@media (prefers-color-scheme:dark){:root:not(.theme-light) body:not([data-jp-theme-light]) .pkvm-widget{${DARK}}}
body[data-jp-theme-light="false"] .pkvm-widget,.theme-dark .pkvm-widget{${DARK}}
@media print{:root body .pkvm-widget.pkvm-widget.pkvm-widget.pkvm-widget{${LIGHT}}}
@media (forced-colors:active){:root body .pkvm-widget.pkvm-widget.pkvm-widget.pkvm-widget{--bg:Canvas;--panel:Canvas;--ink:CanvasText;--muted:CanvasText;
  --line:CanvasText;--hair:CanvasText;--host:CanvasText;--hyp:CanvasText;--guest:CanvasText;--danger:CanvasText;--chg:Canvas;--edge:Highlight}}
.pkvm-widget{
  --mono:ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace;
  container:pkvm/inline-size;box-sizing:border-box;max-width:1280px;margin:4px 2px;border:1px solid var(--line);background:var(--bg);color:var(--ink);
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
  select{font:inherit;color:var(--ink);background:var(--bg);border:1.5px solid var(--line);border-radius:4px;min-height:32px;padding:3px 6px;
    margin:0;max-width:100%}
  button.go{background:var(--ink);color:var(--bg);border-color:var(--ink);font-weight:600;min-width:122px}
  button.go kbd{color:var(--bg);border-color:var(--bg)}
  button[aria-disabled=true]{border:1.5px dashed var(--line);background:var(--bg);color:var(--muted);font-weight:400;cursor:default}
  button[aria-disabled=true] kbd{color:var(--muted);border-color:var(--line)}

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

  .section{padding:12px 14px;border-bottom:1px solid var(--hair);min-width:0}
  .status:not(:empty){padding:6px 14px;border-bottom:1px solid var(--hair);font-weight:600}
  .alert pre{margin-top:6px;white-space:pre-wrap;overflow-wrap:anywhere;max-height:170px;overflow-y:auto}
  .tag{display:inline-flex;align-items:center;gap:7px;border:1.8px solid var(--ink);padding:0 9px 0 5px;min-height:26px;margin:1px 4px 1px 0;
    border-radius:13px 3px 3px 13px;vertical-align:middle;background:var(--bg);overflow-wrap:anywhere}
  .tag.call-long{border-style:dashed} .tag.stale{border:3px double var(--danger);font-weight:600} .tag.nobody{border-style:dotted;color:var(--muted);padding-left:10px}

  table{border-collapse:collapse;width:100%;font-size:14px;table-layout:auto}
  caption{text-align:left;font-weight:700;padding:0 0 6px;color:inherit;caption-side:top}
  tr{background:none} th,td{text-align:left;padding:4px 8px;border:0;border-bottom:1px solid var(--hair);vertical-align:middle;font-weight:400;max-width:none;background:none}
  thead th{font-size:12.5px;font-weight:600;color:var(--muted);border-bottom:1.5px solid var(--line)}
  tbody th{font-weight:600;white-space:nowrap} tbody th .what{font-weight:400;font-size:12.5px;color:var(--muted);margin-left:8px}
  tr.changed th{position:relative} tr.changed th::before{content:"";position:absolute;inset:0 auto 0 0;border-left:6px solid var(--edge)}
  .changed-cell{background:var(--chg);outline:2px solid var(--edge);outline-offset:-2px;color:var(--ink)}
  .changed-cell .muted{color:var(--ink)}
  .sign.changed-cell{padding:2px 6px}
  .was{display:block;font-size:12.5px;white-space:nowrap} dd .was{display:inline-block;margin-left:8px;font-weight:400}

  @media print{break-inside:avoid;*{print-color-adjust:exact;-webkit-print-color-adjust:exact} button{display:none}}
}`;

/** Puts a style sheet into the page, once: the one of all widgets, or that of a family. */
export function dress(name = "widget", css = CSS) {
  if (document.querySelector(`style[data-pkvm="${name}"]`)) return;
  const style = document.createElement("style");
  style.dataset.pkvm = name;
  style.textContent = css;
  document.head.append(style);
}
