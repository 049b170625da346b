"""Payment files: they follow ISO's schema, sum to the cent, and are the same bytes for the same payments."""

import dataclasses
import datetime as dt
import xml.etree.ElementTree as ET
from decimal import Decimal
from pathlib import Path

import pytest
import sepaxml
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from marketplace.basics.money import minor_digits
from payouts.core.payment_order import (
    NAMESPACE,
    Payer,
    Payment,
    PaymentOrder,
    PaymentOrderError,
    spelled,
    to_pain001,
)

SCHEMA = xmlschema.XMLSchema(Path(sepaxml.__file__).parent / "schemas" / "pain.001.001.09.xsd")
PAYER = Payer("Faircut GmbH", "DE75512108001245126199", "SOGEDEFFXXX")
PAYMENT = Payment(
    end_to_end_id="FAIRCUT-1",
    payee_name="Käse, Süd & Söhne",
    street="Große Straße",
    building_number="7a",
    postcode="20457",
    town="Hamburg",
    country="DE",
    iban="DE89370400440532013000",
    bic="COBADEFFXXX",
    amount_minor=184_217,
    remittance="Faircut, line 1 of round 0a1b2c3d: Incomes",
)


def order(*payments, currency="EUR", digits=2):
    at = dt.datetime(2026, 11, 22, 3, 4, 5, 678, tzinfo=dt.UTC)
    return PaymentOrder("0123456789abcdef0123456789abcdef", at, currency, digits, payments or (PAYMENT,))


def found(body, path):
    return [element.text for element in ET.fromstring(body).iterfind(path, {"": NAMESPACE})]  # noqa: S314 - our own bytes


def test_the_message_as_a_bank_reads_it():
    body = to_pain001(order(), PAYER)

    SCHEMA.validate(body.decode())
    assert found(body, ".//MsgId") == found(body, ".//PmtInfId") == ["0123456789abcdef0123456789abcdef"]
    assert found(body, ".//CreDtTm") == ["2026-11-22T03:04:05Z"]
    assert found(body, ".//ReqdExctnDt/Dt") == ["2026-11-22"]
    assert found(body, ".//DbtrAcct//IBAN") == [PAYER.iban]
    assert found(body, ".//DbtrAgt//BICFI") == ["SOGEDEFFXXX"]
    assert found(body, ".//SvcLvl/Cd") == ["SEPA"]
    assert found(body, ".//EndToEndId") == ["FAIRCUT-1"]
    assert found(body, ".//InstdAmt") == ["1842.17"]
    assert found(body, ".//CdtrAcct//IBAN") == [PAYMENT.iban]
    assert found(body, ".//CdtrAgt//BICFI") == ["COBADEFFXXX"]
    assert found(body, ".//Cdtr/Nm") == ["Kase, Sud + Sohne"]
    assert found(body, ".//Cdtr/PstlAdr/*") == ["Grosse Strasse", "7a", "20457", "Hamburg", "DE"]
    assert found(body, ".//Ustrd") == [PAYMENT.remittance]


@given(
    amounts=st.lists(st.integers(1, 10**12), min_size=1, max_size=20),
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
    name=st.text(st.characters(codec="utf-8"), max_size=70),
)
def test_whatever_is_paid_the_file_is_valid_and_its_sums_are_those_of_its_payments(amounts, currency, name):
    payments = [
        dataclasses.replace(
            PAYMENT,
            end_to_end_id=f"FAIRCUT-{place}",
            amount_minor=amount,
            payee_name=f"A {name}",
            remittance=f"B {name}",
        )
        for place, amount in enumerate(amounts)
    ]
    body = to_pain001(order(*payments, currency=currency, digits=minor_digits(currency)), PAYER)

    SCHEMA.validate(body.decode())
    assert found(body, ".//NbOfTxs") == [str(len(amounts))] * 2
    written = sum(Decimal(amount) for amount in found(body, ".//InstdAmt"))
    assert {Decimal(total) for total in found(body, ".//CtrlSum")} == {written}
    assert written.scaleb({"EUR": 2, "JPY": 0, "KWD": 3}[currency]) == sum(amounts)


def test_what_is_not_known_is_left_out():
    body = to_pain001(
        order(dataclasses.replace(PAYMENT, bic="", building_number=""), currency="CHF"),
        dataclasses.replace(PAYER, bic=""),
    )

    SCHEMA.validate(body.decode())
    assert found(body, ".//BICFI") == []
    assert found(body, ".//DbtrAgt//Othr/Id") == ["NOTPROVIDED"]
    assert found(body, ".//BldgNb") == []
    assert found(body, ".//SvcLvl") == []


@pytest.mark.parametrize(
    ("payments", "sentence"),
    [
        ([], "There is nothing to pay"),
        ([dataclasses.replace(PAYMENT, amount_minor=0)], "above 0"),
        ([PAYMENT, PAYMENT], "Two payments have the same id"),
        ([dataclasses.replace(PAYMENT, end_to_end_id="x" * 36)], "1 to 35 characters"),
    ],
)
def test_what_no_bank_could_take_is_refused(payments, sentence):
    with pytest.raises(PaymentOrderError, match=sentence):
        to_pain001(dataclasses.replace(order(), payments=tuple(payments)), PAYER)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Žižka & Łukasz", "Zizka + Lukasz"),
        ("Ærø\u2019s  Smørrebrød\n", "AEro's Smorrebrod"),
        ("<script>; *", "script"),
        ("\x00Tab\there", "Tab here"),
        ("Иван", "Иван"),
    ],
)
def test_names_are_spelled_as_every_bank_reads_them(text, plain):
    assert spelled(text, 70) == plain


def test_a_text_is_cut_to_what_the_message_takes():
    assert spelled("a" * 60 + " " + "b" * 80, 61) == "a" * 60
