"""The bench without a screen: a sentence and a table, as text and as HTML without scripts."""

import html

from pkvm_model.widgets.walk import Edge, State, Walk

VIEWS = ("host", "hyp", "guest")
SIGNS = {"O": "[O ]", "S": "[S/]", "B": "[B/]", "-": "[- ]", "X": "[X#]"}
RIGHTS = {"O": "owned", "S": "shared-owned", "B": "shared-borrowed", "-": "no access", "X": "poison"}
OWNERS = {"HOST": "H", "HYP": "Y", "GUEST": "G"}


def headline(walk: Walk) -> str:
    """Where the bench stands and what the last step did."""
    graph, edge = walk.graph, walk.edge
    place = f"step {len(walk.path)}" if walk.path else "before the first step"
    return f"{graph['title']} ({graph['revision']['id']}), {place}. {walk.says}{answer(edge)}"


def answer(edge: Edge | None) -> str:
    """The sign of an answer that is not plain success."""
    kind = edge["kind"] if edge else "step"
    code = edge["ret"] if edge else ""
    return {"refused": f" -> {code}", "nothing": " -> nothing", "warn": " (host WARN)", "panic": " (EL2 PANIC)"}.get(kind, "")


def lane_words(name: str, lane: State) -> str:
    """One CPU: its call, where it stands, what comes next, what it keeps."""
    if not lane["call"]:
        return f"{name}: {lane['where']}."
    following = [region for region in lane["regions"] if region["when"] == "next"]
    after = "".join(f"; next {lock_sign(region['locks'])} {region['says']}" for region in following[:1])
    keeps = f"; keeps {', '.join(lane['keeps'])}" if lane["keeps"] else ""
    return f"{name}: {lane['call']}, {lane['where']}{after}{keeps}{' (given back)' if lane['stale'] else ''}."


def lock_sign(locks: str) -> str:
    """`[H+G]`, or `[]` where no lock is held."""
    return f"[{'+'.join(letter for letter in locks if letter.isalpha())}]"


def card_words(card: State) -> str:
    """One VM: state, count with its holders, dying on both sides, vCPUs."""
    holders = ", ".join(holder_words(holder) for holder in card["holders"]) or "nobody"
    vcpus = "".join(f"; vCPU {vcpu['idx']} {vcpu['word']}" for vcpu in card["vcpus"])
    dying = f"dying: EL2 {card['dying']}, host memo {card['memo']}"
    back = f"; given back: {card['back']}" if card["back"] else ""
    return f"VM {card['handle']}: {card['word']}, {card['where']}; count {card['count']} ({holders}); {dying}{vcpus}{back}."


def holder_words(holder: State) -> str:
    """Who holds a reference, and for how long."""
    says = str(holder["says"])
    return f"{says}, this call" if holder["kind"] == "call" and not holder["stale"] else says


def slot_words(number: int, slot: State) -> str:
    """One slot of the VM table."""
    return f"slot {number} ({slot['handle']}): {slot['word']}"


def lines_of(walk: Walk) -> list[str]:
    """Everything but the pages, a line each."""
    state = walk.state
    end = [f"EL2 PANIC: {state['end']['says']}"] if state["end"] else []
    lanes = [lane_words(name, lane) for name, lane in zip(walk.graph["cpus"], state["lanes"], strict=True)]
    slots = "; ".join(slot_words(number, slot) for number, slot in enumerate(state["slots"]))
    return [*end, *lanes, f"VM table: {slots}.", *(card_words(card) for card in state["vms"])]


def page_rows(walk: Walk) -> list[list[str]]:
    """The ownership table in ASCII signs, head first."""
    head = ["page", *VIEWS, "owner", "counts", "in words"]
    rows = [
        [name, *(SIGNS[row[view]] for view in VIEWS), f"{OWNERS[row['owner']]} {row['owner']}", row["count"], row["says"]]
        for (name, _), row in zip(walk.graph["pages"], walk.state["pages"], strict=True)
    ]
    return [head, *rows]


def columns(rows: list[list[str]]) -> list[str]:
    """Rows of cells as lines with aligned columns."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def describe(walk: Walk) -> str:
    """A sentence, a line per CPU and VM, and the ownership table."""
    return "\n".join([headline(walk), *lines_of(walk), "", *columns(page_rows(walk))])


# Stored HTML knows no theme, and a notebook that is not trusted keeps nothing but tables and inline styles: so the
# light palette on an opaque ground, and marks that are borders and letters.
INK, MUTED, LINE, HAIR, PANEL = "#16191D", "#555D68", "#767E8A", "#D5D9DF", "#F4F5F7"
HUES = {"host": "#313DD1", "hyp": "#B94C00", "guest": "#0B7C62"}
ROUND = {"host": "0", "hyp": "5px", "guest": "10px"}
CELL = f"background:#FFFFFF;color:{INK};text-align:left;padding:4px 9px;border:0;border-bottom:1px solid {HAIR};font-size:13px"


def element(tag: str, style: str, *kids: str, attributes: str = "") -> str:
    """One HTML element with an inline style; the kids are HTML already."""
    return f'<{tag}{attributes} style="{style}">{"".join(kids)}</{tag}>'


def static_html(walk: Walk) -> str:
    """The position as a sentence, a list and a table, for places where no script runs."""
    box = f"background:#FFFFFF;color:{INK};border:1px solid {LINE};padding:10px 14px;max-width:1000px;font-family:system-ui,sans-serif;font-size:14px"
    says = element("p", f"color:{INK};font-size:17px;font-weight:600;margin:2px 0 8px", html.escape(walk.says + answer(walk.edge)))
    items = "".join(element("li", f"color:{INK};margin:2px 0", html.escape(line)) for line in lines_of(walk))
    note = element("p", f"color:{MUTED};font-size:12.5px;margin:8px 0 0", "Open this notebook in JupyterLab to step through it.")
    return element("div", box, static_head(walk), says, element("ul", "margin:0 0 10px;padding-left:20px", items), static_table(walk), note)


def static_head(walk: Walk) -> str:
    """Title, revision and step."""
    revision = f"{walk.graph['revision']['id']} · step {len(walk.path)}"
    title = element("b", f"color:{INK}", html.escape(walk.graph["title"]))
    return element("p", f"color:{MUTED};margin:0", title, f" · {html.escape(revision)}")


def static_table(walk: Walk) -> str:
    """The ownership table with caption and heads."""
    caption = element("caption", f"text-align:left;font-weight:700;color:{INK};padding:0 0 4px;caption-side:top", "Who owns every page")
    heads = ["Page", "Host", "Hyp", "Guest", "Owner", "Counts", "In words"]
    head = "".join(element("th", CELL + f";color:{MUTED};border-bottom:1.5px solid {LINE}", text, attributes=' scope="col"') for text in heads)
    pages = zip(walk.graph["pages"], walk.state["pages"], strict=True)
    body = "".join(static_row(name, what, row) for (name, what), row in pages)
    style = "border-collapse:collapse;margin:0;background:#FFFFFF"
    return element("table", style, caption, f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>")


def static_row(name: str, what: str, row: State) -> str:
    """One page: its signs, owner, counts and sentence."""
    title = html.escape(name) + element("span", f"color:{MUTED};font-weight:400;margin-left:7px", html.escape(what))
    cells = [right_mark(view, row[view]) for view in VIEWS] + [html.escape(row[key]) for key in ("owner", "count", "says")]
    head = element("th", CELL, title, attributes=' scope="row"')
    return f"<tr>{head}{''.join(element('td', CELL, cell) for cell in cells)}</tr>"


def right_mark(view: str, letter: str) -> str:
    """Letter and border of a right, the word beside it."""
    hue = HUES[view]
    look = {
        "O": f"background:{hue};color:#FFFFFF;border:2px solid {hue}",
        "S": f"color:{hue};border:2px solid {hue};border-right-width:11px",
        "B": f"color:{hue};border:2px solid {hue};border-right:7px double {hue}",
        "-": f"color:{MUTED};border:2px dotted {LINE}",
        "X": f"color:{hue};border:4px double {hue}",
    }[letter]
    box = f"display:inline-block;min-width:16px;text-align:center;padding:0 5px;margin-right:7px;border-radius:{ROUND[view]};{look}"
    return element("b", box, html.escape(letter.replace("-", "–"))) + html.escape(RIGHTS[letter])
