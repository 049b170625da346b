"""What operators see of rounds: which wait for whom, which stand still, and what to look at before money moves."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from marketplace.models import AuditEvent, Membership, Role
from marketplace.services import ownership
from payouts.errors import FourEyesError, RoundStateError
from payouts.selectors.round.live import watch
from payouts.selectors.round.review import review
from payouts.services import profiles, rounds
from tests.integration.payouts import scenario
from tests.integration.payouts.browsing import browser
from valuation.models import ValuationRun

IBANS = ("DE89370400440532013000", "GB29NWBK60161331926819", "FR1420041010050500013M02606", "NL91ABNA0417164300")


def give_details(place, ibans=IBANS):
    for seller, by, iban in zip(place.sellers, place.people, ibans, strict=True):
        details = scenario.payout_details(payee=seller.name, iban=iban)
        profiles.give(organization=seller, details=details, by=by)


def finding_of(payout_round, name):
    return next(check for check in review(payout_round)["risk_checks"] if check.name == name)


def valuing(place):
    return rounds.trigger(payout_round=scenario.funded_draft(place), by=place.first)


def test_a_clean_round_passes_every_check_but_that_of_attacks_not_tried_yet(place):
    checks = review(scenario.in_review(place))["risk_checks"]

    assert {check.name for check in checks if not check.passed} == {"Attacks"}


def test_missing_details_and_a_shared_account_come_first(db):
    place = scenario.market(with_details=False)
    give_details(place, ibans=(IBANS[0], IBANS[1], IBANS[0], IBANS[3]))
    payout_round = scenario.in_review(place)

    first, *_ = review(payout_round)["risk_checks"]

    assert not first.passed
    assert finding_of(payout_round, "Owners").finding == "Sellers that are not linked share 1 bank account."
    assert not finding_of(payout_round, "Payout details").passed


CLASSES = [{"low": 96, "high": 4}, {"low": 94, "high": 6}, {"low": 1, "high": 99}, None]


def test_owners_whose_rows_are_of_one_class_are_named(db):
    place = scenario.market(names=["North", "South", "East", "West"], classes=CLASSES)

    check = finding_of(scenario.in_review(place), "Classes")

    assert not check.passed
    assert "one class: North (96.0\u202f% low), East (99.0\u202f% high). One owner's" in check.finding


def test_linked_accounts_of_two_classes_count_together(db):
    place = scenario.market(names=["North", "South", "East", "West"], classes=CLASSES)
    ownership.link(organization=place.sellers[0], owner=place.sellers[2], reason="One house.", by=place.first)

    payout_round = scenario.in_review(place)

    assert finding_of(payout_round, "Classes").passed
    assert "North and East count as one owner." in finding_of(payout_round, "Owners").finding


def test_a_market_of_one_class_names_nobody(db):
    place = scenario.market(classes=[{"low": 99, "high": 1}] * 4)

    assert finding_of(scenario.in_review(place), "Classes").passed


def test_a_shared_account_stops_the_approval_until_owners_are_said_to_differ(db):
    place = scenario.market(with_details=False)
    give_details(place, ibans=(IBANS[0], IBANS[1], IBANS[0], IBANS[3]))
    payout_round = scenario.in_review(place)
    client, address = browser(place.second, mfa_seconds_ago=1), reverse("payouts:round_detail", args=[payout_round.pk])
    approve = reverse("payouts:round_approve", args=[payout_round.pk])
    form = {"lines_sha256": payout_round.lines_sha256}

    refused = client.post(approve, form, follow=True).content.decode()
    asked = client.get(address).content.decode()
    client.post(approve, form | {"owners_differ": "on"})

    assert "Sellers that are not linked are paid into one bank account. Link them under Owners" in refused
    assert "have different owners; I have asked." in asked
    payout_round.refresh_from_db()
    assert payout_round.state == "approved"
    data = AuditEvent.objects.get(action="round.approved").data
    assert data["confirmed"] == "Sellers that share a bank account have different owners."


def test_owners_are_not_asked_about_where_accounts_differ(place):
    payout_round = scenario.in_review(place)

    page = browser(place.second).get(reverse("payouts:round_detail", args=[payout_round.pk])).content.decode()

    assert "have different owners" not in page


def test_nobody_approves_money_for_a_seller_that_they_belong_to(place):
    payout_round = scenario.in_review(place)
    Membership.objects.create(user=place.second, organization=place.sellers[0], role=Role.SELLER)

    with pytest.raises(FourEyesError, match="You belong to a seller of this round"):
        scenario.approve(payout_round, place.second)


def test_a_round_that_replaces_another_says_so_and_takes_the_policy_chosen(place):
    reviewed = scenario.in_review(place)
    chosen = scenario.policy(cap_basis_points=3_000)
    form = {"reason": "a cap was agreed", "policy": chosen.pk}

    browser(place.first).post(reverse("payouts:round_supersede", args=[reviewed.pk]), form)

    reviewed.refresh_from_db()
    draft = reviewed.superseded_by
    assert (draft.policy, draft.seed) == (chosen, reviewed.seed)
    draft = rounds.trigger(payout_round=draft, by=place.first)
    scenario.finish(draft.run, scenario.VALUES)
    check = finding_of(rounds.conclude_valuing(run_id=str(draft.run_id)), "Earlier rounds")
    assert not check.passed
    assert check.finding == (
        "It replaces 1 round that was in review, and has the same seed as the first: compare what changed."
    )
    assert finding_of(reviewed, "Earlier rounds").passed


def test_precision_that_was_missed_is_said(place):
    check = finding_of(scenario.in_review(place, half_width=0.05), "Precision")

    assert not check.passed
    assert "± 5.00" in check.finding


def test_an_unusual_amount_is_named(place):
    scenario.posted(place, pot_minor=10_000)
    usual = scenario.in_review(place, pot_minor=20_000)
    unusual = scenario.in_review(place, pot_minor=1_000_000)

    assert finding_of(usual, "Amounts").passed
    assert place.sellers[0].name in finding_of(unusual, "Amounts").finding


def test_a_silent_valuation_can_be_sent_out_again(client, place):
    payout_round = valuing(place)
    long_ago = timezone.now() - dt.timedelta(minutes=5)
    ValuationRun.objects.filter(pk=payout_round.run_id).update(created_at=long_ago)
    payout_round.refresh_from_db()
    client.force_login(place.first)

    page = client.get(reverse("payouts:round_detail", args=[payout_round.pk])).content.decode()
    response = client.post(reverse("payouts:round_resume", args=[payout_round.pk]))

    assert "Nothing has come back for 5 min" in page
    assert response.status_code == 302
    assert AuditEvent.objects.get(action="round.resumed").actor == place.first


def test_a_valuation_that_works_offers_no_resume(place):
    assert watch(valuing(place)).silent_seconds is None


def test_only_a_valuing_round_is_resumed(place):
    with pytest.raises(RoundStateError):
        rounds.resume(payout_round=scenario.in_review(place), by=place.first)


@pytest.mark.parametrize(("show", "counts"), [("", 2), ("people", 1), ("valuing", 1), ("ended", 0), ("nonsense", 2)])
def test_the_list_is_narrowed_to_what_is_asked(client, place, show, counts):
    valuing(place)
    scenario.funded_draft(place)
    client.force_login(place.first)

    page = client.get(reverse("payouts:round_list"), {"show": show})

    assert len(page.context["rows"]) == counts
