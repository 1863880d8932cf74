// The looks of the race finder around its bench.

export const FINDER_CSS = `
.pkvm-finder{
  .pick{display:flex;flex-wrap:wrap;gap:8px 14px;align-items:flex-end}
  .pick label{display:grid;gap:2px;min-width:0;flex:0 1 auto} .pick label[hidden]{display:none} .pick .asks{flex:1 1 320px}
  .pick label > span{font-size:12.5px;font-weight:600;color:var(--muted)}
  select{font:inherit;color:var(--ink);background:var(--bg);border:1.5px solid var(--line);border-radius:4px;min-height:32px;max-width:100%;
    width:100%;margin:0;padding:3px 6px;height:auto;text-overflow:ellipsis}
  .task{font-size:17px;font-weight:600;margin-bottom:4px} .scripts{margin-top:8px;display:grid;gap:2px} .scripts:empty{display:none}
  .scripts li{display:grid;grid-template-columns:56px minmax(0,1fr);gap:0 8px} .scripts code{overflow-wrap:anywhere}
  .means{margin:2px 0 8px 18px;list-style:disc} .means:empty{display:none}
  .found{display:flex;gap:10px;align-items:flex-start;border:1.5px solid var(--line);padding:8px 12px}
  .found > svg{margin-top:2px} .found .word{font-size:17px;font-weight:600;line-height:1.35} .found p + p{margin-top:3px}
  .found.violated{border:2.5px solid var(--danger)} .found.empty,.found.unasked{border-style:dotted} .found.incomplete{border-style:dashed}
  .duel{margin-top:8px;font-size:20px;font-weight:600} .duel:empty{display:none}
  .answered > button{margin-top:10px}
  .room{padding:10px} .room > p{padding:4px 4px}
  .room .pkvm-widget{margin:0;max-width:none}
  @container pkvm (max-width:639px){.room{padding:6px 4px}}
}`;
