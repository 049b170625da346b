"""A new round begins with the choice of its request, because the terms to begin with are those of its buyer."""

import re

from tests.factories.requests import make_request
from tests.integration.payouts.browsing import browser, page, words


def test_without_a_request_a_new_round_lists_them_and_each_leads_to_its_buyers_terms(place):
    make_request(title="Unpaid rows", pot_minor=1_234_500)
    operator = browser(place.first)
    for nobody in ("", "x", str(place.first.pk)):
        listed = operator.get(page("round_new"), {"request": nobody})
        assert listed.status_code == 200
        assert 'name="pot"' not in listed.content.decode()

    assert "Unpaid rows" in words(listed)
    [address] = re.findall(r'href="([^"]*)">Unpaid rows<', listed.content.decode())
    led_to = operator.get(address).content.decode()
    assert re.search(r'name="pot" value="12345.00"', led_to)
    assert "Choose a request" not in led_to
