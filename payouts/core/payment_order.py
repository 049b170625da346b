"""An order to a bank: transfers to payees, as ISO 20022 message pain.001.001.09 (customer credit transfer)."""

import datetime as dt
import unicodedata
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
ID_CHARS, NAME_CHARS, REMITTANCE_CHARS = 35, 70, 140

# What every bank of the SEPA scheme must read (EPC217-08); what else a bank reads is its own affair.
_EVERY_BANK_READS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ ")
# Letters that Unicode does not take apart into a plain one and a mark.
_SPELLINGS: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ł": "l", "Ł": "L",
     "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "\u0131": "i", "\u2019": "'", "&": "+"}
)  # fmt: skip


class PaymentOrderError(ValueError):
    """The payments make no order that a bank could take."""


@dataclass(frozen=True)
class Payer:
    """Whose account is debited.

    Attributes:
        name: As the bank knows it.
        iban: Without spaces, in capitals.
        bic: Of the bank; empty where it is not known.
    """

    name: str
    iban: str
    bic: str


@dataclass(frozen=True)
class Payment:
    """One transfer.

    Attributes:
        end_to_end_id: Goes with the payment to the payee's statement; the same payment always has the same, at most 35
            characters.
        payee_name: Of the account.
        street, building_number, postcode, town: Of the payee, field by field; an empty one is left out.
        country: ISO 3166 alpha-2.
        iban: Without spaces, in capitals.
        bic: Of the payee's bank; empty where it is not known.
        amount_minor: Above 0, in minor units of the order's currency.
        remittance: What the payee reads on the statement.
    """

    end_to_end_id: str
    payee_name: str
    street: str
    building_number: str
    postcode: str
    town: str
    country: str
    iban: str
    bic: str
    amount_minor: int
    remittance: str


@dataclass(frozen=True)
class PaymentOrder:
    """Payments that are sent to the bank together.

    Attributes:
        message_id: The same payments always have the same, so that a bank can refuse the second of two files; at most
            35 characters.
        created_at: When the payments became due, never when a file was written: the bytes depend on it.
        currency: ISO 4217, of all amounts.
        currency_digits: How many decimals the currency has.
        payments: At least one.
    """

    message_id: str
    created_at: dt.datetime
    currency: str
    currency_digits: int
    payments: tuple[Payment, ...]

    @property
    def sum_minor(self) -> int:
        return sum(payment.amount_minor for payment in self.payments)


def to_pain001(order: PaymentOrder, payer: Payer) -> bytes:
    """Write an order as pain.001.001.09; the same order gives the same bytes.

    Payments in euros ask for the SEPA service level; others leave the way to the bank. The day of execution is that of
    ``created_at``: banks execute what is due at once.

    Args:
        order: The payments.
        payer: Whose account is debited.

    Returns:
        The XML document, UTF-8.

    Raises:
        PaymentOrderError: There is no payment, an amount is not above 0, an id is empty or too long, or two payments
            have the same.
    """
    _require_sound(order)
    document = ET.Element("Document", xmlns=NAMESPACE)
    message = ET.SubElement(document, "CstmrCdtTrfInitn")
    total = _decimal(order.sum_minor, order)
    header = ET.SubElement(message, "GrpHdr")
    _text(header, "MsgId", order.message_id)
    _text(header, "CreDtTm", order.created_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    _text(header, "NbOfTxs", str(len(order.payments)))
    _text(header, "CtrlSum", total)
    _text(ET.SubElement(header, "InitgPty"), "Nm", spelled(payer.name, NAME_CHARS))
    block = ET.SubElement(message, "PmtInf")
    _text(block, "PmtInfId", order.message_id)
    _text(block, "PmtMtd", "TRF")
    _text(block, "NbOfTxs", str(len(order.payments)))
    _text(block, "CtrlSum", total)
    if order.currency == "EUR":
        _text(_nested(block, "PmtTpInf", "SvcLvl"), "Cd", "SEPA")
    _text(ET.SubElement(block, "ReqdExctnDt"), "Dt", order.created_at.astimezone(dt.UTC).date().isoformat())
    _text(ET.SubElement(block, "Dbtr"), "Nm", spelled(payer.name, NAME_CHARS))
    _text(_nested(block, "DbtrAcct", "Id"), "IBAN", payer.iban)
    bank = _nested(block, "DbtrAgt", "FinInstnId")
    if payer.bic:
        _text(bank, "BICFI", payer.bic)
    else:  # the schema asks for something; this is what the scheme's guidelines put there
        _text(ET.SubElement(bank, "Othr"), "Id", "NOTPROVIDED")
    _text(block, "ChrgBr", "SLEV")
    for payment in order.payments:
        _transfer(block, payment, order)
    ET.indent(document)
    body: bytes = ET.tostring(document, encoding="utf-8", xml_declaration=True)
    return body + b"\n"


def spelled(text: str, chars_max: int) -> str:
    """Spell a text in the letters that every bank reads.

    Marks are taken off letters (``Müller`` becomes ``Muller``). A letter that has no such spelling stays as it is: a
    bank that cannot read it says so, and a guess could pay somebody else.

    Args:
        text: Any text.
        chars_max: Longest text that the message takes.

    Returns:
        The text on one line, cut to length.
    """
    found = []
    for letter in text.translate(_SPELLINGS):
        plain = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
        if plain and set(plain) <= _EVERY_BANK_READS:
            found.append(plain)
        elif letter.isalnum():
            found.append(letter)
        else:
            found.append(" ")
    return " ".join("".join(found).split())[:chars_max].strip()


def _require_sound(order: PaymentOrder) -> None:
    ids = [payment.end_to_end_id for payment in order.payments]
    if not ids:
        raise PaymentOrderError("There is nothing to pay.")
    if any(payment.amount_minor <= 0 for payment in order.payments):
        raise PaymentOrderError("Only an amount above 0 can be paid.")
    if any(not 0 < len(each) <= ID_CHARS for each in [order.message_id, *ids]):
        raise PaymentOrderError(f"An id has 1 to {ID_CHARS} characters.")
    if len(set(ids)) < len(ids):
        raise PaymentOrderError("Two payments have the same id.")


def _decimal(amount_minor: int, order: PaymentOrder) -> str:
    """Write an amount with all decimals of the order's currency."""
    return f"{Decimal(amount_minor).scaleb(-order.currency_digits):f}"


def _transfer(block: ET.Element, payment: Payment, order: PaymentOrder) -> None:
    transfer = ET.SubElement(block, "CdtTrfTxInf")
    _text(ET.SubElement(transfer, "PmtId"), "EndToEndId", payment.end_to_end_id)
    amount = ET.SubElement(ET.SubElement(transfer, "Amt"), "InstdAmt", Ccy=order.currency)
    amount.text = _decimal(payment.amount_minor, order)
    if payment.bic:
        _text(_nested(transfer, "CdtrAgt", "FinInstnId"), "BICFI", payment.bic)
    payee = ET.SubElement(transfer, "Cdtr")
    _text(payee, "Nm", spelled(payment.payee_name, NAME_CHARS))
    address = ET.SubElement(payee, "PstlAdr")
    _text(address, "StrtNm", spelled(payment.street, 70))
    _text(address, "BldgNb", spelled(payment.building_number, 16))
    _text(address, "PstCd", spelled(payment.postcode, 16))
    _text(address, "TwnNm", spelled(payment.town, 35))
    _text(address, "Ctry", payment.country)
    _text(_nested(transfer, "CdtrAcct", "Id"), "IBAN", payment.iban)
    _text(ET.SubElement(transfer, "RmtInf"), "Ustrd", spelled(payment.remittance, REMITTANCE_CHARS))


def _nested(parent: ET.Element, *tags: str) -> ET.Element:
    for tag in tags:
        parent = ET.SubElement(parent, tag)
    return parent


def _text(parent: ET.Element, tag: str, text: str) -> None:
    """Append an element with a text; an empty text appends nothing."""
    if text:
        ET.SubElement(parent, tag).text = text
