"""The approval: by somebody else, with a fresh second factor, of the lines that were read."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.urls import reverse

from tests.integration.payouts import scenario
from tests.integration.payouts.browsing import browser, page, words


def test_an_approval_asks_for_the_second_factor_again(place):
    payout_round = scenario.in_review(place)
    form = {"lines_sha256": payout_round.lines_sha256}

    for client in (browser(place.second), browser(place.second, mfa_seconds_ago=601)):
        answer = client.post(page("round_approve", payout_round.pk), form)
        assert answer.status_code == 302
        assert "/accounts/2fa/" in answer["Location"]

    payout_round.refresh_from_db()
    assert payout_round.state == "in_review"


def test_posting_asks_those_who_have_a_factor_for_it_again(place):
    payout_round = scenario.approved(place)
    TOTP.activate(place.second, "JBSWY3DPEHPK3PXP")

    for client in (browser(place.second), browser(place.second, mfa_seconds_ago=601)):
        answer = client.post(page("round_post", payout_round.pk))
        assert answer["Location"].startswith(reverse("mfa_reauthenticate"))
    payout_round.refresh_from_db()
    assert payout_round.state == "approved"

    browser(place.second, mfa_seconds_ago=1).post(page("round_post", payout_round.pk))
    payout_round.refresh_from_db()
    assert payout_round.state == "posted"


def test_a_refusal_is_said_on_the_page_and_changes_nothing(place):
    payout_round = scenario.in_review(place)
    client = browser(place.first, mfa_seconds_ago=1)

    answer = client.post(
        page("round_approve", payout_round.pk), {"lines_sha256": payout_round.lines_sha256}, follow=True
    )

    assert "You started this round, so somebody else must approve it." in words(answer)
    payout_round.refresh_from_db()
    assert payout_round.state == "in_review"


@pytest.mark.parametrize("form", [{}, {"lines_sha256": "x"}])
def test_an_approval_comes_from_the_page_that_shows_the_lines(place, form):
    payout_round = scenario.in_review(place)

    answer = browser(place.second, mfa_seconds_ago=1).post(page("round_approve", payout_round.pk), form, follow=True)

    assert "Not approved: Open the round&#x27;s page, read it, and approve from there." in words(answer)
    payout_round.refresh_from_db()
    assert payout_round.state == "in_review"


def test_whoever_sets_a_factor_up_finds_the_way_back(place):
    payout_round = scenario.in_review(place)
    client, address = browser(place.second), page("round_detail", payout_round.pk)
    form = {"lines_sha256": payout_round.lines_sha256}

    client.post(page("round_approve", payout_round.pk), form, headers={"Referer": f"http://testserver{address}"})
    TOTP.activate(place.second, "JBSWY3DPEHPK3PXP")

    link = f'href="{address}">Back to what you were doing'
    assert link in client.get(reverse("mfa_index")).content.decode()
