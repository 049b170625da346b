"""The watch over the pages works: whatever goes wrong in the browser is kept."""

import pytest

from tests.browser.browsing import PHONE, beyond_the_window

pytestmark = pytest.mark.browser

BLOCKED = """document.body.insertAdjacentHTML("beforeend", "<p style='color: red'></p>")"""
THROWN = """() => { setTimeout(() => { throw new Error("thrown on purpose"); }); }"""
WIDENED = """() => {
  const wide = document.createElement("div");
  Object.assign(wide.style, {position: "absolute", left: 0, width: "500px", height: "10px"});
  document.body.append(wide);
}"""


def test_no_fault_of_a_page_goes_unnoticed(browsing):
    page = browsing.page()
    page.goto("/")

    page.evaluate(BLOCKED)
    page.evaluate(THROWN)
    page.route("**/broken", lambda route: route.fulfill(status=503, body="down"))
    page.goto("/broken")
    page.wait_for_function("true")
    seen = "\n".join(browsing.complaints)
    browsing.complaints.clear()

    assert "Content security policy: style-src-attr blocked inline" in seen
    assert "thrown on purpose" in seen
    assert "503 from" in seen


def test_what_reaches_beyond_the_window_is_named(browsing):
    page = browsing.page(**PHONE)
    page.goto("/")
    before = beyond_the_window(page)
    page.evaluate(WIDENED)

    assert before == []
    assert beyond_the_window(page) == ["DIV  500", "140 px too wide"]
