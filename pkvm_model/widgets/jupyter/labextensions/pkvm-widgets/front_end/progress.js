// The learner's progress: what comes next, and all chapters with their exercises; Python reads it again on request.

import { button, make, settle, write } from "./elements.js";
import { dress } from "./styles.js";
import { Widget, register } from "./widget.js";

const UNREAD = "Your progress has not been read yet";
const NOT_YOURS = "This came with the course. Run the cells of this notebook in JupyterLab to see what you have done.";

/** @extends {Widget<ProgressValue>} */
class ProgressWidget extends Widget {
  constructor(root, data, port) {
    super(root, "progress", data, port, data.title);
    dress("progress");
    this.caption = make("h3");
    this.next = make("p.next");
    this.chapters = make("div.chapters");
    const look = this.guard(() => this.look());
    const top = make("div.top", {}, this.caption, button("button", "Look again", "l", look));
    this.box.append(top, this.next, this.chapters, this.standing, this.alert, this.live);
    this.draw(port.ask ? data : { ...data, caption: UNREAD, next: null, note: NOT_YOURS });
    this.begin();
  }

  async look() {
    const found = await this.ask({ look: true });
    if (!found) return;
    this.draw(found);
    this.announce(`${found.caption}. ${this.next.textContent}`);
  }

  /** Reads the learner's progress as soon as Python is there. */
  connect(port) {
    super.connect(port);
    this.guard(() => this.look())();
  }

  draw({ caption, next, note, chapters }) {
    write(this.caption, caption);
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
    if (event.key === "l" && !event.ctrlKey && !event.metaKey && !event.altKey) this.look();
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
