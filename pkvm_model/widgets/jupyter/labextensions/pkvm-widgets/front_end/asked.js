// The bench in a race finder or a scheduler. Both are one widget to the eye: the bench's bar is also the finder's, and
// the finder's words are a drawer of the bench.

import { Bench } from "./bench.js";
import { make, settle, write } from "./elements.js";
import { drawerFrame } from "./frame.js";
import { winRow } from "./verdict.js";

const MOST_ROWS = 7;
const STORED_SO_FAR = "Stored up to here.",
  TO_GO_ON = "Run the notebook for the rest.";

/** A bench whose port names the `finder` around it. */
export class AskedBench extends Bench {
  frame() {
    const { finder } = this.port,
      parts = super.frame(),
      bar = this.box.firstElementChild,
      won = make("div.won");
    // The same scripts may be on the benches of two finders.
    this.box.setAttribute("aria-label", `Bench: ${finder.box.getAttribute("aria-label")}`);
    if (finder.data.secret) {
      write(bar.querySelector("h3"), finder.data.title);
      bar.after(finder.parts.line);
    } else {
      bar.querySelector(".revision").remove();
      bar.querySelector("h3").replaceWith(finder.parts.line);
    }
    parts.change.before(won);
    this.most = Math.min(this.most, MOST_ROWS);
    return { ...parts, won };
  }

  drawersOf(parts) {
    const { data, parts: around } = this.port.finder;
    const label = data.secret ? "Task" : "Answer";
    return [drawerFrame("about", label, this.act, around.about), ...super.drawersOf(parts)];
  }

  drawHere(since) {
    super.drawHere(since);
    this.drawAround();
  }

  drawDrawer(name) {
    if (name !== "about") super.drawDrawer(name);
  }

  /** Draws what the finder says about this step. */
  drawAround() {
    const { finder } = this.port,
      words = finder.winAt(this.walk);
    settle(this.parts.won, [words && winRow(words, this.walk, finder.question.breaks)]);
    finder.drawLine(this.walk);
  }

  /**
   * Goes to the start of a run and plays it. Where motion is unwelcome, it offers the first step; and who is elsewhere
   * by now, because the search was long, will find it waiting.
   */
  async playRun(lines) {
    const { walk, box, parts } = this;
    walk.go(walk.places[0]);
    const misfit = await this.takeLines(lines);
    this.lastStored = misfit ? walk.here : undefined;
    walk.go(walk.placeAt(0));
    this.show(0);
    if (!walk.path.length) return misfit && this.fail(misfit);
    const isHere = this.port.finder.box.contains(document.activeElement) && box.isConnected;
    if (!isHere) return undefined;
    parts.time.play.focus({ preventScroll: true });
    return this.play(true);
  }

  /** Shows a step; of a run that is stored only in part, the last one says so. */
  show(since, before) {
    super.show(since, before);
    if (this.storedSoFar) write(this.parts.said, this.storedSoFar);
  }

  /** What the last stored step of a run says, or "". */
  get storedSoFar() {
    const isLast = this.walk.at && this.walk.here === this.lastStored;
    return isLast ? this.port.finder.sayWithout(STORED_SO_FAR, TO_GO_ON) : "";
  }

  get news() {
    return super.news + (this.storedSoFar ? ` ${this.storedSoFar}` : "");
  }
}
