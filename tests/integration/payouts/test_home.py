"""The first page: what was earned, what needs the person; and the e-mails that lead there."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from marketplace.models import DataRequest, Notice
from payouts.services import profiles, rounds
from payouts.services.profiles import PayoutDetails
from tests.factories.requests import make_request
from tests.integration.payouts import scenario
from tests.integration.words import words_of

pytestmark = pytest.mark.django_db

DETAILS = PayoutDetails("North", "Hafenstraße", "12", "20457", "Hamburg", "DE", "DE89370400440532013000")


def home_of(user):
    client = Client()
    client.force_login(user)
    return words_of(client.get("/"))


def test_a_seller_sees_what_was_earned_and_what_it_waits_for(db):
    place = scenario.market(with_details=False)
    payout_round = scenario.posted(place)
    line = payout_round.lines.get(organization=place.sellers[0])

    page = home_of(place.people[0])

    assert f"Earned so far {line.amount_minor / 100:,.2f} EUR" in page
    assert f"Last statement {line.amount_minor / 100:,.2f} EUR Incomes" in page
    assert f"The payout details of {place.sellers[0]} are missing: what it earned cannot be sent." in page
    assert "No open request that you have not answered" in page
    assert place.sellers[1].name not in page


def test_a_value_stands_beside_the_data_that_it_came_from(place):
    assert re.search(r"UTC none yet", home_of(place.people[0]))
    scenario.posted(place)

    assert re.search(r"UTC 50\.00 points", home_of(place.people[0]))


def test_sums_of_two_rounds_are_one_figure(place):
    first, second = scenario.posted(place), scenario.posted(place)
    earned = sum(r.lines.get(organization=place.sellers[0]).amount_minor for r in (first, second))

    assert f"Earned so far {earned / 100:,.2f} EUR" in home_of(place.people[0])


def test_a_seller_who_gave_everything_is_asked_for_nothing(place):
    profiles.give(organization=place.sellers[0], details=DETAILS, by=place.people[0])

    assert "What needs you Nothing waits for you." in home_of(place.people[0])


def test_a_seller_is_offered_requests_that_nobody_of_the_house_has_answered(place):
    make_request(title="Another question")
    make_request(title="A drawer", state=DataRequest.State.DRAFT)

    offered = home_of(place.people[0]).partition("Open requests")[2]

    assert "Another question" in offered
    assert "Incomes" not in offered
    assert "A drawer" not in offered


def test_a_buyer_is_told_of_an_empty_pot_and_an_operator_of_who_waits(place):
    buyer = scenario.person("buyer", place.buyer)
    assert "Data is submitted to “Incomes”, and its pot is empty." in home_of(buyer)

    scenario.in_review(place)

    assert "Nothing waits for you." in home_of(buyer)
    assert "“Incomes”, round 1, waits for another operator to approve it." in home_of(place.second)


def test_a_buyer_who_opened_a_request_is_told_to_pay_and_how(place, settings):
    settings.FAIRCUT_PAYER_NAME, settings.FAIRCUT_PAYER_IBAN = "Faircut GmbH", "DE75512108001245126199"
    buyer = scenario.person("buyer", place.buyer)
    opened = make_request(title="Another question", buyer=place.buyer, pot_minor=50_000)
    client = Client()
    client.force_login(buyer)

    home = client.get("/")
    assert "“Another question” is open, and its pot is empty. See how to pay" in words_of(home)
    assert f'href="{reverse("payouts:fund", args=[opened.pk])}"' in home.content.decode()
    page = words_of(client.get(reverse("payouts:fund", args=[opened.pk])))
    assert "Pay to Faircut GmbH IBAN DE75512108001245126199" in page
    assert f"Amount 500.00 EUR Reference FAIRCUT-{str(opened.pk)[:8].upper()}" in page

    settings.FAIRCUT_PAYER_IBAN, settings.FAIRCUT_CONTACT = "", ""
    assert "Ask the operator for the account." in words_of(client.get(reverse("payouts:fund", args=[opened.pk])))
    settings.FAIRCUT_CONTACT = "desk@example.org"
    page = client.get(reverse("payouts:fund", args=[opened.pk]))
    assert "Ask the operator at desk@example.org for the account." in words_of(page)
    assert 'href="mailto:desk@example.org"' in page.content.decode()


def test_posting_tells_each_seller_the_own_amount_and_nobody_elses(db):
    place = scenario.market(with_details=False)
    profiles.give(organization=place.sellers[0], details=DETAILS, by=place.people[0])
    payout_round = scenario.posted(place)
    amounts = {line.organization_id: f"{line.amount_minor / 100:,.2f} EUR" for line in payout_round.lines.all()}

    for organization, person in zip(place.sellers, place.people, strict=True):
        told = Notice.objects.get(recipient=person.email, kind="round_posted")
        assert told.subject == f"{organization} earned {amounts[organization.pk]}"
        assert f"http://localhost:8000/results/{payout_round.pk}/" in told.body
        others = [text for pk, text in amounts.items() if pk != organization.pk]
        assert not any(f" {other}" in told.body + told.subject for other in others)
    asked = Notice.objects.filter(kind="payout_details_missing").values_list("organization_id", flat=True)
    assert set(asked) == {organization.pk for organization in place.sellers[1:]}


def test_posting_again_tells_nobody_again(place):
    payout_round = scenario.posted(place)
    told = Notice.objects.count()

    rounds.post(payout_round=payout_round, by=place.second)

    assert Notice.objects.count() == told


def test_a_buyer_is_told_that_results_are_posted_and_finds_them_at_home(place):
    member = scenario.person("buyer", place.buyer)
    place.request.title = "Incomes of the coast"
    place.request.save(update_fields=["title"])
    assert "Results of my requests" not in home_of(member)

    payout_round = scenario.posted(place, chosen=scenario.policy(fee_basis_points=100))
    rounds.post(payout_round=payout_round, by=place.first)

    mail = Notice.objects.get(recipient=member.email)
    assert mail.subject == "the results of “Incomes of the coast” are there"
    assert "is posted: 9,900.00 EUR go to sellers." in mail.body
    assert f"/requests/{place.request.pk}/results/" in mail.body
    assert "The results of “Incomes of the coast” are posted. See the results" in home_of(member)
    assert "Results of my requests" not in home_of(scenario.person("buyer"))


def test_whoever_may_approve_a_round_is_told_that_it_waits(place):
    gone = scenario.person("operator")
    gone.is_active = False
    gone.save(update_fields=["is_active"])

    payout_round = scenario.in_review(place)

    mail = Notice.objects.get(kind="round_in_review")
    assert mail.recipient == place.second.email
    assert mail.subject == "a round over 10,000.00 EUR waits for approval"
    assert f"/rounds/{payout_round.pk}/" in mail.body
