"""Pots: payments of buyers, each counted once, and who sees them."""

from payouts.forms import RoundForm
from payouts.models import LedgerTransaction
from payouts.selectors.money.balances import pot_available_minor, pot_history, pot_of
from payouts.services import funding
from tests.factories.accounts import make_organization
from tests.integration.payouts import scenario
from tests.integration.payouts.browsing import browser, page, words


def test_a_payment_recorded_twice_is_said_to_count_once(place):
    client, address = browser(place.first), page("fund", place.request.pk)

    first = client.post(address, {"amount": "5", "bank_reference": "CONC-1"}, follow=True)
    again = client.post(address, {"amount": "5", "bank_reference": "conc-1"}, follow=True)

    assert "5.00 EUR from the buyer is in the pot." in words(first)
    assert "The payment CONC-1 was recorded already; it counts once." in words(again)
    assert "from the buyer is in the pot." not in words(again)
    assert pot_available_minor(place.request) == 500


def test_a_used_bank_reference_is_refused_on_the_page(place):
    client = browser(place.first)
    client.post(page("fund", place.request.pk), {"amount": "5", "bank_reference": "R"})

    answer = client.post(page("fund", place.request.pk), {"amount": "6", "bank_reference": "R"})

    assert answer.status_code == 400
    assert "is recorded already" in words(answer)
    assert pot_available_minor(place.request) == 500


def test_pots_of_all_offered_requests_are_one_query(place, django_assert_num_queries):
    empty, other = scenario.market(sellers=1).request, scenario.market(sellers=1).request
    scenario.funded_draft(place, fund=1)
    other.title = "Ages"
    other.save()
    funding.record(request=other, amount_minor=250, bank_reference="TWICE-1", by=place.first)
    funding.record(request=other, amount_minor=50, bank_reference="TWICE-2", by=place.first)

    with django_assert_num_queries(1):
        choices = {str(value): label for value, label in RoundForm().fields["request"].choices}

    assert choices == {
        "": "Choose a request",
        str(place.request.pk): "Incomes (0.01 EUR in its pot)",
        str(empty.pk): "Incomes (0.00 EUR in its pot)",
        str(other.pk): "Ages (3.00 EUR in its pot)",
    }
    with django_assert_num_queries(1):
        str(RoundForm()["request"])


def test_a_buyer_watches_its_own_pot_and_records_nothing(place):
    payout_round = scenario.posted(place)
    address = page("fund", place.request.pk)
    buyer = browser(scenario.person("buyer", place.buyer))

    seen = words(buyer.get(address))
    answer = buyer.post(address, {"amount": "1.00", "bank_reference": "MINE"})

    assert "Payment of the buyer" in seen
    assert "Taken by a round that started" in seen
    assert str(payout_round.pk) not in buyer.get(address).content.decode()
    assert "Record the payment" not in seen
    assert answer.status_code == 403
    assert not LedgerTransaction.objects.filter(reference="MINE").exists()
    assert browser(place.people[0]).get(address).status_code == 403
    assert browser(scenario.person("buyer", make_organization())).get(address).status_code == 404


def test_the_history_of_a_pot_adds_up(place):
    scenario.posted(place)

    moves = pot_history(place.request)
    pot = pot_of(place.request)

    assert moves[0].after_minor == pot.available_minor == pot_available_minor(place.request)
    assert sum(move.amount_minor for move in moves) == pot.available_minor
    assert [move.words for move in moves][-2:] == ["Taken by a round that started", "Payment of the buyer"]
