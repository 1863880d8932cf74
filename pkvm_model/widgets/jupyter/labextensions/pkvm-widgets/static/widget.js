// What every widget is: a box that no key leaves and in which nothing fails silently, that says aloud what happens, that
// tells Python where it stands and asks it, and that stands there again after a reload.
//
//   port = {key, place, embedded, ask, changed, listen, close}, each of them optional. Without `ask` there is no Python
//   behind the page; `embedded` is set by a widget that holds this one and keeps its place. docs/widgets.md says more.

import { make } from "./elements.js";
import { linkHere, linkTo } from "./links.js";
import { dress } from "./looks.js";
import { keep, kept } from "./memory.js";

const NO_PYTHON = "This is not worked out here. Run the notebook in JupyterLab to go further.";

/** A widget on the screen. A family draws into `box`, and says by `place`, `recall` and `follow` where it stands. */
export class Widget {
  constructor(root, kind, data, port, label) {
    Object.assign(this, { kind, data, port, link: "", waits: 0 });
    this.alert = make("div.alert", { role: "alert" });
    this.standing = make("p.status", { role: "status" });
    this.live = make("div.hidden-words", { "aria-live": "polite" });
    // A click beside the controls leaves the focus on the widget itself, so that keys stay here then, too.
    this.box = make(`section.pkvm-widget.pkvm-${kind}`, { "aria-label": label, tabindex: "-1" });
    // While the focus is in here no key reaches the page around it: JupyterLab would delete cells for two d's.
    for (const event of ["keydown", "keyup", "keypress"]) this.box.addEventListener(event, (pressed) => pressed.stopPropagation());
    this.box.addEventListener("keydown", this.guard((event) => this.onKey(event)));
    this.onLink = this.guard((event) => this.openLink(event.newURL));
    this.onLeave = this.guard(() => this.telling !== undefined && this.tellNow());
    dress();
    root.replaceChildren(this.box);
  }

  // What a family says of itself. `place` is where it stands, as one text that Python reads, too; `recall` stands there again.
  get place() { return ""; }
  recall() {}
  /** Opens what stands behind `#NAME=` in a link. */
  follow() {}
  /** The text of what led here, shown where something breaks. */
  get led() { return ""; }
  /** Whether the learner has done anything yet; Python's place, where there is one, is taken over only before that. */
  get moved() { return this.place !== this.first; }
  /** A key that was pressed in the widget. */
  onKey() {}
  /** What Python says without being asked. */
  hear() {}

  /** Called by a family when it has drawn itself: opens what a link asks for, or where Python, or this tab before a reload, stood. */
  begin() {
    window.addEventListener("hashchange", this.onLink);
    window.addEventListener("pagehide", this.onLeave);
    this.first = this.place;
    this.port.listen?.(this);
    this.guard(() => this.reopen())();
  }

  reopen() {
    const { port, kind, data: { name } } = this;
    const before = port.embedded ? {} : kept(this.box, kind, name), asked = port.embedded ? null : linkHere(name);
    this.link = asked ?? "";
    // A cell that was run again has made another widget, under another key: what was kept is not about that one.
    const known = before.key === (port.key ?? "");
    // A link that was followed before the reload is not followed again: the learner may have gone on since.
    if (asked !== null && !(known && asked === before.link)) return this.follow(asked);
    const place = port.ask ? port.place : (known && before.place) || port.place;
    return place && place !== this.first && this.recall(place);
  }

  /** The same function, but whatever it throws is shown in the widget, with what led to it. */
  guard(work) {
    const broke = (error) => this.fail(`The widget stumbled: ${error?.message ?? error}. Undo, or reload the page. This led here:`, true);
    return (...given) => {
      try {
        return work(...given)?.catch?.(broke);
      } catch (error) {
        return broke(error);
      }
    };
  }

  /** Lets a screen reader say something. */
  announce(text) {
    this.live.textContent = text;
  }

  /** Says what went wrong, and where asked for, what led to it. */
  fail(text, withTrace) {
    const led = withTrace && this.led && make("pre", {}, this.led);
    this.alert.replaceChildren(make("p", {}, text), ...[led].filter(Boolean));
  }

  /** Says how it stands with Python; it stays there until that changes. */
  status(text) {
    this.standing.textContent = text;
  }

  /** Python's answer to a question; undefined where there is none, and then the widget has said why. */
  async ask(question) {
    if (!this.port.ask) return this.fail(NO_PYTHON);
    this.box.setAttribute("aria-busy", String(++this.waits > 0));
    try {
      const answer = await this.port.ask(question);
      this.alert.replaceChildren();
      return answer;
    } catch (error) {
      return this.fail(`${error.message} This led here:`, true);
    } finally {
      this.box.setAttribute("aria-busy", String(--this.waits > 0));
    }
  }

  /** Tells Python and the browser where the widget stands, after the page has changed: a click does not wait for that. */
  tell() {
    clearTimeout(this.telling);
    this.telling = setTimeout(this.guard(() => this.tellNow()));
  }

  tellNow() {
    clearTimeout(this.telling);
    this.telling = undefined;
    const { place, port, link } = this;
    if (!port.embedded) keep(this.box, this.kind, this.data.name, { place, link, key: port.key ?? "" });
    port.changed?.(place);
  }

  /** The address that opens this widget where it stands; `text` is what `follow` is given. */
  linkTo(text) {
    return linkTo(this.data.name, text);
  }

  openLink(address) {
    const asked = this.box.isConnected && !this.port.embedded ? linkHere(this.data.name, address) : null;
    if (asked === null || asked === false) return;
    this.link = asked;
    this.follow(asked);
  }

  /** Joins a live port that has turned up later. */
  connect(port) {
    const { moved } = this;
    this.port = port;
    port.listen(this);
    this.status("");
    if (moved) this.tell();
    else if (port.place && port.place !== this.place) this.guard(() => this.recall(port.place))();
  }

  close() {
    this.onLeave();
    window.removeEventListener("pagehide", this.onLeave);
    window.removeEventListener("hashchange", this.onLink);
    this.port.close?.();
  }
}

const families = new Map();

/** Makes a family known by its kind; `unpack` gives its data back from the text that was shipped. */
export const register = (kind, Family, unpack = JSON.parse) => families.set(kind, { Family, unpack });

/** Draws a widget of a kind into an element, and keeps it working until its `close` is called. */
export function mount(root, kind, packed, port = {}) {
  const family = families.get(kind);
  if (!family) throw Error(`nothing here shows a ${kind}`);
  return new family.Family(root, family.unpack(packed), port);
}
