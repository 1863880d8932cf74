"""Signs differ by letter or word and by shape or pattern; colour only helps."""

import itertools

import pytest
from playwright.sync_api import Page

from pkvm_model.widgets.front_end import bundle

SIGNS = {
    "page": [f"pageSign('{who}', '{right}')" for who in ("host", "hyp", "guest") for right in "OSB-X"],
    "VM": [f"vmSign('{word}')" for word in ("free", "reserved", "initialised", "live", "dying", "freed")],
    "owner": [f"ownerSign('{owner}')" for owner in ("HOST", "HYP", "GUEST")],
    "vCPU": [f"vcpuSign('{word}')" for word in ("absent", "idle", "loaded on CPU 0", "running on CPU 0")],
    "verdict": ["SIGNS.holds()", "SIGNS.broken()", "SIGNS.empty()"],
    "warning": ["octagon(20, 'var(--danger)', PAPER)", "SIGNS.warn()"],
    "holder": ["tag('vcpu', '')", "tag('call', '')", "tag('call', '', true)"],
}
COLOURLESS = """(draw) => {
  const ink = (value) => (/bg\\)/.test(value) ? "paper" : value === "none" ? "none" : "ink");
  const attribute = (part, name) => part.getAttribute(name) ?? "";
  const one = (part) => [part.localName, attribute(part, "class").replace(/host|hyp|guest/, ""), attribute(part, "d"),
    ...["fill", "stroke"].map((name) => ink(part.style[name] || attribute(part, name) || "none")),
    attribute(part, "stroke-width"), attribute(part, "stroke-dasharray")].join(" ");
  const shape = (element) => [element, ...element.querySelectorAll("*:not(text)")].map(one).join("; ");
  return Object.fromEntries(Object.entries(draw).map(([sign, make]) => [sign, [shape(make()), make().textContent]]));
}"""
"""A script that returns each drawing without its colours, and its letter."""


@pytest.fixture
def drawn(offline: Page) -> dict[str, list[str]]:
    """Return each sign without colour: its shape and its letter."""
    every = [sign for signs in SIGNS.values() for sign in signs]
    draw = ", ".join(f"[String.raw`{sign}`]: () => {sign}" for sign in every)
    offline.add_script_tag(type="module", content=bundle("bench") + f"window.draw = {{ {draw} }};")
    offline.wait_for_function("window.draw")
    signs: dict[str, list[str]] = offline.evaluate(f"({COLOURLESS})(window.draw)")
    return signs


def test_no_two_signs_differ_by_colour_alone(drawn: dict[str, list[str]]) -> None:
    pairs = [pair for signs in SIGNS.values() for pair in itertools.combinations(signs, 2)]
    assert [pair for pair in pairs if drawn[pair[0]][0] == drawn[pair[1]][0]] == []


def test_each_sign_of_a_column_has_its_own_letter(drawn: dict[str, list[str]]) -> None:
    letters = [drawn[sign][1] for sign in SIGNS["page"]]
    assert letters == ["O", "S", "B", "–", "X"] * 3
    assert [drawn[sign][1] for sign in SIGNS["owner"]] == ["H", "Y", "G"]
