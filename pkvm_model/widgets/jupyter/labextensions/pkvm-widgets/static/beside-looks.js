// The looks of two kernels side by side.

export const BESIDE_CSS = `
.pkvm-beside{
  .cpus{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,300px),1fr));gap:8px 20px}
  .cpu{display:grid;grid-template-columns:auto minmax(0,1fr);gap:4px 12px;align-items:center} .cpu dl{font-size:13px}
  .cpu dl > div{display:flex;gap:6px} .cpu dt{color:var(--muted);float:none;width:auto;font-weight:400} .cpu dd{margin:0}
  .rows{overflow-x:auto} .steps{table-layout:fixed} .steps th:first-child{width:178px} .steps :is(th,td){vertical-align:top}
  .steps tbody td{padding-top:9px}
  .steps button{display:inline-flex;gap:7px;align-items:center;padding:3px 9px;font-weight:600}
  .steps tr.later :is(td,button){color:var(--muted)} .steps tr.later button{border-style:dashed}
  .steps tr.here th{border-left:6px solid var(--ink);padding-left:6px} .steps tr.here button{border-color:var(--ink);border-width:2.5px}
  .steps tr.first :is(th,td){border-top:3px solid var(--ink);background:var(--chg);outline:2px solid var(--edge);outline-offset:-2px}
  .steps tr.first td{font-weight:600} .steps .mark{display:block;font-size:12.5px;font-weight:700;margin-top:3px}
  .steps td > *{display:block} .steps td > .end{display:flex;gap:7px;align-items:flex-start;color:var(--danger);font-weight:600}
  .steps td .answer{margin:3px 0 0} .steps td .warning{display:flex;margin:5px 0 0;font-weight:400} .steps tr.fold td{color:var(--muted);font-size:13px}
  .differing :is(th,td){vertical-align:top} .differing td > span{display:flex;flex-wrap:wrap;gap:2px 7px;align-items:center;margin:1px 0}
  .differing td .part{font-size:12.5px;color:var(--muted);min-width:44px}
  h4{font-weight:700} .section > h4{margin-bottom:6px}
  .runs{display:flex;flex-wrap:wrap;gap:8px 14px;align-items:center} .runs p{flex:1 1 300px}
  @container pkvm (max-width:719px){
    .steps th:first-child{width:104px} th,td{padding-left:5px;padding-right:5px} tbody th{white-space:normal} .steps button{flex-wrap:wrap;white-space:normal}
  }
}`;
