// An answer as it is written, and those that were put aside.
//
//   draft = {text, stub, others, turn, tab}: `stub` is what the exercise began with when the text was written. `others`
//   are answers that were put aside. `turn` counts the changes, and `tab` is who has made the last one.

export const NO_DRAFT = { text: "", stub: "", others: [], turn: 0, tab: "" };

/** Returns true if there is nothing of the learner's in a draft. */
export const isUntouched = ({ text, stub }) => !text.trim() || text === stub;

/** Returns true if the exercise began with another text when a draft was written. */
export const isOfOtherStub = (draft, stub) => !isUntouched(draft) && draft.stub !== "" && draft.stub !== stub;

/** Returns a draft that has another answer beside its text, unless it has that already. */
export function addOther(draft, text) {
  const known = [draft.text, ...draft.others].map((each) => each.trimEnd());
  return known.includes(text.trimEnd()) ? draft : { ...draft, others: [text, ...draft.others] };
}

/** Returns a draft in which a text has taken the place of the one that was there, which is put aside. */
export function replaceText(draft, text, stub) {
  const others = draft.others.filter((other) => other !== text),
    next = { ...draft, text, stub, others };
  return isUntouched(draft) ? next : addOther(next, draft.text);
}
