"""How a file is read is guessed from its bytes, and what the seller says instead is followed."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace import ingest
from marketplace.ingest import Checked, Column, Guess, Limits, Preview, Problem, Reading, ReadingError, TableSchema
from marketplace.ingest.profile import BINS

SCHEMA = TableSchema(
    (
        Column("age", "number", minimum=0, maximum=120),
        Column("hours_per_week", "number", required=False),
        Column("sex", "category", categories=("Female", "Male")),
        Column("income", "category", categories=("<=50K", ">50K")),
    )
)
GOOD = "age,hours_per_week,sex,income\n39,40,Male,>50K\n50,,Female,<=50K\n"
EUROPEAN = "Age;Hours per week;SEX;Beruf;Income\n39,5;40;male;Müller;>50K\n50;;Fe male;Café;<=50K\n"


def guessed(data, schema=SCHEMA, filename="a.csv"):
    return ingest.guess(io.BytesIO(data), filename=filename, schema=schema, limits=Limits())


def checked(data, reading, schema=SCHEMA, limits=None):
    return ingest.check(io.BytesIO(data), filename="a.csv", schema=schema, reading=reading, limits=limits)


def parquet(**columns):
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def test_the_usual_file_leaves_nothing_to_ask():
    found = guessed(GOOD.encode())

    assert (found.is_certain, found.is_plain) == (True, True)
    assert found.reading == Reading(
        labels=("age", "hours_per_week", "sex", "income"),
        positions={"age": 0, "hours_per_week": 1, "sex": 2, "income": 3},
    )
    assert checked(GOOD.encode(), found.reading).table.num_rows == 2


@pytest.mark.parametrize(
    ("data", "is_plain"),
    [
        (GOOD.replace("hours_per_week", "Hours per week"), True),
        (GOOD.replace("\n", ",extra\n"), True),
        (GOOD.replace(",", ";"), False),
    ],
)
def test_whatever_was_guessed_is_shown(data, is_plain):
    found = guessed(data.encode())

    assert not found.is_certain
    assert found.is_plain == is_plain
    assert set(found.reading.positions.values()) == {0, 1, 2, 3}


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8"])
@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_separator_encoding_decimal_mark_and_names_are_told(encoding, delimiter):
    data = EUROPEAN.replace(";", delimiter).encode(encoding)

    reading = guessed(data).reading

    assert reading == Reading(
        delimiter=delimiter,
        encoding=encoding,
        decimal=",",
        labels=("Age", "Hours per week", "SEX", "Beruf", "Income"),
        positions={"age": 0, "hours_per_week": 1, "sex": 2, "income": 4},
    )
    found = checked(data, Reading(**{**vars(reading), "relaxed": ("sex",)}))
    assert found.table.to_pydict() == {
        "age": [39.5, 50.0],
        "hours_per_week": [40.0, None],
        "sex": ["Male", "Female"],
        "income": [">50K", "<=50K"],
    }


def test_a_file_without_a_header_gets_numbered_columns():
    data = b"39,40,Male,>50K\n50,,Female,<=50K\n"
    found = guessed(data)

    assert not found.reading.header
    assert found.reading.labels == ("Column 1", "Column 2", "Column 3", "Column 4")
    reading = Reading(header=False, positions={"age": 0, "hours_per_week": None, "sex": 2, "income": 3})
    assert checked(data, reading).table.column("age").to_pylist() == [39.0, 50.0]
    assert checked(data, reading).table.column("hours_per_week").to_pylist() == [None, None]


def test_problems_of_a_file_without_a_header_count_from_its_first_row():
    reading = Reading(header=False, positions={"age": 0, "hours_per_week": None, "sex": 1, "income": 2})

    found = checked(b"old,Male,>50K\n", reading)

    assert [(problem.code, problem.row) for problem in found.problems] == [("type-error", 1)]


def test_a_needed_column_without_a_match_is_a_problem_and_an_optional_one_is_empty():
    reading = Reading(positions={"age": None, "hours_per_week": None, "sex": 2, "income": 3})

    found = checked(GOOD.encode(), reading)

    assert [(problem.code, problem.column) for problem in found.problems] == [("missing-label", "age")]


def test_nothing_matched_is_a_problem_even_where_nothing_is_needed():
    schema = TableSchema((Column("gain", "number", required=False),))

    found = checked(b"a\n1\n", Reading(positions={"gain": None}), schema)

    assert found.total == 1


def test_a_point_is_no_thousands_separator_under_a_decimal_comma():
    reading = Reading(delimiter=";", decimal=",", positions={"gain": 0})
    schema = TableSchema((Column("gain", "number"),))

    found = checked(b"gain\n1.234\n1,5\n", reading, schema)

    assert [(problem.code, problem.value) for problem in found.problems] == [("type-error", "1.234")]


def test_relaxed_categories_keep_what_only_signs_tell_apart():
    reading = Reading(positions={"age": 0, "hours_per_week": 1, "sex": 2, "income": 3}, relaxed=("sex", "income"))
    data = b"age,hours_per_week,sex,income\n1,,MALE,<= 50k\n2,,femal,>50K\n"

    found = checked(data, reading)

    assert [(problem.code, problem.value) for problem in found.problems] == [("enum-constraint", "femal")]


def test_categories_that_fold_alike_are_not_guessed_between():
    schema = TableSchema((Column("grade", "category", categories=("a", "A", "b")),))
    reading = Reading(positions={"grade": 0}, relaxed=("grade",))

    assert checked(b"grade\na\nA\nB\n", reading, schema).table.to_pydict() == {"grade": ["a", "A", "b"]}
    schema = TableSchema((Column("grade", "category", categories=("x y", "X_Y")),))
    assert checked(b"grade\nXY\n", reading, schema).counts == {"enum-constraint": 1}


def test_of_two_labels_that_fold_alike_none_is_taken():
    reading = guessed(b"Age,AGE,sex,income\n1,2,Male,>50K\n").reading

    assert reading.positions == {"age": None, "hours_per_week": None, "sex": 2, "income": 3}


def test_parquet_columns_are_matched_by_name_too():
    data = parquet(Age=[39, 50], other=["x", "y"], SEX=["Male", "Female"], income=[">50K", "<=50K"])
    found = guessed(data, filename="a.parquet")

    assert (found.format, found.is_plain, found.is_certain) == ("parquet", True, False)
    table = checked(data, found.reading).table
    assert table.column_names == ["age", "hours_per_week", "sex", "income"]
    assert table.column("age").to_pylist() == [39.0, 50.0]


def test_a_parquet_name_that_is_there_twice_cannot_be_read():
    table = pa.table([pa.array([1.0]), pa.array([2.0])], names=["gain", "gain"])
    sink = io.BytesIO()
    pq.write_table(table, sink)
    schema = TableSchema((Column("gain", "number"),))

    found = checked(sink.getvalue(), Reading(positions={"gain": 0}), schema)

    assert found.counts == {"duplicate-label": 1}


@pytest.mark.parametrize(
    "options",
    [{"delimiter": "x"}, {"encoding": "utf-7"}, {"decimal": ";"}, {"positions": {"a": 0, "b": 0}}],
)
def test_options_that_cannot_be_followed_are_refused(options):
    with pytest.raises(ReadingError):
        Reading(**options)


def test_a_reading_survives_json_and_names_itself():
    reading = Reading(delimiter=";", positions={"age": 1, "sex": None}, relaxed=("sex",))

    assert Reading.from_json(reading.to_json()) == reading
    assert Reading.from_json(reading.to_json()).sha256 == reading.sha256
    assert reading.sha256 != Reading(delimiter=";", positions={"age": 1, "sex": None}).sha256


def test_a_preview_shows_fifty_rows_and_says_how_many_columns_it_leaves_out():
    data = (",".join(f"c{at}" for at in range(100)) + "\n" + ("1," * 99 + "1\n") * 80).encode()

    seen = ingest.preview(io.BytesIO(data), format_="csv", reading=Reading(), limits=Limits())

    assert (len(seen.rows), len(seen.labels), len(seen.labels_shown), seen.columns_left_out) == (50, 100, 40, 60)
    assert {len(row) for row in seen.rows} == {40}


@pytest.mark.parametrize(
    "data", [b"", b"\x00" * 100, b"PK\x03\x04", b"PAR1" + b"\xff" * 100, b'"', b"\n\n", b"\xff\xfe\x00"]
)
def test_what_no_option_makes_readable_is_refused_at_once(data):
    assert isinstance(guessed(data), Problem)


def test_a_histogram_counts_every_number_once():
    data = b"gain\n" + b"".join(b"%d\n" % number for number in range(100))
    schema = TableSchema((Column("gain", "number"),))

    [column] = checked(data, Reading(positions={"gain": 0}), schema).profile["columns"]

    assert column["histogram"] == [5] * BINS


def test_a_histogram_of_the_largest_numbers_does_not_overflow():
    schema = TableSchema((Column("gain", "number"),))

    [column] = checked(b"gain\n-1.7e308\n1.7e308\n", Reading(positions={"gain": 0}), schema).profile["columns"]

    assert column["histogram"] == [1, *[0] * (BINS - 2), 1]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["utf-8", "cp1252", "iso-8859-1", "cp1250", "utf-16"]), st.booleans())
def test_no_bytes_and_no_reading_make_it_raise(data, encoding, header):
    if not data.startswith(b"PA"):
        assert isinstance(guessed(data), (Guess, Problem))
        reading = Reading(encoding=encoding, header=header, delimiter=";", positions={"age": 0, "sex": 1, "income": 2})
        seen = ingest.preview(io.BytesIO(data), format_="csv", reading=reading, limits=Limits())
        assert isinstance(seen, (Preview, Problem))
        found = checked(data, reading)
        assert isinstance(found, Checked) or found.total > 0
