"""The audit report comes alive under the strict policy: every chart is drawn, in both themes, without a complaint."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from marketplace.demo.cast import TRIGGER
from tests.browser.browsing import PHONE, beyond_the_window

pytestmark = pytest.mark.browser

HEIGHT = "document.documentElement.scrollHeight"
# Workers need some seconds for all attacks, and more where they value other rounds too.
ATTEMPTS = 60
COLOUR_OF_TEXT = "element => getComputedStyle(element).fill"


def draw_all(page):
    """Scroll from chart to chart: each is drawn when it comes into view."""
    figures = page.locator("figure[data-chart]")
    expect(figures.first).to_be_visible()
    for figure in figures.all():
        figure.scroll_into_view_if_needed()
        expect(figure.locator(".chart-live .main-svg").first).to_be_visible()
        expect(figure.locator("img.chart-picture")).to_be_hidden()
    return figures.count()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_chart_is_drawn_in_the_colours_of_the_page(scheme, reviewed_round, browsing):
    page = browsing.page_of(TRIGGER.email, color_scheme=scheme)
    page.goto(f"/rounds/{reviewed_round}/audit/")

    assert draw_all(page) >= 5
    assert page.locator("style").count() == 0
    text = page.locator(".chart-live .xtick text").first
    before = text.evaluate(COLOUR_OF_TEXT)
    page.get_by_role("button", name="Use dark colours" if scheme == "light" else "Use light colours").click()
    expect(page.locator(".chart-live .xtick text").first).not_to_have_css("fill", before)


def test_the_report_folds_for_a_phone_and_its_numbers_are_one_click_away(reviewed_round, browsing):
    page = browsing.page_of(TRIGGER.email, **PHONE)
    page.goto(f"/rounds/{reviewed_round}/audit/")
    folded = page.evaluate(HEIGHT)
    page.get_by_role("link", name="Open every part").click()
    expect(page.get_by_role("link", name="Fold the parts")).to_be_visible()
    draw_all(page)
    assert page.evaluate(HEIGHT) > 3 * folded

    figure = page.locator("figure[data-chart]").first
    figure.get_by_text("The numbers of this chart").click()
    expect(figure.get_by_role("table")).to_be_visible()
    assert beyond_the_window(page) == []


def test_without_scripts_the_charts_are_pictures_and_the_contents_open_a_part(reviewed_round, browsing):
    page = browsing.page_of(TRIGGER.email, java_script_enabled=False)
    page.goto(f"/rounds/{reviewed_round}/audit/")

    expect(page.get_by_role("img", name="Amounts by seller").first).to_be_visible()
    expect(page.get_by_role("table", name="Submitted files")).to_be_hidden()
    page.get_by_role("link", name="What went in").click()
    expect(page.get_by_role("table", name="Submitted files")).to_be_visible()


def test_in_print_every_part_stands_open(reviewed_round, browsing):
    page = browsing.page_of(TRIGGER.email, **PHONE)
    page.goto(f"/rounds/{reviewed_round}/audit/")
    expect(page.get_by_role("table", name="Submitted files")).to_be_hidden()

    page.emulate_media(media="print")

    expect(page.get_by_role("table", name="Submitted files")).to_be_visible()


def test_the_paper_arrives(reviewed_round, browsing):
    page = browsing.page_of(TRIGGER.email)
    page.goto(f"/rounds/{reviewed_round}/audit/")
    with page.expect_download() as started:
        page.get_by_role("link", name="As PDF").click()

    assert started.value.suggested_filename == f"audit-{reviewed_round}.pdf"
    with Path(started.value.path()).open("rb") as stream:
        assert stream.read(5) == b"%PDF-"


def test_workers_try_every_attack(reviewed_round, browsing):
    page = browsing.page_of(TRIGGER.email)
    again = page.get_by_role("button", name="Try again with 4 times as many evaluations")

    for _ in range(ATTEMPTS):
        page.goto(f"/rounds/{reviewed_round}/audit/?open=all")
        if again.count():
            break
        page.wait_for_timeout(1_000)

    expect(again).to_be_visible()
    page.get_by_text("500 worthless accounts", exact=True).click()
    expect(page.get_by_text("Not tried: 500 worthless accounts need a pool")).to_be_visible()
