"""Columns of the export are a promise: another set of them has another schema id, and the API describes the same."""

from payouts.api.v1 import views
from payouts.api.v1.serializers import LineSerializer
from payouts.selectors.money.projection import SCHEMA
from payouts.selectors.money.renderings import LINE_COLUMNS

# Whoever changes columns raises the schema id and writes both down here.
COLUMNS = {
    "payout_lines.v3": (
        "number", "kind", "organization_id", "organization", "owner_key", "disposition", "reason", "rows", "currency",
        "debit", "credit", "amount_lower", "amount_upper", "amount_validation_lower", "amount_validation_upper",
        "share", "share_lower", "share_upper", "share_validation_lower", "share_validation_upper",
        "value", "value_lower", "value_upper", "value_validation_lower", "value_validation_upper",
        "chance",
    ),
}  # fmt: skip


def test_other_columns_have_another_schema_id():
    assert COLUMNS == {SCHEMA: LINE_COLUMNS}


def test_the_api_describes_the_columns_of_the_export():
    assert tuple(LineSerializer().fields) == LINE_COLUMNS
    assert SCHEMA in LineSerializer.__doc__
    assert SCHEMA in views.LinesCsv.get.__doc__
