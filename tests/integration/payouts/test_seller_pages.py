"""What a seller sees of a posted round, and what nobody else sees."""

from html import unescape

import pytest

from tests.integration.payouts import scenario
from tests.integration.payouts.browsing import browser, page, words


def test_a_seller_sees_the_own_result_and_no_other(place):
    payout_round = scenario.posted(place)
    own, other = place.sellers[0], place.sellers[1]
    client = browser(place.people[0])

    text = words(client.get(page("result", payout_round.pk)))

    assert "You earned 5,000.00 EUR" in text
    assert "50.00 points" in text
    assert own.name in text
    assert other.name not in text
    assert "3,000.00" not in text
    listed = words(client.get(page("my_results")))
    assert "5,000.00 EUR" in listed
    assert "3,000.00" not in listed


def test_a_result_does_not_exist_before_posting_or_for_strangers(place):
    before = scenario.approved(place)
    other_market = scenario.market()
    posted = scenario.posted(other_market)

    assert browser(place.people[0]).get(page("result", before.pk)).status_code == 404
    assert browser(place.people[0]).get(page("result", posted.pk)).status_code == 404
    assert browser(place.first).get(page("result", posted.pk)).status_code == 404


@pytest.mark.parametrize(
    "reason", ["capped", "below_minimum", "not_significant", "not_positive", "floored", "rounded_to_nothing"]
)
def test_every_reason_has_its_sentence(place, reason):
    chosen, values = {
        "capped": ({"cap_basis_points": 4000}, scenario.VALUES),
        "below_minimum": ({"minimum_minor": 900_000}, scenario.VALUES),
        "not_significant": ({}, (0.001, 0.5, 0.5, 0.5)),
        "not_positive": ({}, (-0.1, 0.5, 0.5, 0.5)),
        "floored": ({"floor_basis_points": 1000}, (0.03, 0.9, 0.9, 0.9)),
        "rounded_to_nothing": ({}, (0.03, 0.9, 0.9, 0.9)),
    }[reason]
    pot_minor = 10 if reason == "rounded_to_nothing" else scenario.POT_MINOR
    payout_round = scenario.posted(place, chosen=scenario.policy(**chosen), values=values, pot_minor=pot_minor)
    assert payout_round.lines.get(number=1).reason == reason

    text = words(browser(place.people[0]).get(page("result", payout_round.pk)))

    sentence = {
        "capped": "no owner take more than 40 %",
        "below_minimum": "It stays yours",
        "not_significant": "could be chance",
        "not_positive": "You owe nothing",
        "floored": "at least 10 %",
        "rounded_to_nothing": "less than the smallest amount there is",
    }[reason]
    assert sentence in text


def test_a_value_below_zero_is_explained(place):
    payout_round = scenario.posted(place, values=(-0.1, 0.5, 0.5, 0.5))
    rows = payout_round.lines.get(number=1).rows

    text = unescape(words(browser(place.people[0]).get(page("result", payout_round.pk))))

    assert (
        "You earned 0.00 EUR, because what your rows change, averaged over all mixtures, does not raise the buyer's "
        "score. You owe nothing." in text
    )
    assert "A value below 0 counts as 0, so nothing is taken from you." in text
    assert (
        f"Your {rows:,} rows change the buyer's balanced accuracy by \N{MINUS SIGN}10.00 points".replace(",", " ")
        in text
    )
    # Leave-one-out of the scenario is the square of the value: 0.8 - 0.01 without this seller.
    assert (
        "With everybody's rows the buyer's model scores 80.00 points of balanced accuracy, "
        "with everybody's but yours 79.00 points, with nobody's 50.00 points." in text
    )
