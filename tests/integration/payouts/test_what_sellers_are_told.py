"""What a request's page tells a seller of the money: what is there, what rounds took, and what else decides."""

import pytest
from django.http import HttpResponse
from django.template.loader import render_to_string

from tests.integration.payouts import scenario
from tests.integration.words import words_of

pytestmark = pytest.mark.django_db


def page_of(place):
    return words_of(HttpResponse(render_to_string("marketplace/_for_sellers.html", {"data_request": place.request})))


def test_a_seller_reads_what_is_left_in_the_pot(place):
    assert "Nothing has been paid into the pot yet." in page_of(place)

    scenario.funded_draft(place, pot_minor=1_000_000, fund=1_000_000)
    assert "10,000.00 EUR is in the pot now." in page_of(place)

    scenario.posted(place, pot_minor=1_000_000, fund=300_000)
    said = (
        "3,000.00 EUR is in the pot now, of 13,000.00 EUR that the buyer has paid in: rounds have taken 10,000.00 EUR"
    )
    assert said in page_of(place)

    scenario.posted(place, pot_minor=310_000, fund=10_000)
    assert "The pot is empty: rounds have taken the 13,100.00 EUR that the buyer had paid in." in page_of(place)


def test_a_seller_reads_that_a_policy_decides_too_and_that_owners_are_looked_at(place):
    page = page_of(place)

    assert "The operator's policy for a round may take a fee for the platform" in page
    assert "does not depend on whose account it is in" in page
    assert "changes nothing" not in page
