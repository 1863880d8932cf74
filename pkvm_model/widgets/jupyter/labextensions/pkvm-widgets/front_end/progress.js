// The learner's progress: what comes next, and all chapters with their exercises; Python reads it again on request.

import { button, make, settle, write } from "./elements.js";
import { dress } from "./styles.js";
import { Widget, register } from "./widget.js";

const UNREAD = "Your progress has not been read yet";
const NOT_YOURS = "This came with the course.",
  TO_SEE_YOURS = "Open this notebook in JupyterLab to see what you have done.";

/** @extends {Widget<ProgressValue>} */
class ProgressWidget extends Widget {
  constructor(root, data, port) {
    super(root, "progress", data, port, data.title);
    dress("progress");
    this.caption = make("h3");
    this.next = make("p.next");
    this.chapters = make("div.chapters");
    this.again = button(
      "button",
      "",
      "l",
      this.guard(() => this.lookOrRun()),
    );
    const top = make("div.top", {}, this.caption, this.again);
    this.box.append(top, this.next, this.chapters, this.standing, this.alert, this.live);
    const note = port.run ? NOT_YOURS : `${NOT_YOURS} ${TO_SEE_YOURS}`;
    this.draw(port.ask ? data : { ...data, caption: UNREAD, next: null, note });
    this.begin();
    // What was read before, perhaps days ago, is read again whenever it comes into sight.
    this.watch = new IntersectionObserver(
      this.guard((seen) => this.port.ask && seen.at(-1).isIntersecting && this.refresh()),
    );
    this.watch.observe(this.box);
  }

  /** Reads the progress again on request; without Python, the cell runs. */
  lookOrRun() {
    const { ask, run } = this.port;
    return !ask && run ? this.goOn(run) : this.look();
  }

  async look() {
    if (await this.refresh()) this.announce(`${this.caption.textContent}. ${this.next.textContent}`);
  }

  /** Reads the learner's progress if Python is there, and draws it. */
  async refresh() {
    const found = this.port.ask ? await this.ask({ look: true }) : this.failWithoutPython();
    if (found) this.draw(found);
    return found;
  }

  /** Reads the learner's progress as soon as Python is there. */
  connect(port) {
    super.connect(port);
    this.guard(() => this.refresh())();
  }

  draw({ caption, next, note, chapters }) {
    write(this.caption, caption);
    write(this.again.firstChild, caption === UNREAD && this.port.run ? "Show mine" : "Look again");
    const words = next && [
      make("b", {}, "Next: "),
      this.linkToFile(next.file, next.title),
      `, ${next.minutes} minutes`,
    ];
    this.next.replaceChildren(...(words ?? [note]));
    settle(
      this.chapters,
      chapters.map((chapter) => [chapter.file, chapterFrame, (element) => this.drawChapter(element, chapter)]),
    );
  }

  drawChapter(element, { title, file, solved, exercises }) {
    const [summary, list] = element.children,
      [name, count] = summary.children;
    write(name, title);
    const unread = this.caption.textContent === UNREAD;
    write(count, unread ? `${exercises.length} exercises` : solved);
    element.classList.toggle(
      "done",
      exercises.every(({ more, state }) => more || state === "solved"),
    );
    const more = exercises.filter((exercise) => exercise.more).map((exercise) => this.row(exercise)),
      rows = exercises.filter((exercise) => !exercise.more).map((exercise) => this.row(exercise));
    if (more.length) rows.push(make("li.muted", {}, "More practice:"), ...more);
    const first = this.port.open ? [make("li", {}, this.linkToFile(file, "Open the chapter"))] : [];
    list.replaceChildren(...first, ...rows);
  }

  row(exercise) {
    return make("li", {}, this.linkToFile(exercise.file, exercise.title), doneWith(exercise));
  }

  onKey(event) {
    if (event.key === "l" && !event.ctrlKey && !event.metaKey && !event.altKey) this.lookOrRun();
  }

  close() {
    this.watch.disconnect();
    super.close();
  }
}

/** A folded chapter: its title, how many exercises are solved, and a list. */
function chapterFrame() {
  return make("details", {}, make("summary", {}, make("span"), make("span.count")), make("ul"));
}

function doneWith({ state, facts }) {
  const words = [state, facts].filter(Boolean).join(", ");
  return words && make("span.muted", {}, words);
}

register("progress", ProgressWidget);
