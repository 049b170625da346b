"""Operators link accounts of one company; policies then count them as one owner."""

import pytest
from django.urls import reverse

from marketplace.basics.errors import ConflictError
from marketplace.models import AuditEvent, Notice, Organization, Role
from marketplace.services import ownership
from payouts.selectors.money.owners import possible_owners, seller_owners
from payouts.services import profiles
from tests.factories.accounts import make_member, make_organization, organization_of
from tests.integration.payouts.scenario import payout_details

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator():
    return make_member(Role.OPERATOR)


@pytest.fixture
def sellers():
    return [organization_of(make_member(Role.SELLER, organization=make_organization(name=name))) for name in "ABC"]


def link(client, front, owner, reason="Same register entry"):
    return client.post(reverse("payouts:owner_link", args=[front.pk]), {"owner": owner.pk, "reason": reason})


def test_a_linked_account_counts_as_its_owner(client, operator, sellers):
    front, owner, _ = sellers
    client.force_login(operator)

    response = link(client, front, owner)

    assert response.status_code == 302
    front.refresh_from_db()
    assert front.owner_key == owner.pk
    event = AuditEvent.objects.get(action="owner.linked")
    assert (event.actor, event.data["reason"]) == (operator, "Same register entry")
    page = client.get(reverse("payouts:owner_list")).content.decode()
    assert "Same register entry" in page


def test_both_are_told_that_they_count_together_and_not_with_whom(operator, sellers):
    front, owner, _ = sellers
    for organization in (front, owner):
        make_member(Role.SELLER, organization=organization)

    ownership.link(organization=front, owner=owner, reason="Same register entry", by=operator)

    told = {notice.organization: notice for notice in Notice.objects.all()}
    assert set(told) == {front, owner}
    assert told[front].subject == f"{front.name} counts together with another organisation"
    assert owner.name not in told[front].body
    assert "Same register entry" not in told[front].body


def test_a_separated_account_counts_by_itself_again(client, operator, sellers):
    front, owner, _ = sellers
    ownership.link(organization=front, owner=owner, reason="x", by=operator)
    client.force_login(operator)

    client.post(reverse("payouts:owner_separate", args=[front.pk]), {"reason": "Sold in March"})

    front.refresh_from_db()
    assert front.beneficial_owner is None
    assert AuditEvent.objects.get(action="owner.separated").data["reason"] == "Sold in March"


def test_separating_asks_for_a_reason(client, operator, sellers):
    front, owner, _ = sellers
    ownership.link(organization=front, owner=owner, reason="x", by=operator)
    client.force_login(operator)

    client.post(reverse("payouts:owner_separate", args=[front.pk]), {"reason": ""})

    front.refresh_from_db()
    assert front.beneficial_owner == owner


@pytest.mark.parametrize(
    ("links", "wanted", "sentence"),
    [
        ([], ("A", "A"), "A is its own owner already."),
        ([("B", "C")], ("A", "B"), "B has an owner itself: C."),
        ([("B", "A")], ("A", "C"), "A is the owner of others."),
        ([("A", "B")], ("A", "C"), "A is linked to B already."),
    ],
)
def test_a_chain_is_refused_with_its_remedy(operator, sellers, links, wanted, sentence):
    by_name = {seller.name: seller for seller in sellers}
    for front, owner in links:
        ownership.link(organization=by_name[front], owner=by_name[owner], reason="x", by=operator)

    with pytest.raises(ConflictError, match=sentence):
        ownership.link(organization=by_name[wanted[0]], owner=by_name[wanted[1]], reason="x", by=operator)


def test_only_sellers_without_an_owner_can_be_chosen(operator, sellers):
    front, owner, third = sellers
    ownership.link(organization=front, owner=owner, reason="x", by=operator)

    assert possible_owners(third) == [owner]
    assert owner in Organization.objects.filter(fronts=front)


def test_a_shared_bank_account_comes_first_until_it_is_linked(operator, sellers):
    first, _, third = sellers
    for seller in (first, third):
        profiles.give(organization=seller, details=payout_details(), by=operator)

    assert [row.organization.name for row in seller_owners()] == ["A", "C", "B"]
    assert seller_owners()[0].shares_account_with == [third]
    assert possible_owners(third)[0] == first

    ownership.link(organization=third, owner=first, reason="Same account", by=operator)

    assert all(row.shares_account_with == [] for row in seller_owners())


@pytest.mark.parametrize("role", [Role.SELLER, Role.BUYER])
def test_nobody_else_sees_owners(client, role):
    client.force_login(make_member(role))

    assert client.get(reverse("payouts:owner_list")).status_code == 403
