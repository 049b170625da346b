"""What the bank is asked to pay: every line that was sent, to the account that held then, to the cent."""

import csv
import datetime as dt
import io
import xml.etree.ElementTree as ET
from decimal import Decimal

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.urls import reverse
from django.utils import timezone

from marketplace.models import AuditEvent
from payouts.core.payment_order import NAMESPACE
from payouts.errors import PaymentFileError
from payouts.models import PayoutProfile
from payouts.selectors.money.payments import payment_of_line, payments_of_round, to_csv, to_xml
from payouts.services import profiles, rounds
from tests.integration.payouts import scenario
from tests.integration.payouts.browsing import browser, page, words


@pytest.fixture(autouse=True)
def known_payer(settings):
    settings.FAIRCUT_PAYER_NAME = "Faircut GmbH"
    settings.FAIRCUT_PAYER_IBAN = "DE75 5121 0800 1245 1261 99"
    settings.FAIRCUT_PAYER_BIC = ""


def found(body, path):
    return [element.text for element in ET.fromstring(body).iterfind(path, {"": NAMESPACE})]  # noqa: S314 - our own bytes


def rows_of(body):
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


def downloads():
    return AuditEvent.objects.filter(action="round.payments_downloaded").order_by("at")


def test_the_bank_pays_exactly_the_lines_that_were_sent(place):
    posted = scenario.posted(place, chosen=scenario.policy(fee_basis_points=150, minimum_minor=60_000))
    payments = payments_of_round(posted)
    sent = posted.lines.filter(state="submitted").order_by("number")

    assert [row.payment.amount_minor for row in payments.rows] == [line.amount_minor for line in sent]
    assert payments.order.sum_minor == 935_750
    assert [line.amount_minor for line in payments.waiting] == [49_250]
    assert payments.without_details == ()
    body = to_xml(payments)
    assert found(body, ".//NbOfTxs") == ["3", "3"]
    assert found(body, ".//CtrlSum") == ["9357.50", "9357.50"]
    assert sum(Decimal(amount) for amount in found(body, ".//InstdAmt")) == Decimal("9357.50")
    assert found(body, ".//MsgId") == [posted.pk.hex]
    assert found(body, ".//DbtrAgt//BICFI") == ["SOGEDEFFXXX"]
    assert found(body, ".//EndToEndId") == [f"FAIRCUT-{line.pk}" for line in sent]
    rows = rows_of(to_csv(payments))
    assert sum(Decimal(row["amount"]) for row in rows) == Decimal("9357.50")
    assert [row["iban"] for row in rows] == found(body, ".//CdtrAcct//IBAN")
    assert {row["bic"] for row in rows} == {"COBADEFFXXX"}
    assert (rows[0]["street"], rows[0]["building_number"], rows[0]["country"]) == ("Harbour Road", "1", "DE")
    assert rows[0]["remittance"] == f"Faircut, line 1 of round {posted.pk.hex[:8]}: Incomes"


def test_what_changes_after_posting_changes_no_byte(place):
    posted = scenario.posted(place)
    before = to_xml(payments_of_round(posted)), to_csv(payments_of_round(posted))
    profiles.give(
        organization=place.sellers[0], details=scenario.payout_details(iban=scenario.iban()), by=place.people[0]
    )
    rounds.mark_paid(payout_round=posted, bank_reference="BANK-9", by=place.first)
    posted.refresh_from_db()

    assert (to_xml(payments_of_round(posted)), to_csv(payments_of_round(posted))) == before


def test_what_was_held_is_a_payment_of_its_own_once_it_is_released(place, monkeypatch):
    profiles.give(
        organization=place.sellers[1], details=scenario.payout_details(iban=scenario.iban()), by=place.people[1]
    )
    posted = scenario.posted(place)
    held = posted.lines.get(state="held")
    before = to_xml(payments_of_round(posted))
    assert [line.pk for line in payments_of_round(posted).waiting] == [held.pk]
    with pytest.raises(PaymentFileError, match="no payment of its own"):
        payment_of_line(held)

    later = timezone.now() + dt.timedelta(days=3)
    with monkeypatch.context() as days:
        days.setattr(timezone, "now", lambda: later)
        released = rounds.release(line=held, by=place.first)
    own = payment_of_line(released)

    assert own.order.message_id == f"FAIRCUT-{held.pk}"
    assert own.order.sum_minor == held.amount_minor
    last = PayoutProfile.objects.filter(organization=place.sellers[1]).order_by("-version").first()
    assert own.rows[0].payment.iban == last.iban
    assert to_xml(payments_of_round(posted)) == before
    client = browser(place.first, mfa_seconds_ago=1)
    assert (
        reverse("payouts:line_payment_xml", args=[held.pk])
        in client.get(page("round_detail", posted.pk)).content.decode()
    )
    assert client.get(reverse("payouts:line_payment_xml", args=[held.pk])).content == to_xml(own)


def test_account_numbers_need_the_second_factor_and_leave_a_trace(place):
    posted = scenario.posted(place)
    iban = PayoutProfile.objects.get(organization=place.sellers[0]).iban
    TOTP.activate(place.first, "JBSWY3DPEHPK3PXP")
    for name in ("payments", "payments_csv", "payments_xml"):
        assert browser(place.first).get(page(name, posted.pk))["Location"].startswith(reverse("mfa_reauthenticate"))
        assert browser(place.people[0]).get(page(name, posted.pk)).status_code == 403
    assert not downloads().exists()

    client = browser(place.first, mfa_seconds_ago=1)
    shown = client.get(page("payments", posted.pk))
    assert shown.status_code == 200
    assert iban not in shown.content.decode()
    assert iban[-4:] in words(shown)
    assert not downloads().exists()

    twice = [client.get(page("payments_xml", posted.pk)) for _ in range(2)]
    as_csv = client.get(page("payments_csv", posted.pk))
    assert twice[0].content == twice[1].content
    assert iban in twice[0].content.decode()
    assert iban in as_csv.content.decode()
    assert twice[0]["Content-Disposition"] == f'attachment; filename="payments-{posted.pk}.xml"'
    assert [(event.actor, event.data["reason"]) for event in downloads()] == [
        (place.first, "XML of 4 payments"), (place.first, "XML of 4 payments"), (place.first, "CSV of 4 payments"),
    ]  # fmt: skip
    assert "The payments were downloaded" in words(client.get(page("round_detail", posted.pk)))


def test_without_an_account_to_pay_from_the_page_says_so_and_the_csv_still_works(place, settings):
    settings.FAIRCUT_PAYER_IBAN = ""
    posted = scenario.posted(place)
    client = browser(place.first, mfa_seconds_ago=1)

    assert "FAIRCUT_PAYER_IBAN must be set." in words(client.get(page("payments", posted.pk)))
    refused = client.get(page("payments_xml", posted.pk))
    assert refused["Location"] == page("payments", posted.pk)
    assert not downloads().exists()
    assert len(rows_of(client.get(page("payments_csv", posted.pk)).content)) == 4


def test_a_round_that_is_not_posted_has_no_payments(place):
    approved = scenario.approved(place)

    assert browser(place.first, mfa_seconds_ago=1).get(page("payments", approved.pk)).status_code == 404


def test_sellers_without_details_are_counted_and_not_paid(db):
    place = scenario.market(with_details=False)
    posted = scenario.posted(place)

    payments = payments_of_round(posted)
    assert payments.rows == ()
    assert [line.amount_minor for line in payments.waiting] == [500_000, 300_000, 150_000, 50_000]
    with pytest.raises(PaymentFileError, match="There is nothing to pay"):
        to_xml(payments)
    shown = words(browser(place.first, mfa_seconds_ago=1).get(page("payments", posted.pk)))
    assert "Nothing to pay" in shown
    assert "4 lines, 10,000.00 EUR" in shown.replace("\u2009", ",").replace("\xa0", " ")
