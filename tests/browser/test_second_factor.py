"""Nobody approves money with a password alone: who has no second factor is led to one, and back."""

import re

import pytest
from playwright.sync_api import expect

from marketplace.demo.cast import PASSWORD
from tests.browser.browsing import code_of
from tests.browser.seeding import WITHOUT_SECOND_FACTOR

pytestmark = pytest.mark.browser


def test_an_operator_without_a_second_factor_sets_one_up_and_then_approves(reviewed_round, browsing):
    page = browsing.page_of(WITHOUT_SECOND_FACTOR)
    page.goto(f"/rounds/{reviewed_round}/")
    page.get_by_role("button", name="Approve the round").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Set up the authenticator app")
    secret = page.get_by_text("type this key into the app").locator("code").inner_text()
    page.get_by_label("code").fill(code_of(secret))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    recovery_code = page.locator(".codes li").first.inner_text()

    page.get_by_role("link", name="Back to what you were doing").click()
    page.get_by_role("button", name="Approve the round").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    page.get_by_label("code").fill(recovery_code)
    page.get_by_role("button", name="Confirm").click()

    expect(page).to_have_url(re.compile(f"/rounds/{reviewed_round}/"))
    page.get_by_role("button", name="Approve the round").click()
    expect(page.get_by_role("status")).to_contain_text("The round is approved")
