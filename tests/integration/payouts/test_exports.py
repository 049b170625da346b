"""One projection: the CSV, the JSON and the screen show the same figures, and refuse to be a cent off."""

import csv
import dataclasses
import io
import json
from decimal import Decimal

import pytest

from payouts.errors import UnbalancedError
from payouts.models import Export, LedgerEntry
from payouts.selectors.money.projection import project
from payouts.selectors.money.renderings import CSV_COLUMNS, LINE_COLUMNS, line_dict, to_csv, to_json
from tests.integration.payouts import scenario
from tests.integration.payouts.browsing import browser, page


@pytest.fixture
def posted(db):
    place = scenario.market(names=["=SUM(A1)", 'Käse, "Süd" & Söhne', "-Minus", "Plain"])
    chosen = scenario.policy(fee_basis_points=150, minimum_minor=60_000)
    return scenario.posted(place, chosen=chosen)


def test_csv_and_json_and_projection_agree_cell_by_cell(posted):
    projection = project(posted)
    document = json.loads(bytes(posted.exports.get(kind="json").body))
    text = bytes(posted.exports.get(kind="csv").body).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))

    assert document["lines"] == [line_dict(record, "EUR") for record in projection.entries]
    assert len(rows) == len(document["lines"]) == 7
    for row, line in zip(rows, document["lines"], strict=True):
        for column in LINE_COLUMNS:
            spelled = "" if line[column] is None else str(line[column])
            assert row[column].removeprefix("'") == spelled or column != "organization"
            assert column == "organization" or row[column] == spelled
        assert (row["schema"], row["round_id"]) == ("payout_lines.v3", str(posted.pk))


def test_the_csv_for_excel_has_a_name_of_its_own(posted):
    client = browser(posted.triggered_by)

    names = [
        client.get(page(name, posted.pk) + query)["Content-Disposition"].partition("filename=")[2]
        for name, query in (("round_csv", ""), ("round_csv", "?bom=1"), ("round_json", "?bom=1"))
    ]

    assert names == [f'"round-{posted.pk}{ending}"' for ending in (".csv", "-excel.csv", ".json")]


def test_the_rows_sum_to_the_pot(posted):
    totals = project(posted).totals

    assert dataclasses.asdict(totals) == {
        "paid_minor": 935_750, "held_minor": 49_250, "fee_minor": 15_000, "unallocated_minor": 0,
        "pot_minor": 1_000_000,
    }  # fmt: skip
    document = json.loads(bytes(posted.exports.get(kind="json").body))
    assert document["totals"] == {
        "paid": "9357.50", "held": "492.50", "fee": "150.00", "unallocated": "0.00", "sum": "10000.00",
        "pot": "10000.00", "proved": True,
    }  # fmt: skip
    assert [line["disposition"] for line in document["lines"]] == [
        "pay", "pay", "pay", "carry", "fee", "return", "fund",
    ]  # fmt: skip


def test_debits_are_credits(posted):
    rows = list(csv.DictReader(io.StringIO(bytes(posted.exports.get(kind="csv").body).decode(), newline="")))

    debits, credits_ = ([Decimal(row[side]) for row in rows] for side in ("debit", "credit"))
    assert sum(debits) == sum(credits_) == Decimal("10000.00")
    assert [(row["kind"], row["debit"], row["credit"]) for row in rows if Decimal(row["debit"])] == [
        ("escrow", "10000.00", "0.00")
    ]
    # As the ledger has it: the escrow was debited with what each row was credited.
    entries = LedgerEntry.objects.filter(account__kind="escrow", account__round=posted, amount_minor__gt=0)
    credited = sorted(int(amount * 100) for amount in credits_ if amount)
    assert sorted(entries.values_list("amount_minor", flat=True)) == credited


def test_csv_is_rfc_4180_without_formulas(posted):
    body = to_csv(project(posted))

    lines = body.decode().split("\r\n")
    assert lines[0] == ",".join(CSV_COLUMNS)
    assert lines[-1] == ""
    assert "\n" not in "".join(lines)
    names = [row["organization"] for row in csv.DictReader(io.StringIO(body.decode(), newline=""))]
    assert names[:4] == ["'=SUM(A1)", 'Käse, "Süd" & Söhne', "'-Minus", "Plain"]


def test_the_same_bytes_come_out_again(posted):
    stored = posted.exports.get(kind="csv")

    assert to_csv(project(posted)) == bytes(stored.body)
    assert to_json(project(posted)) == bytes(posted.exports.get(kind="json").body)


@pytest.mark.parametrize("render", [to_csv, to_json])
@pytest.mark.parametrize("cents", [-1, 1])
def test_an_export_one_cent_off_refuses_itself(posted, render, cents):
    projection = project(posted)
    first, *rest = projection.records
    wrong = dataclasses.replace(first, credit_minor=first.credit_minor + cents)

    with pytest.raises(UnbalancedError, match="not to 1000000"):
        render(dataclasses.replace(projection, records=(wrong, *rest)))

    assert Export.objects.count() == 2
