"""Members of an organisation: who founds it, who is invited, who leaves."""

import datetime as dt
import re

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from marketplace.basics.errors import ConflictError, FaircutError, NotAllowedError
from marketplace.models import Invitation, Notice, Organization, Role
from marketplace.selectors.organizations import invitations_to, roles_in
from marketplace.services import invitations, organizations
from tests.factories.accounts import make_member, make_organization, make_user, organization_of
from tests.integration.marketplace.uploading import signed_in
from tests.integration.words import words_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller():
    return make_member(Role.SELLER, organization=make_organization(name="North Clinic"), full_name="Nadia North")


@pytest.fixture
def invitation(seller):
    return invite(seller, "colleague@north.example")


def invite(by, email):
    roles = roles_in(organization_of(by), by)
    return invitations.invite(organization=organization_of(by), email=email, roles=roles, by=by)


def page_of(invitation):
    return reverse("marketplace:invitation", args=[invitation.token])


def expire(invitation):
    """As time does: its terms are history, so that a test replaces the row."""
    Invitation.objects.filter(pk=invitation.pk).delete()
    invitation.expires_at = timezone.now() - dt.timedelta(seconds=1)
    invitation.save(force_insert=True)


def test_a_seller_who_also_buys_acts_as_both():
    person = make_user()

    founded = organizations.found(name="  Twin   House ", roles=["seller", "buyer"], by=person)

    assert founded.name == "Twin House"
    assert roles_in(founded, person) == ["buyer", "seller"]


@pytest.mark.parametrize(
    ("name", "roles", "error", "sentence"),
    [
        ("NORTH CLINIC", ["seller"], ConflictError, "There is an organisation called NORTH CLINIC already."),
        ("North\u200b Clinic\u202e", ["seller"], ConflictError, "an organisation called North Clinic already."),
        ("\u200b \u2060", ["seller"], FaircutError, "in letters that can be seen"),
        ("Ours", ["operator"], NotAllowedError, "Operators are invited by operators."),
        ("Ours", [], FaircutError, "Choose what the organisation does: sell data, buy data, or both."),
    ],
)
def test_what_nobody_founds(seller, name, roles, error, sentence):
    with pytest.raises(error, match=re.escape(sentence)):
        organizations.found(name=name, roles=roles, by=seller)

    assert Organization.objects.count() == 1


def test_a_name_taken_at_the_same_moment_is_refused_in_a_sentence(monkeypatch):
    def behind_somebody(**given):
        Organization.objects.create(name=given["name"].upper())
        return create(**given)

    create = organizations.accounts.create_organization
    monkeypatch.setattr(organizations.accounts, "create_organization", behind_somebody)

    with pytest.raises(ConflictError, match="There is an organisation called North Clinic already"):
        organizations.found(name="North Clinic", roles=["seller"], by=make_user())


def test_the_page_offers_no_operators_role(client):
    client.force_login(make_user())

    answer = client.post(reverse("marketplace:organization_new"), {"name": "Sly", "roles": ["operator"]})

    assert answer.status_code == 422
    assert not Organization.objects.exists()


def test_a_colleague_accepts_by_the_link_in_the_e_mail(client, seller):
    owner = signed_in(seller)
    house = organization_of(seller)
    owner.post(
        reverse("marketplace:organization_invite", args=[house.pk]),
        {"email": "colleague@north.example", "roles": ["seller"]},
    )
    mail = Notice.objects.get(kind="invitation")
    link = re.search(r"http://localhost:8000(/\S+)", mail.body).group(1)
    stranger = words_of(client.get(link))
    colleague = make_user(email="Colleague@north.example", full_name="Cole League")
    client.force_login(colleague)
    found_at_home = words_of(client.get(reverse("marketplace:organization_list")))
    client.post(link)

    assert mail.recipient == "colleague@north.example"
    assert mail.subject == "North Clinic invites you"
    assert "North Clinic invites you" in stranger
    assert "North Clinic invites you" in found_at_home
    assert roles_in(house, colleague) == ["seller"]
    told = Notice.objects.filter(kind="member_joined").order_by("recipient")
    assert [notice.recipient for notice in told] == ["Colleague@north.example", seller.email]
    assert "Cole League (Colleague@north.example) accepted the invitation to act for North Clinic" in told[0].body


def test_an_invitation_counts_once(invitation):
    colleague = make_user(email="colleague@north.example")
    invitations.accept(invitation=invitation, by=colleague)

    with pytest.raises(ConflictError, match=r"This invitation was accepted before, and counts once\."):
        invitations.accept(invitation=invitation, by=colleague)


def test_an_invitation_of_somebody_else_is_refused(invitation, seller):
    thief = make_user(email="thief@north.example")
    client = signed_in(thief)

    page = words_of(client.post(page_of(invitation), follow=True))

    assert "This invitation was sent to another address than the one you sign in with." in page
    assert roles_in(organization_of(seller), thief) == []


def test_an_expired_invitation_says_when_and_what_to_do(invitation, client):
    expire(invitation)
    colleague = make_user(email="colleague@north.example")

    page = words_of(client.get(page_of(invitation)))

    assert "This invitation expired on" in page
    assert "Ask North Clinic to invite you again." in page
    with pytest.raises(ConflictError, match="expired"):
        invitations.accept(invitation=invitation, by=colleague)


def test_an_invitation_ends_with_the_account_of_who_sent_it(invitation, seller, client):
    colleague = make_user(email="colleague@north.example")
    assert list(invitations_to(colleague)) == [invitation]
    seller.is_active = False
    seller.save(update_fields=["is_active"])

    page = words_of(client.get(page_of(invitation)))

    assert "The person who sent this invitation no longer acts for North Clinic." in page
    assert "Ask North Clinic to invite you again." in page
    assert list(invitations_to(colleague)) == []
    with pytest.raises(ConflictError, match="no longer acts"):
        invitations.accept(invitation=invitation, by=colleague)
    assert not organization_of(seller).memberships.filter(user=colleague).exists()


def test_inviting_again_replaces_the_earlier_link(invitation, seller):
    second = invite(seller, "COLLEAGUE@north.example")
    colleague = make_user(email="colleague@north.example")

    with pytest.raises(ConflictError, match=r"This invitation was withdrawn or replaced\."):
        invitations.accept(invitation=invitation, by=colleague)

    assert invitations.accept(invitation=second, by=colleague) == organization_of(seller)


def test_a_withdrawn_invitation_opens_nothing(invitation, seller):
    house = organization_of(seller)
    signed_in(seller).post(reverse("marketplace:invitation_withdraw", args=[house.pk, invitation.pk]))

    with pytest.raises(ConflictError, match="withdrawn"):
        invitations.accept(invitation=invitation, by=make_user(email="colleague@north.example"))


@pytest.mark.parametrize("token", ["x", "a:b:c", "IjEi:1abcde:forged"])
def test_a_forged_link_opens_nothing(client, token):
    answer = client.get(reverse("marketplace:invitation", args=[token]))

    assert answer.status_code == 404
    assert "This link opens nothing" in words_of(answer)


def test_nobody_passes_on_a_role_that_they_do_not_hold(seller):
    house = organization_of(seller)

    with pytest.raises(NotAllowedError, match=r"You can only pass on what you may do here yourself\."):
        invitations.invite(organization=house, email="sly@north.example", roles=["operator"], by=seller)

    answer = signed_in(seller).post(
        reverse("marketplace:organization_invite", args=[house.pk]), {"email": "sly@x.example", "roles": ["operator"]}
    )
    assert answer.status_code == 422
    assert not Invitation.objects.exists()


def test_an_address_too_long_to_keep_is_refused_in_a_sentence(seller):
    address = f"{'n' * 60}@{'.'.join(['north' * 12] * 3)}.{'example' * 5}"
    answer = signed_in(seller).post(
        reverse("marketplace:organization_invite", args=[organization_of(seller).pk]),
        {"email": address, "roles": ["seller"]},
    )

    assert answer.status_code == 422
    assert "may have at most 254" in words_of(answer)


def test_nobody_floods_mailboxes(seller, monkeypatch):
    monkeypatch.setattr(invitations, "A_DAY_MAX", 2)
    for number in range(2):
        invite(seller, f"colleague{number}@north.example")

    with pytest.raises(ConflictError, match=r"North Clinic has sent 2 invitations within a day\."):
        invite(seller, "colleague3@north.example")


def test_operators_invite_operators_with_a_second_factor():
    operator = make_member(Role.OPERATOR)

    answer = signed_in(operator).post(
        reverse("marketplace:organization_invite", args=[organization_of(operator).pk]),
        {"email": "new@operator.example", "roles": ["operator"]},
    )

    assert answer["Location"].startswith(reverse("mfa_activate_totp"))
    assert not Invitation.objects.exists()


def test_the_first_operator_is_invited_by_command(capsys):
    call_command("invite_operator", "ada@operator.example")

    link = capsys.readouterr().out.strip()
    ada = make_user(email="ada@operator.example")
    signed_in(ada).post(link.removeprefix("http://localhost:8000"))

    assert roles_in(Organization.objects.get(name="Faircut operations"), ada) == ["operator"]


def test_who_leaves_leaves_no_way_back(seller, invitation):
    house = organization_of(seller)
    colleague = make_user(email="colleague@north.example", full_name="Cole League")
    invitations.accept(invitation=invitation, by=colleague)
    pending = invitations.invite(organization=house, email="back@door.example", roles=["seller"], by=colleague)

    page = signed_in(colleague).get(reverse("marketplace:member_remove", args=[house.pk, colleague.pk]))
    signed_in(seller).post(reverse("marketplace:member_remove", args=[house.pk, colleague.pk]))

    assert "Leave North Clinic?" in words_of(page)
    assert roles_in(house, colleague) == []
    assert signed_in(colleague).get(reverse("marketplace:organization", args=[house.pk])).status_code == 404
    with pytest.raises(ConflictError, match="withdrawn"):
        invitations.accept(invitation=pending, by=make_user(email="back@door.example"))
    told = Notice.objects.filter(kind="member_removed", recipient=colleague.email).get()
    assert told.body.startswith("Nadia North removed Cole League from North Clinic on Faircut.")


def test_the_last_member_stays(seller):
    house = organization_of(seller)

    page = signed_in(seller).post(reverse("marketplace:member_remove", args=[house.pk, seller.pk]), follow=True)

    assert "Nadia North is the only member of North Clinic. Invite a colleague first" in words_of(page)
    listed = words_of(signed_in(seller).get(reverse("marketplace:organization", args=[organization_of(seller).pk])))
    assert "the only member; invite a colleague before you leave" in listed
    assert roles_in(house, seller) == ["seller"]


def test_strangers_see_no_organisation(seller):
    house = organization_of(seller)
    client = signed_in(make_member(Role.SELLER))

    for name in ("organization", "organization_invite", "member_remove"):
        arguments = [house.pk, seller.pk] if name == "member_remove" else [house.pk]
        address = reverse(f"marketplace:{name}", args=arguments)
        assert client.post(address).status_code in {404, 405}
        assert client.get(address).status_code in {404, 405}
    assert roles_in(house, seller) == ["seller"]
