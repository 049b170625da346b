"""The watch over the pages works: whatever goes wrong in the browser is kept."""

import pytest

from tests.browser.browsing import PHONE, beyond_the_window

pytestmark = pytest.mark.browser

BLOCKED = """document.body.insertAdjacentHTML("beforeend", "<p style='color: red'></p>")"""
THROWN = """() => { setTimeout(() => { throw new Error("thrown on purpose"); }); }"""


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


def test_a_wide_element_is_noticed_and_one_that_scrolls_by_itself_is_not(browsing):
    page = browsing.page(**PHONE)
    page.goto("/")
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<table><td><svg width=500>')")
    wide = beyond_the_window(page)
    page.evaluate("document.querySelector('main > table').outerHTML = '<div class=table-box><svg width=500></div>'")

    assert wide[-1].endswith("px too wide")
    assert beyond_the_window(page) == []
