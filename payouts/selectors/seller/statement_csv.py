"""A statement as RFC 4180 CSV: opening balance, each movement, closing balance."""

import csv
import io
from typing import Final

from marketplace.basics.money import plain_decimal
from payouts.selectors.money.renderings import harmless
from payouts.selectors.seller.statements import Statement

SCHEMA: Final = "seller_statement.v1"
COLUMNS: Final = (
    "schema", "statement", "organization_id", "organization", "round_id", "at", "what", "request", "reference",
    "currency", "amount", "balance",
)  # fmt: skip


def to_csv(statement: Statement) -> bytes:
    """Write a statement: CRLF, UTF-8 without a byte-order mark, ``.`` as the decimal mark, balances last."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    head = {
        "schema": SCHEMA,
        "statement": statement.number,
        "organization_id": statement.organization_id,
        "organization": harmless(statement.organization),
        "round_id": statement.round_id,
        "currency": statement.currency,
    }

    def money(amount_minor: int) -> str:
        return plain_decimal(amount_minor, statement.currency)

    writer.writerow(head | {"what": "Opening balance", "balance": money(statement.opening_minor)})
    for movement in statement.movements:
        writer.writerow(
            head
            | {
                "at": movement.at.isoformat(),
                "what": movement.what,
                "request": harmless(movement.request),
                "reference": harmless(movement.reference),
                "amount": money(movement.amount_minor),
                "balance": money(movement.balance_minor),
            }
        )
    writer.writerow(head | {"what": "Closing balance", "balance": money(statement.closing_minor)})
    return text.getvalue().encode()
