// The editor of the exercise pages, made of CodeMirror. Only this file imports packages; esbuild turns it into
// assets/editor.js. A page that cannot load that keeps its plain text box (front_end/writing.js).

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

/** Escape lets the next Tab leave the editor. There is no time limit: typing, moving or leaving takes it back. */
const LEAVE = {
  key: "Escape",
  run: (view) => {
    view.setTabFocusMode(true);
    return true;
  },
};

const stay = EditorView.domEventHandlers({ blur: (event, view) => void view.setTabFocusMode(false) });

function hear(changed) {
  return EditorView.updateListener.of((update) => {
    if (update.docChanged || update.selectionSet) update.view.setTabFocusMode(false);
    if (update.docChanged) changed();
  });
}

/** What the editor can do: line numbers, undo, brackets, Python's colours and indents, wrapped lines. */
function listExtensions({ label, describedBy, changed, check }) {
  const names = { "aria-label": label, "aria-describedby": describedBy, spellcheck: "false", autocapitalize: "off" };
  const run = () => {
    check();
    return true;
  };
  return [
    lineNumbers(),
    history(),
    python(),
    indentUnit.of("    "),
    indentOnInput(),
    bracketMatching(),
    syntaxHighlighting(classHighlighter),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of(names),
    keymap.of([{ key: "Mod-Enter", run }, { key: "Ctrl-Enter", run }, LEAVE, indentWithTab]),
    keymap.of([...defaultKeymap, ...historyKeymap]),
    hear(changed),
    stay,
  ];
}

/** Returns the part in which two texts differ, as a change of the first. */
function compareTexts(before, after) {
  const least = Math.min(before.length, after.length);
  let from = 0,
    back = 0;
  while (from < least && before[from] === after[from]) from += 1;
  while (back < least - from && before.at(-1 - back) === after.at(-1 - back)) back += 1;
  return { from, to: before.length - back, insert: after.slice(from, after.length - back) };
}

/** Makes an editor in an element; `text` is its content, `selected` the part from where to where it is selected. */
export function makeEditor(parent, { text, selected: [anchor, head], ...asked }) {
  const state = EditorState.create({ doc: text, selection: { anchor, head }, extensions: listExtensions(asked) });
  const view = new EditorView({ state, parent });
  return {
    get text() {
      return view.state.doc.toString();
    },
    /** Sets the text, which can be undone. */
    set text(after) {
      view.dispatch({ changes: compareTexts(this.text, after) });
    },
    get hasFocus() {
      return view.hasFocus;
    },
    focus: () => view.focus(),
    /** Measures the lines now, if they are in sight. */
    measure: () => void view.coordsAtPos(0),
  };
}
