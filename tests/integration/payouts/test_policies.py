"""Policies are written by operators, tried on a reviewed round, and change no round that exists."""

import pytest
from django.urls import reverse

from marketplace.models import AuditEvent, Role
from payouts.core.policy import Policy
from payouts.models import PayoutPolicy
from payouts.selectors.round.policy_preview import preview
from tests.factories.accounts import make_member
from tests.integration.payouts.scenario import in_review

pytestmark = pytest.mark.django_db

TERMS = {"rule": "chance", "cap": "40", "floor": "5.25", "minimum": "1000", "fee": "2.5"}


@pytest.fixture
def operator(client):
    person = make_member(Role.OPERATOR)
    client.force_login(person)
    return person


def test_a_policy_is_written_exactly(client, operator):
    response = client.post(reverse("payouts:policy_list"), {"name": "Capped", **TERMS})

    assert response.status_code == 302
    policy = PayoutPolicy.objects.get(name="Capped")
    assert policy.snapshot() == {
        "name": "Capped",
        "negative": "clip",
        "rule": "chance",
        "cap_basis_points": 4000,
        "floor_basis_points": 525,
        "minimum_minor": 1000,
        "fee_basis_points": 250,
    }
    assert AuditEvent.objects.get(action="policy.written").actor == operator


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "Taken"}, "There is a policy called Taken already."),
        ({"floor": "50"}, "The floor of 50 % is above the cap of 40 %."),
        ({"cap": "0", "floor": "0"}, "A cap of 0 pays nobody."),
        ({"cap": "33.333"}, "Write it with at most 2 decimals."),
        ({"fee": "100"}, "may be at most 99.99"),
    ],
)
def test_what_contradicts_itself_is_refused(client, operator, change, sentence):
    PayoutPolicy.objects.create(name="Taken")

    response = client.post(reverse("payouts:policy_list"), {"name": "Capped", **TERMS, **change})

    assert response.status_code == 400
    assert sentence in response.content.decode()
    assert not PayoutPolicy.objects.filter(name="Capped").exists()


def test_a_name_taken_at_the_same_moment_is_refused_in_a_sentence(client, operator, monkeypatch):
    monkeypatch.setattr(PayoutPolicy, "full_clean", lambda policy: PayoutPolicy.objects.create(name=policy.name))

    response = client.post(reverse("payouts:policy_list"), {"name": "Capped", **TERMS})

    assert "There is a policy called Capped already." in response.content.decode()


def test_one_policy_is_the_default(client, operator):
    other = PayoutPolicy.objects.create(name="Other")

    client.post(reverse("payouts:policy_default", args=[other.pk]))

    assert [policy.name for policy in PayoutPolicy.objects.filter(is_default=True)] == ["Other"]


def test_the_preview_begins_with_what_the_round_pays(operator, place):
    payout_round = in_review(place)

    found = preview(payout_round, tried=Policy(fee_basis_points=1000))

    amounts = list(payout_round.lines.order_by("number").values_list("amount_minor", flat=True))
    own, *_, tried = found.policies
    assert own.amounts_minor == amounts
    assert set(own.differences_minor) == {0}
    assert tried.fee_minor == payout_round.pot_minor // 10
    for policy in found.policies:
        assert sum(policy.amounts_minor) + policy.fee_minor + policy.unallocated_minor == payout_round.pot_minor


def test_the_page_tries_a_policy_and_changes_nothing(client, operator, place):
    payout_round = in_review(place)
    before = payout_round.lines_sha256

    page = client.get(reverse("payouts:round_policies", args=[payout_round.pk]), TERMS)

    assert page.status_code == 200
    assert "The policy you try" in page.content.decode()
    payout_round.refresh_from_db()
    assert payout_round.lines_sha256 == before


def test_a_round_without_lines_has_no_preview(client, operator):
    assert (
        client.get(reverse("payouts:round_policies", args=["00000000-0000-4000-8000-000000000000"])).status_code == 404
    )
