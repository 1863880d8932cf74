// The looks of what every walk has: state, what holds, timeline, trace.

export const WALK_CSS = `
.pkvm-walk{
  .columns{display:grid;grid-template-columns:minmax(0,1fr)}
  .slots{display:flex;flex-wrap:wrap;gap:8px;margin-bottom:10px}
  .slot{border:1.5px solid var(--line);padding:5px 10px;min-width:150px} .slot .key{display:block;font-size:12.5px;color:var(--muted)}
  .slot.unused{border-style:dotted}
  .card{border:1.5px solid var(--line);margin-bottom:10px} .card.unused{border-style:dotted;padding:8px 10px;color:var(--muted)}
  .card h4{display:flex;flex-wrap:wrap;gap:4px 12px;align-items:center;padding:6px 10px;background:var(--panel);border-bottom:1px solid var(--hair);font-weight:700}
  .card h4 .muted{font-weight:400}
  .card dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:2px 8px;padding:7px 10px;align-items:baseline}
  .card :is(dt,dd){float:none;width:auto;max-width:none;font-weight:400} .card dt{color:var(--muted);padding:3px 0} .card dd{padding:3px 6px}
  .count-line{display:flex;gap:8px;align-items:center} .count-line .holders{min-width:0} .big{font-size:22px;font-weight:700;line-height:1}

  .count-line + .was{display:block;margin-left:0} .slot .was,.card h4 .was{display:inline-block;margin-left:8px;font-weight:400}

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
  .tick .brief{display:none}
  button.tick.later{border:1.5px dashed var(--line);background:none}
  button.tick.now{background:var(--chg);border:2.5px solid var(--edge);font-weight:700}
  button.tick.more{width:auto;padding:0 9px} .beside{display:flex;gap:8px;justify-content:space-between;margin-bottom:6px}
  .elbow{border-left:2px solid var(--muted);border-bottom:2px solid var(--muted);height:20px;margin:-3px 0 0 50%;align-self:start;grid-row:1}
  .timeline p{margin-top:6px}

  .share{border-bottom:0} .share .row{display:flex;flex-wrap:wrap;gap:8px;align-items:flex-start}
  .share pre{flex:1 1 320px;min-width:0;border:1px solid var(--line);background:var(--panel);padding:6px 8px;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.45}
  .share .head{display:flex;flex-wrap:wrap;gap:2px 14px;align-items:baseline;margin-bottom:6px} .share h4{font-weight:700} .share .said{font-size:13px}
  .share textarea{width:100%;font:12.5px/1.45 var(--mono);color:var(--ink);background:var(--bg);border:1.5px solid var(--ink);margin-top:8px}

  @container pkvm (min-width:1040px){
    .columns{grid-template-columns:minmax(0,1fr) 400px} .columns > :first-child{border-right:1px solid var(--hair)}
  }
  @container pkvm (max-width:1039px){.change{min-height:152px}}
  @container pkvm (max-width:639px){
    .tick .long{display:none} .tick .brief{display:inline}
    .way{grid-template-columns:68px repeat(12,minmax(0,1fr))} button.tick:not(.more){flex-direction:column;gap:0;line-height:1.15}
    .change .says{font-size:18px} .change{min-height:186px}
  }
}`;
