"""The buyer reads what the data does to the model, seller by seller without names, once a round is posted."""

import re

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from payouts.services import rounds
from tests.integration.payouts import scenario
from tests.integration.payouts.browsing import browser, words
from tests.integration.payouts.test_result_pages import explanations


@pytest.fixture
def buyer(place):
    return browser(scenario.person("buyer", place.buyer))


def address(place):
    return reverse("payouts:buyer_results", args=[place.request.pk])


def test_scores_values_curve_and_classes(place, buyer):
    scenario.posted(place, kept=explanations(place))

    text = words(buyer.get(address(place)))

    assert "your model scores 80.00 points of balanced accuracy, without any 50.00" in text
    assert "Seller 1 adds most; no two intervals overlap" in text
    # Left out alone, seller 1 costs its leave-one-out value of 0.25.
    assert re.search(r"Seller 1 [\d ]+ 55\.00 Seller 2", text)
    assert "The first 500 of 1 000 rows bring 80 % of the gain" in text
    assert "Without the seller who adds least the score is no worse" in text
    assert "The data helps most where income is high, and costs where it is low" in text


@pytest.mark.django_db
def test_where_the_buyer_has_rows_the_score_without_sellers_is_that_of_its_own():
    place = scenario.market(base_file=ContentFile(b"x", "base.parquet"), base_sha256=f"{1:064d}", base_rows=1_200)
    payout_round = scenario.posted(place)

    text = words(browser(scenario.person("buyer", place.buyer)).get(address(place)))
    assert (
        "rows of sellers your model scores 80.00 points of balanced accuracy, with your own 1 200 alone 50.00" in text
    )
    assert "Score with your own rows alone 50.00 points or a constant answer, where that is better" in text
    assert "without any" not in text
    sellers = words(browser(place.people[0]).get(reverse("payouts:result", args=[payout_round.pk])))
    assert "with the buyer&#x27;s own alone 50.00 points" in sellers


def test_another_column_of_the_validation_rows_is_a_link_away(place, buyer):
    scenario.posted(place, kept=explanations(place))

    assert "where town is north" not in words(buyer.get(address(place)))
    assert "The data helps most where town is north" in words(buyer.get(address(place) + "?by=town"))
    assert buyer.get(address(place) + "?by=nowhere").status_code == 200


def test_nothing_of_a_seller_but_its_number_is_shown(place, buyer):
    payout_round = scenario.posted(place, kept=explanations(place))

    html = buyer.get(address(place)).content.decode()

    assert all(seller.name not in html for seller in place.sellers)
    assert "s0r" not in html
    for line in payout_round.lines.all():
        assert f"{line.amount_minor / 100:,.2f}" not in html


def test_rounds_without_explanations_have_scores_and_values(place, buyer):
    scenario.posted(place)

    text = words(buyer.get(address(place)))

    assert "Seller 1 adds most" in text
    assert "Score and rows" not in text
    assert "On which rows it helps" not in text


def test_before_posting_there_is_no_result(place, buyer):
    scenario.approved(place)

    assert "No result yet" in words(buyer.get(address(place)))


def test_older_rounds_stay_readable_and_those_of_others_do_not(place, buyer):
    first, second = scenario.posted(place), scenario.posted(place, values=(0.1, 0.6, 0.15, 0.05))
    elsewhere = scenario.posted(scenario.market())

    assert "Seller 2 adds most" in words(buyer.get(address(place)))
    assert "Seller 1 adds most" in words(buyer.get(f"{address(place)}?round={first.pk}"))
    assert buyer.get(f"{address(place)}?round={elsewhere.pk}").status_code == 404
    assert buyer.get(f"{address(place)}?round=nonsense").status_code == 404
    assert rounds.mark_paid(payout_round=second, bank_reference="SEPA", by=place.first).state == "paid"
    assert "Seller 2 adds most" in words(buyer.get(address(place)))


def test_only_the_buyer_and_operators_come_here(place):
    scenario.posted(place)

    others = (place.people[0], scenario.person("buyer"), scenario.person("seller", place.buyer))
    assert {browser(person).get(address(place)).status_code for person in others} == {404}
    assert browser(place.first).get(address(place)).status_code == 200
