"""Marks inside numbers: what could be a thousand times as much is asked, typesetters' spaces are read."""

import io

import pytest

from marketplace import ingest
from marketplace.ingest import Checked, Column, Limits, Reading, TableSchema
from marketplace.ingest.marks import decimal_mark
from marketplace.ingest.sample import describe

SCHEMA = TableSchema(
    (Column("age", "number"), Column("income", "number"), Column("label", "category", True, None, None, ("no", "yes")))
)
POSITIONS = {name: at for at, name in enumerate(SCHEMA.names)}
ASKED = "“{0}” may be {1} or {2}: every number with a mark has exactly three digits after it."
REMEDY = (
    "Choose the decimal mark where the upload asks how the file is read; or write thousands without a mark ({0}), and "
    "decimals with a point and a fourth digit ({1}0)."
)


def table(*incomes, delimiter=";"):
    rows = [delimiter.join((str(20 + at), income, "no" if at % 2 else "yes")) for at, income in enumerate(incomes)]
    return "\n".join([delimiter.join(SCHEMA.names), *rows, ""]).encode()


def guessed(data):
    return ingest.guess(io.BytesIO(data), filename="a.csv", schema=SCHEMA, limits=Limits())


def checked(data, reading=None):
    return ingest.check(io.BytesIO(data), filename="a.csv", schema=SCHEMA, reading=reading)


def incomes_of(result):
    assert isinstance(result, Checked), result
    return result.table.column("income").to_pylist()


@pytest.mark.parametrize(
    ("cells", "delimiter_is_comma", "expected"),
    [
        (["12,101", "7"], False, ("", "12,101")),
        (["12.101", "7"], False, ("", "12.101")),
        (["12.101", "-1.500"], True, ("", "12.101")),
        (["12,101", "12,5"], False, (",", "")),
        (["12.101", "0.500"], False, (".", "")),
        (["12.101", "1234.567"], False, (".", "")),
        (["12.101", "1.5e3"], False, (".", "")),
        (["12,101", "1,234.50"], False, (".", "")),
        (["12.101", "1.234,5"], False, (",", "")),
        (["12,101", "1,234,567"], False, (".", "")),
        (["12\u00a0101,5", "7"], False, (",", "")),
        (["12101", "words"], False, ("", "")),
    ],
)  # fmt: skip
def test_numbers_prove_their_decimal_mark_or_are_asked_about(cells, delimiter_is_comma, expected):
    assert decimal_mark(cells, possible="." if delimiter_is_comma else ".,") == expected


@pytest.mark.parametrize("income", ["12,101", "12.101"])
def test_no_mark_is_proposed_where_every_number_has_three_digits_after_it(income):
    data = table("12" + income[2] + "000", income, "7")

    found = guessed(data)

    assert not found.is_plain
    assert (found.reading.decimal, found.reading.doubtful) == ("", f"12{income[2]}000")
    [problem] = checked(data, found.reading).problems
    assert problem.message == ASKED.format(f"12{income[2]}000", "12000", "12.000")
    assert problem.remedy == REMEDY.format("12000", "12.000")


def test_what_is_chosen_is_followed():
    data = table("12,000", "12,101")
    options = {"delimiter": ";", "doubtful": "12,000", "positions": POSITIONS, "labels": SCHEMA.names}

    assert incomes_of(checked(data, Reading(decimal=",", **options))) == [12.0, 12.101]
    refused = checked(data, Reading(decimal=".", **options))
    assert [problem.message for problem in refused.problems] == [
        "“12,000” holds commas; a plain number is expected.",
        "“12,101” holds commas; a plain number is expected.",
    ]
    assert (
        refused.problems[1].remedy == "Write 12101, without separators. If the comma is a decimal mark, write 12.101."
    )


def test_a_file_that_nobody_was_asked_about_is_refused_and_points_are_read_where_one_proves_them():
    [problem] = checked(table("12.000", "12.101", delimiter=",")).problems
    assert problem.message == ASKED.format("12.000", "12000", "12.000")

    assert incomes_of(checked(table("12.000", "12.1010", delimiter=","))) == [12.0, 12.101]
    assert incomes_of(checked(table("0.125", "12.101", delimiter=","))) == [0.125, 12.101]
    assert incomes_of(checked(table("12000", "7", delimiter=","))) == [12000, 7]
    assert incomes_of(checked(table("12.000", "12.101", delimiter=","), Reading(decimal="."))) == [12.0, 12.101]


def test_a_number_that_comes_late_is_seen():
    data = table(*["7"] * 70_000, "12.101", delimiter=",")

    assert [problem.message for problem in checked(data).problems] == [ASKED.format("12.101", "12101", "12.101")]


@pytest.mark.parametrize("space", ["\u00a0", "\u202f", "\u2009"])
def test_thousands_grouped_by_a_typesetters_space_are_read(space):
    data = table(f"1{space}200,50", f"12{space}345{space}678,5", f"-1{space}000")

    found = guessed(data)

    assert found.reading.decimal == ","
    assert incomes_of(checked(data, found.reading)) == [1200.5, 12345678.5, -1000]


@pytest.mark.parametrize("cell", ["1\u00a02000", "1\u00a020", "12\u00a0ab"])
def test_other_spaces_inside_a_number_stay_a_problem(cell):
    result = checked(table(cell, "0,5"), Reading(delimiter=";", decimal=",", positions=POSITIONS, labels=SCHEMA.names))

    assert result.counts == {"type-error": 1}


@pytest.mark.parametrize(("number", "delimiter"), [("12,101", ";"), ("12.101", ";"), ("12.101", ",")])
def test_a_buyers_sample_is_asked_about_too(number, delimiter):
    problem = describe(io.BytesIO(table(number, "7", delimiter=delimiter)), filename="a.csv", limits=Limits())

    assert problem.message == ASKED.format(number, "12101", "12.101")


def test_a_sample_with_proof_and_spaces_is_read():
    found = describe(io.BytesIO(table("12.101", "0.5", "1\u202f200.5")), filename="a.csv", limits=Limits())

    assert [(column.name, column.kind) for column in found.columns][:2] == [("age", "number"), ("income", "number")]
    assert found.columns[1].maximum == 2000


def test_the_name_of_a_reading_does_not_hang_on_why_it_was_asked():
    assert Reading(doubtful="12.101", decimal=".").sha256 == Reading().sha256
    assert Reading.from_json(Reading(doubtful="12.101").to_json()).doubtful == "12.101"
    before = Reading(decimal=",").to_json()
    del before["doubtful"]
    assert Reading.from_json(before) == Reading(decimal=",")
