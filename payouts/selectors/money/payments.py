"""What the bank is asked to pay for a posted round: to whom, to which account, under which reference.

The list follows from what posting and releases wrote down, and from the payout details that held at that moment: it is
the same whenever it is read. What was held and released afterwards is an order of its own, so that no line is in two.
"""

import csv
import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from marketplace.basics.money import minor_digits, plain_decimal
from marketplace.models import DataRequest
from payouts.core.bank_accounts import IbanError, masked, read_iban
from payouts.core.payment_order import Payer, Payment, PaymentOrder, to_pain001
from payouts.errors import PaymentFileError
from payouts.models import LedgerTransaction, LineRelease, PayoutLine, PayoutProfile, PayoutRound
from payouts.models.natural_keys import natural_key
from payouts.selectors.money.projection import line_records
from payouts.selectors.money.renderings import harmless
from payouts.selectors.round.waiting_lines import carried_along

CSV_COLUMNS: Final = (
    "message_id", "end_to_end_id", "payee", "street", "building_number", "postcode", "town", "country", "iban", "bic",
    "amount", "currency", "execution_date", "remittance",
)  # fmt: skip
_TEXT_COLUMNS: Final = ("payee", "street", "building_number", "postcode", "town", "remittance")
_SETTINGS: Final = {"name": "FAIRCUT_PAYER_NAME", "iban": "FAIRCUT_PAYER_IBAN"}


@dataclass(frozen=True)
class PaymentRow:
    """A payment as the page shows it: the account only by its ends."""

    organization: str
    payment: Payment

    @property
    def masked_iban(self) -> str:
        return masked(self.payment.iban)


@dataclass(frozen=True)
class PaymentList:
    """What is paid, and what of the round is not: lines that wait, and lines whose details did not hold."""

    order: PaymentOrder
    rows: tuple[PaymentRow, ...]
    waiting: tuple[PayoutLine, ...]
    without_details: tuple[PayoutLine, ...]

    @property
    def waiting_minor(self) -> int:
        return sum(line.amount_minor for line in self.waiting)

    @property
    def without_details_minor(self) -> int:
        return sum(line.amount_minor for line in self.without_details)


def payments_of_round(payout_round: PayoutRound) -> PaymentList:
    """The payments of a posted round: its own lines that were sent at posting, and balances that went along.

    Raises:
        PaymentFileError: The round is not posted.
    """
    if payout_round.posted_at is None:
        raise PaymentFileError("The round is not posted, so nothing is due.", remedy="Approve and post it first.")
    lines = list(payout_round.lines.select_related("organization", "round__request").order_by("number"))
    posted_at = _posted_at(payout_round)
    due, waiting = [], []
    for line, record in zip(lines, line_records(lines), strict=True):
        if record.disposition == "pay":
            due.append((line, posted_at[line.number]))
        elif line.amount_minor:
            waiting.append(line)
    along = [(line, line.release.at) for line in carried_along(payout_round)]
    return _list(
        message_id=payout_round.pk.hex,
        created_at=payout_round.posted_at,
        currency=payout_round.currency,
        due=[*due, *along],
        waiting=waiting,
    )


def payment_of_line(line: PayoutLine) -> PaymentList:
    """The payment of a line that was held and let go by itself.

    Raises:
        PaymentFileError: It was not, or goes along with a later round.
    """
    release = LineRelease.objects.filter(line=line, payout_round__isnull=True).first()
    if release is None:
        raise PaymentFileError(
            "The line has no payment of its own.",
            remedy="What was sent at posting, or went along with a later round, is among the payments of that round.",
        )
    return _list(
        message_id=end_to_end_id(line),
        created_at=release.at,
        currency=line.round.currency,
        due=[(line, release.at)],
        waiting=[],
    )


def end_to_end_id(line: PayoutLine) -> str:
    """The reference that goes with a line's payment to the seller's bank statement."""
    return f"FAIRCUT-{line.pk}"


def funding_reference(request: DataRequest) -> str:
    """What a buyer writes on a transfer, so that the bank statement names the request."""
    return f"FAIRCUT-{str(request.pk)[:8].upper()}"


def payer() -> Payer:
    """Whose account sellers are paid from.

    Raises:
        PaymentFileError: A setting is missing, or no IBAN.
    """
    if missing := [name for name in _SETTINGS.values() if not getattr(settings, name)]:
        raise PaymentFileError(
            f"The account to pay from is not known: {' and '.join(missing)} must be set.",
            remedy="The CSV needs neither.",
        )
    try:
        account = read_iban(settings.FAIRCUT_PAYER_IBAN)
    except IbanError as error:
        raise PaymentFileError(f"{_SETTINGS['iban']}: {error}", remedy="The CSV does not need it.") from error
    return Payer(settings.FAIRCUT_PAYER_NAME, account.iban, settings.FAIRCUT_PAYER_BIC or account.bic)


def to_xml(payments: PaymentList) -> bytes:
    """The payments as ISO 20022 pain.001.001.09.

    Raises:
        PaymentFileError: There is nothing to pay, or the account to pay from is not known.
    """
    if not payments.rows:
        raise PaymentFileError("There is nothing to pay.", remedy="See why each line waits on the page of the round.")
    return to_pain001(payments.order, payer())


def to_csv(payments: PaymentList) -> bytes:
    """The payments as RFC 4180 CSV, for a bank's upload form or for somebody who types them."""
    text = io.StringIO()
    writer = csv.DictWriter(text, CSV_COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    order = payments.order
    for payment in order.payments:
        row = {
            "message_id": order.message_id,
            "end_to_end_id": payment.end_to_end_id,
            "payee": payment.payee_name,
            "street": payment.street,
            "building_number": payment.building_number,
            "postcode": payment.postcode,
            "town": payment.town,
            "country": payment.country,
            "iban": payment.iban,
            "bic": payment.bic,
            "amount": plain_decimal(payment.amount_minor, order.currency),
            "currency": order.currency,
            "execution_date": order.created_at.astimezone(dt.UTC).date().isoformat(),
            "remittance": payment.remittance,
        }
        writer.writerow(row | {column: harmless(row[column]) for column in _TEXT_COLUMNS})
    return text.getvalue().encode()


def _list(
    *,
    message_id: str,
    created_at: dt.datetime,
    currency: str,
    due: Sequence[tuple[PayoutLine, dt.datetime]],
    waiting: Sequence[PayoutLine],
) -> PaymentList:
    details = _details([line for line, _ in due])
    rows, without_details = [], []
    for line, at in due:
        profile = _holding(details.get(line.organization_id, []), at)
        if profile is None:
            without_details.append(line)
        else:
            rows.append(PaymentRow(line.organization.name, _payment(line, profile)))
    order = PaymentOrder(message_id, created_at, currency, minor_digits(currency), tuple(row.payment for row in rows))
    return PaymentList(order, tuple(rows), tuple(waiting), tuple(without_details))


def _payment(line: PayoutLine, profile: PayoutProfile) -> Payment:
    return Payment(
        end_to_end_id=end_to_end_id(line),
        payee_name=profile.payee_name,
        street=profile.street,
        building_number=profile.building_number,
        postcode=profile.postcode,
        town=profile.town,
        country=profile.country,
        iban=profile.iban,
        bic=read_iban(profile.iban).bic,
        amount_minor=line.amount_minor,
        remittance=f"Faircut, line {line.number} of round {line.round_id.hex[:8]}: {line.round.request.title}",
    )


def _posted_at(payout_round: PayoutRound) -> dict[int, dt.datetime]:
    """When each line, by number, was posted; whether it could be sent was decided in the same transaction."""
    numbers = payout_round.lines.values_list("number", flat=True)
    keys = {natural_key(LedgerTransaction.Reason.PAYOUT, payout_round.pk, number): number for number in numbers}
    posted = LedgerTransaction.objects.filter(natural_key__in=keys)
    return {keys[key]: at for key, at in posted.values_list("natural_key", "at")}


def _details(lines: Sequence[PayoutLine]) -> dict[int, list[PayoutProfile]]:
    """All versions of the payout details of the lines' sellers, the newest first."""
    found: dict[int, list[PayoutProfile]] = {}
    organizations = {line.organization_id for line in lines}
    for profile in PayoutProfile.objects.filter(organization_id__in=organizations).order_by("-version"):
        found.setdefault(profile.organization_id, []).append(profile)
    return found


def _holding(versions: Sequence[PayoutProfile], at: dt.datetime) -> PayoutProfile | None:
    """The version that money could be sent to at a moment: given before it, and past its pause."""
    return next((profile for profile in versions if max(profile.given_at, profile.cool_down_until) <= at), None)
