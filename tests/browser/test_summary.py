"""The summary of the course as it comes out of a printer."""

from pkvm_model.course import summary


def test_the_summary_prints_on_two_pages_of_a4_and_asks_for_nothing(offline, tmp_path):
    summary.write(tmp_path)
    offline.goto((tmp_path / "summary.html").as_uri())
    printed = offline.pdf(prefer_css_page_size=True)
    assert printed.count(b"/Type /Page\n") == 2
    assert printed.count(b"/MediaBox [0 0 594.95996 841.91998]") == 2
    assert offline.locator("table").count() == 3
    assert offline.locator("svg").count() == 1
