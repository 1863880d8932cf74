// The looks of a map of states.

export const MAP_CSS = `
.pkvm-map{
  --paper:var(--bg);
  .map-room{overflow:auto;max-height:600px;border:1px solid var(--hair);margin-top:10px;display:flex}
  .map-room.near{height:560px}
  .map-room svg.states{margin:auto;flex:none} .map-room text{font-size:13.5px;fill:currentColor}
  .away{display:none}
  .state-box{cursor:pointer;color:var(--ink)} .state-box > :is(rect,path){fill:var(--bg);stroke:var(--line);stroke-width:1.5}
  .state-box.been > :is(rect,path){stroke:var(--ink);stroke-width:3}
  .state-box.now{color:var(--paper);--bg:var(--ink);--danger:var(--paper)} .state-box.now > :is(rect,path){stroke:var(--ink)}
  .state-box.now text{font-weight:700}
  .arrow{color:var(--muted)} .arrow .line{fill:none;stroke:var(--line);stroke-width:1.3} .arrow .tip{fill:var(--line)}
  .arrow .under,.arrow .mark{fill:none;stroke:none}
  .arrow .label-ground{fill:var(--bg)} .arrow .target{fill:transparent} .arrow text{font-size:12.5px}
  .arrow.only .line{stroke-dasharray:5 4}
  .arrow.been .line{stroke:var(--ink);stroke-width:3} .arrow.been .tip{fill:var(--ink)} .arrow.been{color:var(--ink)}
  .arrow.open{color:var(--ink);cursor:pointer} .arrow.open .line{stroke:var(--ink);stroke-width:1.8} .arrow.open .tip{fill:var(--ink)}
  .arrow.open text{font-weight:700} .arrow.open:hover .label-ground{stroke:var(--ink)}
  .arrow.last{color:var(--ink)} .arrow.last .under{stroke:var(--edge);stroke-width:14} .arrow.last .mark{stroke:var(--chg);stroke-width:11}
  .arrow.last .label-ground{fill:var(--chg);stroke:var(--edge);stroke-width:1.5} .arrow.last text{font-weight:700}

  p.key{font-size:12.5px;color:var(--muted);margin-top:6px}

  .choices{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,250px),1fr));gap:6px}
  .choices li{display:flex;gap:8px;align-items:center;min-width:0} .choices .to{font-size:13px;min-width:0} .choices .nothing{white-space:normal}
  .choices button{flex:none;min-width:116px;display:flex;align-items:center;justify-content:space-between;gap:6px}
  .choices button{border-color:var(--ink);font-weight:600} .choices button.refusal{border:1.5px dashed var(--line);color:var(--muted);font-weight:400}
  h4.what{font-weight:700;margin-bottom:8px}
  details{padding:8px 14px;border-bottom:1px solid var(--hair)} summary{cursor:pointer;min-height:32px;padding:5px 0;font-weight:600}
  details tr.here th{border-left:6px solid var(--ink);padding-left:8px} details td{font-size:13px}
  .columns > :last-child{border-left:0}
  @container pkvm (max-width:639px){tbody th{white-space:normal} th,td{padding-left:5px;padding-right:5px}}
  @media (forced-colors:active){.state-box.now{forced-color-adjust:none;--paper:Canvas}}
}`;
