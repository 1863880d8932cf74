"""What a look at each widget found, where a machine can see it: on paper, in forced colours, and on narrow screens."""

import pytest
from playwright.sync_api import Locator, Page, expect

from pkvm_model.widgets.front_end import list_kinds
from tests.browser.in_lab import Address, Theme

KINDS = "kinds.ipynb"
LINES = """parts => {
  const tops = parts.filter((one) => one.offsetWidth).map((one) => one.getBoundingClientRect().top);
  return new Set(tops.map((top) => Math.round((top - tops[0]) / 20))).size;
}"""
"""On how many lines these parts are."""
CUT = """parts => parts.filter((one) => one.checkVisibility())
  .filter((one) => one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)
  .map((one) => one.textContent)"""
"""The texts of the parts that are cut."""
YELLOW = """box => {
  const probe = document.createElement('i');
  box.append(probe);
  const [ground, edge] = ['--chg', '--edge'].map((name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return [...box.querySelectorAll('*')].filter((one) => {
    const {backgroundColor, borderLeftColor, borderLeftWidth, stroke} = getComputedStyle(one);
    return backgroundColor === ground || stroke === edge || (borderLeftColor === edge && borderLeftWidth !== '0px');
  }).map((one) => one.className.baseVal ?? one.className);
}"""


@pytest.fixture
def kinds(offline: Page, page_of: Address) -> Page:
    """Open a page with a widget of each kind."""
    offline.goto(page_of(KINDS))
    expect(offline.locator(".pkvm-bench").first).to_be_visible()
    return offline


def walk(page: Page, kind: str, keys: str) -> Locator:
    """Press keys at the first widget of a kind, and return it."""
    box = page.locator(f".pkvm-{kind}").first
    box.focus()
    for key in keys:
        page.keyboard.press(key)
    return box


def test_on_paper_each_lane_names_its_cpu_and_every_chip_is_there(kinds: Page) -> None:
    kinds.set_viewport_size({"width": 700, "height": 900})
    bench = walk(kinds, "bench", "101")
    kinds.emulate_media(media="print")
    assert [text.split() for text in bench.locator(".lane .h").all_inner_texts()] == [["CPU", "0", "unshare"],
                                                                                     ["CPU", "1", "idle"]]
    assert bench.locator(".chip:visible").count() == 3
    expect(bench.locator("button.more")).to_be_visible()
    assert bench.locator("button.more span").evaluate("one => one.offsetWidth") > 20


def test_on_paper_no_sentence_of_two_kernels_is_cut(kinds: Page) -> None:
    kinds.set_viewport_size({"width": 700, "height": 900})
    pair = walk(kinds, "beside", "0101")
    sentences = pair.locator(".last .clipped, .last .short, .sentence .side")
    assert sentences.evaluate_all(CUT) != []
    kinds.emulate_media(media="print")
    assert sentences.evaluate_all(CUT) == []


def test_on_paper_nobody_is_told_what_a_button_would_do(kinds: Page) -> None:
    game = kinds.locator(".closing").first
    expect(game).to_contain_text("The explorer knows the shortest run.")
    kinds.emulate_media(media="print")
    expect(game).to_be_hidden()


def test_in_forced_colours_only_the_chosen_option_has_a_frame(kinds: Page) -> None:
    kinds.emulate_media(forced_colors="active")
    options = kinds.locator(".pkvm-quiz").first.locator("label")
    options.first.click()
    colours = options.evaluate_all("all => all.map((one) => getComputedStyle(one).borderTopColor)")
    paper = kinds.locator(".pkvm-quiz").first.evaluate("box => getComputedStyle(box).backgroundColor")
    assert colours[0] != paper
    assert {*colours[1:]} == {paper}


def test_in_forced_colours_the_tick_of_a_passed_exercise_is_seen(offline: Page, page_of: Address) -> None:
    offline.emulate_media(forced_colors="active")
    offline.goto(page_of("passed.ipynb"))
    look = "one => { const {color, backgroundColor, forcedColorAdjust} = getComputedStyle(one); " \
           "return [color !== backgroundColor, forcedColorAdjust]; }"
    assert offline.locator(".mark.passed").evaluate(look) == [True, "none"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", list_kinds())
def test_nothing_is_yellow_before_anything_moves(kinds: Page, kind: str, theme: Theme) -> None:
    kinds.emulate_media(color_scheme=theme)
    assert walk(kinds, kind, "").evaluate(YELLOW) == []


@pytest.mark.parametrize("kind", ["bench", "finder", "map"])
def test_on_the_smallest_phone_the_buttons_of_the_bar_and_of_the_drawers_are_on_one_line_each(kinds: Page,
                                                                                             kind: str) -> None:
    kinds.set_viewport_size({"width": 320, "height": 740})
    box = kinds.locator(f".pkvm-{kind}").first
    for part in (".bar > .buttons > *", ".toggles > *"):
        assert box.locator(part).evaluate_all(LINES) == 1, part


def test_on_the_smallest_phone_no_word_of_the_territory_is_cut(kinds: Page) -> None:
    kinds.set_viewport_size({"width": 320, "height": 740})
    bench = walk(kinds, "bench", "101")
    for part in ("thead th", "tbody th", ".ghost", ".counts-cell"):
        assert bench.locator(f".territory {part}").evaluate_all(CUT) == [], part
    heights = bench.locator("tr.page").evaluate_all("rows => rows.map((row) => row.offsetHeight)")
    assert max(heights) <= min(heights) + 1


@pytest.mark.parametrize("width", [320, 420, 1000])
def test_no_word_of_the_chart_leaves_it(kinds: Page, width: int) -> None:
    kinds.set_viewport_size({"width": width, "height": 740})
    leaving = """chart => {
      const {right} = chart.getBoundingClientRect();
      return [...chart.querySelectorAll('text')]
        .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > right + 1)
        .map((one) => one.textContent);
    }"""
    assert kinds.locator(".pkvm-el2time .chart").first.evaluate(leaving) == []


def test_on_a_phone_the_calls_of_a_life_need_two_lines(kinds: Page) -> None:
    kinds.set_viewport_size({"width": 420, "height": 740})
    choices = kinds.locator(".pkvm-map").first.locator(".choices li")
    assert choices.count() >= 7
    assert choices.evaluate_all(LINES) == 2
    assert choices.locator("button span").evaluate_all(CUT) == []


def test_the_bar_of_a_run_is_the_same_in_an_exercise(kinds: Page) -> None:
    middle = """box => ['h3', '.buttons'].map((part) => {
      const {top, bottom} = box.querySelector(`.bar ${part}`).getBoundingClientRect();
      return (top + bottom) / 2;
    })"""
    title, buttons = kinds.locator(".pkvm-exercise .pkvm-sequence").first.evaluate(middle)
    assert abs(title - buttons) <= 1


def test_a_line_that_passes_behind_words_leaves_them_legible(kinds: Page) -> None:
    bench = walk(kinds, "bench", "101")
    order = "parts => parts.map((one) => getComputedStyle(one).zIndex)"
    assert {*bench.locator(".vm .life > *").evaluate_all(order)} == {"1"}
    assert bench.locator(".wire .down").evaluate("one => getComputedStyle(one, '::before').zIndex") == "2"
