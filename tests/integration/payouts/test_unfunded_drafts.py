"""A draft whose pot the buyer has not paid in waits for the buyer, and giving it up moves no money."""

from payouts.services import rounds
from tests.integration.payouts import scenario
from tests.integration.payouts.browsing import browser, page, words


def test_an_unfunded_draft_waits_for_the_buyer_wherever_it_is_shown(place):
    draft = scenario.funded_draft(place, fund=scenario.POT_MINOR - 1)
    operator = browser(place.first)

    assert "“Incomes”, round 1, waits for the buyer's payment." in unescaped(operator.get("/"))
    assert "Draft the buyer's payment for" in unescaped(operator.get(page("round_list")))
    assert "Waits for the buyer's payment." in unescaped(operator.get(page("round_detail", draft.pk)))


def test_a_funded_draft_waits_for_an_operator(place):
    scenario.funded_draft(place)
    operator = browser(place.first)

    assert "“Incomes”, round 1, waits for an operator to start it." in unescaped(operator.get("/"))
    assert "Draft an operator to start it for" in unescaped(operator.get(page("round_list")))


def test_a_draft_that_is_given_up_returns_no_pot(place):
    draft = scenario.funded_draft(place, fund=1)
    operator = browser(place.first)
    assert "It ends here; it has taken no money." in unescaped(operator.get(page("round_detail", draft.pk)))

    text = unescaped(operator.post(page("round_cancel", draft.pk), {"reason": "Mistake"}, follow=True))

    assert "The draft is given up." in text
    assert "Given up before it started" in text
    assert "the buyer's again" not in text
    assert "back to the buyer" not in text


def test_a_round_that_started_returns_its_pot(place):
    started = rounds.trigger(payout_round=scenario.funded_draft(place), by=place.first)

    answer = browser(place.first).post(page("round_cancel", started.pk), {"reason": "Mistake"}, follow=True)

    assert "The round has ended, and its pot is the buyer's again." in unescaped(answer)


def unescaped(response):
    return words(response).replace("&#x27;", "'")
