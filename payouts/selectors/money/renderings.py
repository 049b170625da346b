"""The projection as text: plain JSON types for the API, RFC 4180 CSV for spreadsheets. Same figures, same spelling."""

import csv
import io
import json
from decimal import Decimal
from typing import Any, Final

from marketplace.basics.money import plain_decimal
from payouts.selectors.money.projection import LineRecord, RoundProjection

# Stable order; a change needs a new schema id. Money is plain decimals of the currency, a value a plain number.
LINE_COLUMNS: Final = (
    "number", "kind", "organization_id", "organization", "owner_key", "disposition", "reason", "rows", "currency",
    "debit", "credit", "amount_lower", "amount_upper", "amount_validation_lower", "amount_validation_upper",
    "share", "share_lower", "share_upper", "share_validation_lower", "share_validation_upper",
    "value", "value_lower", "value_upper", "value_validation_lower", "value_validation_upper",
    "chance",
)  # fmt: skip
CSV_COLUMNS: Final = ("schema", "round_id", "request_id", "request", "effective_date", *LINE_COLUMNS)

# A spreadsheet runs a cell that starts like this as a formula (OWASP ASVS 5.0, 1.2.10).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\0")
_TEXT_COLUMNS = ("request", "organization")


def line_dict(record: LineRecord, currency: str) -> dict[str, Any]:
    """One record in JSON types: money as decimal strings, shares exact to 12 digits as strings, values as numbers."""
    row: dict[str, Any] = {}
    for column in LINE_COLUMNS:
        if column == "currency":
            row[column] = currency
        elif column in {"debit", "credit"} or column.startswith("amount"):
            minor = getattr(record, f"{column}_minor")
            row[column] = None if minor is None else plain_decimal(minor, currency)
        else:
            figure = getattr(record, column)
            row[column] = str(figure) if isinstance(figure, Decimal) else figure
    return row


def totals_dict(projection: RoundProjection) -> dict[str, Any]:
    """The proof of the sum, as decimal strings."""
    totals = projection.totals
    names = ("paid", "held", "fee", "unallocated", "sum", "pot")
    amounts = {name: plain_decimal(getattr(totals, f"{name}_minor"), projection.currency) for name in names}
    return amounts | {"proved": totals.is_proved}


def to_json(projection: RoundProjection) -> bytes:
    """The whole projection as one JSON document.

    Raises:
        UnbalancedError: The rows do not sum to the pot.
    """
    projection.prove()
    document = {
        "schema": projection.schema,
        "round_id": str(projection.round_id),
        "request_id": str(projection.request_id),
        "request": projection.request,
        "effective_date": projection.effective_date.isoformat() if projection.effective_date else None,
        "currency": projection.currency,
        "inputs_sha256": projection.inputs_sha256,
        "lines_sha256": projection.lines_sha256,
        "totals": totals_dict(projection),
        "lines": [line_dict(record, projection.currency) for record in projection.entries],
    }
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def to_csv(projection: RoundProjection) -> bytes:
    """The rows as RFC 4180 CSV: CRLF, UTF-8 without a byte-order mark, ``.`` as the decimal mark.

    Raises:
        UnbalancedError: The rows do not sum to the pot.
    """
    projection.prove()
    text = io.StringIO()
    writer = csv.DictWriter(text, CSV_COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    head: dict[str, Any] = {
        "schema": projection.schema,
        "round_id": projection.round_id,
        "request_id": projection.request_id,
        "request": projection.request,
        "effective_date": projection.effective_date.isoformat() if projection.effective_date else None,
    }
    for record in projection.entries:
        row = head | line_dict(record, projection.currency)
        writer.writerow(row | {column: harmless(row[column]) for column in _TEXT_COLUMNS})
    return text.getvalue().encode()


def harmless(text: str) -> str:
    """Text that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
