// The looks of the bench.

export const BENCH_CSS = `
.pkvm-bench{
  button.finish[aria-disabled=true]{visibility:hidden}
  .lanes{display:grid;grid-template-columns:minmax(0,1fr);gap:18px 20px}
  .lane h4{display:flex;flex-wrap:wrap;gap:2px 10px;align-items:baseline;padding-bottom:4px;border-bottom:2px solid var(--ink);font-weight:700}
  .lane h4 .cpu{font-size:16px} .lane h4 .muted{font-weight:400}
  .menu{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:6px 10px;align-items:center;justify-items:start;margin-top:9px} .menu label{display:contents}
  .act{display:flex;flex-wrap:wrap;gap:6px 8px;margin-top:9px} .act[hidden]{display:none}
  .act .fore{flex:1 0 100%;min-width:0;min-height:38px;font-size:13px}
  .act .told{display:flex;gap:7px;align-items:flex-start} .act .fore svg{margin-top:1px} .act .fore:empty{min-height:0;margin-bottom:-4px}
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

  td.words{font-size:13px} td.count{white-space:nowrap;font-size:13px}

  @container pkvm (min-width:1150px){
    /* Columns keep their width from step to step, and a changed cell is laid out in its row alone. */
    table.pages{table-layout:fixed} .pages th:first-child{width:208px} .pages th:nth-child(n+2):nth-child(-n+4){width:168px}
    .pages th:nth-child(5){width:95px} .pages th:nth-child(6){width:100px}
  }
  @container pkvm (min-width:640px){.lanes{grid-template-columns:repeat(auto-fit,minmax(280px,1fr))}}
  @container pkvm (max-width:1039px){
    .words,.words-head{display:none} th,td{padding-left:6px;padding-right:6px} tbody th .what{display:block;margin-left:0;white-space:normal;max-width:118px;line-height:1.3}
  }
  @container pkvm (max-width:719px){
    .was{white-space:normal} td .sign .word{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
  }
  @container pkvm (max-width:639px){
    .call:empty,.keeps:empty{min-height:0;margin:0}
    td.count{white-space:normal} th,td{padding-left:5px;padding-right:5px} tbody th{white-space:normal}
  }
}`;
