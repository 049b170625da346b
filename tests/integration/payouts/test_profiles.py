"""Payout details: read with care, kept as versions, shown masked, loud when they change."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from marketplace.models import AuditEvent, Notice, Role
from payouts.forms import countries
from payouts.models import PayoutProfile
from payouts.selectors.money import profiles as selectors
from payouts.services import profiles
from payouts.services.profiles import PayoutDetails
from tests.factories.accounts import PASSWORD, make_member, make_organization, organization_of
from tests.integration.words import words_of

pytestmark = pytest.mark.django_db

IBAN = "DE89370400440532013000"
OTHER_IBAN = "NL91ABNA0417164300"
ADDRESS = {
    "payee_name": "North Clinic gGmbH", "street": "Hafenstraße", "building_number": "12 b", "postcode": "20457",
    "town": "Hamburg", "country": "DE",
}  # fmt: skip


@pytest.fixture
def seller():
    return make_member(Role.SELLER, organization=make_organization(name="North Clinic"), full_name="Nadia North")


def details(**changes):
    return PayoutDetails(**(ADDRESS | {"iban": IBAN} | changes))


def give(seller, **changes):
    return profiles.give(organization=organization_of(seller), details=details(**changes), by=seller)


def address_of(name, seller):
    return reverse(f"payouts:{name}", args=[organization_of(seller).pk])


def signed_in(user, *, proved_again=True):
    client = Client()
    client.force_login(user)
    if proved_again:
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def test_details_given_on_the_page_are_stored_normalised_and_shown_masked(seller):
    client = signed_in(seller)

    answer = client.post(address_of("profile_change", seller), ADDRESS | {"iban": "de89 3704-0044 0532 0130 00"})
    page = words_of(client.get(answer["Location"]))

    assert selectors.current(organization_of(seller)).iban == IBAN
    assert "DE89 … 3000" in page
    assert "Commerzbank" in page
    assert "Hafenstraße 12 b, 20457 Hamburg, Germany" in page
    assert IBAN not in page.replace(" ", "")
    assert IBAN not in client.get(address_of("profile_change", seller)).content.decode()


@pytest.mark.parametrize(
    ("iban", "sentence"),
    [
        ("DE8937040044053201300€", "An IBAN holds only letters and digits; this one holds “€”."),
        ("3704 0044", "An IBAN begins with a country's two letters and two digits, like DE89. Copy it whole"),
        ("XX89370400440532013000", "No country with IBANs has the letters XX. Compare them with a statement."),
        ("DE8937040044053201300", "has 22 characters; this one has 21. Look for a missing character."),
        ("DE893704004405320130000", "has 22 characters; this one has 23. Look for a doubled character."),
        ("DE8937040044053201300A", "a letter stands where a digit should, or a digit for a letter."),
        ("DE89370400440532031000", "The check digits do not match: a character is mistyped, or two are swapped."),
    ],
)
def test_what_is_no_iban_is_told_in_a_sentence(seller, iban, sentence):
    answer = signed_in(seller).post(address_of("profile_change", seller), ADDRESS | {"iban": iban})

    assert answer.status_code == 422
    assert sentence in words_of(answer)
    assert not PayoutProfile.objects.exists()


@pytest.mark.parametrize("name", ["payee_name", "street", "postcode", "town", "country"])
def test_every_part_of_the_address_is_asked_for(seller, name):
    answer = signed_in(seller).post(address_of("profile_change", seller), ADDRESS | {"iban": IBAN, name: ""})

    assert answer.status_code == 422
    assert not PayoutProfile.objects.exists()


def test_a_house_without_a_number_can_be_paid(seller):
    client = signed_in(seller)

    answer = client.post(address_of("profile_change", seller), ADDRESS | {"iban": IBAN, "building_number": ""})

    assert selectors.current(organization_of(seller)).building_number == ""
    assert "Hafenstraße, 20457 Hamburg, Germany" in words_of(client.get(answer["Location"]))


def test_countries_stand_where_a_reader_looks_for_them():
    names = [name for _, name in countries()]

    assert names[1:3] == ["Åland Islands", "Albania"]
    assert names.index("Réunion") < names.index("Romania")
    assert names[-1] == "Zimbabwe"


@pytest.mark.parametrize("name", ["payee_name", "street", "town"])
def test_what_nobody_sees_names_no_payee_and_no_place(seller, name):
    answer = signed_in(seller).post(
        address_of("profile_change", seller), ADDRESS | {"iban": IBAN, name: "\u202e\u200b"}
    )

    assert answer.status_code == 422
    assert "Nothing of it can be seen." in words_of(answer)
    with pytest.raises(ValidationError):
        give(seller, **{name: "\u202e\u200b"})
    assert getattr(give(seller, **{name: "No\u202erth"}), name) == "North"


def test_a_signed_in_browser_alone_changes_nothing(seller):
    client = signed_in(seller, proved_again=False)

    for method in (client.get, client.post):
        answer = method(address_of("profile_change", seller), ADDRESS | {"iban": IBAN})
        assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert not PayoutProfile.objects.exists()


def test_first_details_start_no_cool_down_and_another_account_does(seller):
    first = give(seller)
    house = organization_of(seller)
    assert selectors.checks(house) == []

    second = give(seller, iban=OTHER_IBAN)

    assert (first.version, second.version) == (1, 2)
    assert not selectors.is_cooling_down(first)
    wait = second.cool_down_until - timezone.now()
    assert dt.timedelta(hours=47, minutes=59) < wait <= dt.timedelta(hours=48)
    (sentence,) = selectors.checks(house)
    assert sentence.startswith("The payout details were changed on ")
    assert "Changed lately." in words_of(signed_in(seller).get(address_of("profile", seller)))


def test_a_seller_without_details_reads_that_the_money_is_held_until_then(seller):
    page = words_of(signed_in(seller).get(address_of("profile", seller)))

    assert "Rounds value your rows without them; what you earn is held until they are given." in page


def test_a_new_address_of_the_same_payee_neither_starts_nor_ends_a_cool_down(seller):
    give(seller)
    assert not selectors.is_cooling_down(give(seller, town="Altona"))
    changed = give(seller, iban=OTHER_IBAN)

    moved = give(seller, iban=OTHER_IBAN, town="Altona")

    assert moved.cool_down_until == changed.cool_down_until


def test_the_same_details_again_are_no_change(seller):
    first = give(seller)

    assert give(seller, iban="DE89 3704 0044 0532 0130 00") == first
    assert Notice.objects.count() == 1


def test_every_member_reads_of_a_change_and_the_record_holds_no_account_number(seller):
    colleague = make_member(Role.SELLER, organization=organization_of(seller), email="colleague@north.example")
    give(seller)

    give(seller, iban=OTHER_IBAN)

    told = Notice.objects.filter(subject="payout details of North Clinic were changed")
    assert {notice.recipient for notice in told} == {seller.email, colleague.email}
    body = told[0].body
    assert body.startswith(
        "Nadia North changed the payout details of North Clinic from North Clinic gGmbH, DE89 … 3000 to "
        "North Clinic gGmbH, NL91 … 4300.\n\nNothing is sent to the new details before "
    )
    assert IBAN not in body
    recorded = AuditEvent.objects.filter(action__startswith="payout_profile.").order_by("at")
    assert [(event.action, event.data["iban"]) for event in recorded] == [
        ("payout_profile.given", "DE89 … 3000"), ("payout_profile.changed", "NL91 … 4300"),
    ]  # fmt: skip


def test_operators_learn_what_speaks_against_paying(seller):
    other = make_member(Role.SELLER, organization=make_organization(name="Quayside"))
    house = organization_of(seller)
    assert selectors.checks(house) == ["No payout details are given: the amount is credited and cannot be sent yet."]

    give(seller)
    profiles.give(organization=organization_of(other), details=details(payee_name="Quayside"), by=other)

    assert selectors.checks(house) == ["The bank account is also that of Quayside."]
    profiles.give(organization=organization_of(other), details=details(iban=OTHER_IBAN), by=other)
    assert selectors.checks(house) == []


def test_versions_are_history(seller):
    first = give(seller)

    for change in (lambda: PayoutProfile.objects.update(iban=OTHER_IBAN), first.delete):
        with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
            change()


def test_nobody_reads_or_changes_details_of_another_house(seller):
    give(seller)
    for stranger in (make_member(Role.SELLER), make_member(Role.OPERATOR), make_member(Role.BUYER)):
        client = signed_in(stranger)
        for name in ("profile", "profile_change"):
            assert client.get(address_of(name, seller)).status_code in {403, 404}
            assert client.post(address_of(name, seller), ADDRESS | {"iban": OTHER_IBAN}).status_code in {403, 404, 405}
    assert PayoutProfile.objects.count() == 1


def test_a_pasted_line_break_is_a_space(seller):
    profile = give(seller, payee_name="North\r\nClinic gGmbH ", street="Hafen\tstraße")

    assert (profile.payee_name, profile.street) == ("North Clinic gGmbH", "Hafen straße")
