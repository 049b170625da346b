"""Parquet files meet the same schema and the same words; what a footer claims is held against the limits first."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
import pytest

from marketplace.ingest import Checked, Limits, Refused, TableSchema, check

SCHEMA = TableSchema.from_json(
    {
        "columns": [
            {"name": "age", "kind": "number", "minimum": 0, "maximum": 120},
            {"name": "capital.gain", "kind": "number", "required": False},
            {"name": "sex", "kind": "category", "categories": ["Female", "Male"]},
        ]
    }
)
GOOD = {"age": [39, 50], "capital.gain": [2174.5, None], "sex": ["Male", "Female"]}


def written(columns, **options):
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, **options)
    return sink.getvalue()


def checked(data, *, limits=None):
    return check(io.BytesIO(data), filename="people.parquet", schema=SCHEMA, limits=limits)


def places(data, **options):
    result = checked(data, **options)
    assert isinstance(result, Refused)
    return [(problem.code, problem.row, problem.column, problem.value) for problem in result.problems]


@pytest.mark.parametrize(
    "columns",
    [
        GOOD,
        {name: GOOD[name] for name in reversed(GOOD)},
        GOOD | {"age": pa.array([39, 50], pa.int8())},
        GOOD | {"age": pa.array([39, 50], pa.float16())},
        GOOD | {"age": pa.array([39, 50], pa.uint64()).cast(pa.decimal128(20, 0))},
        GOOD | {"sex": pa.array(["Male", "Female"], pa.large_string())},
        GOOD | {"sex": pa.array([" Male", "Female "]).dictionary_encode()},
        GOOD | {"sex": pa.array(["Male", "Female"], pa.string_view())},
    ],
)
def test_good_file_becomes_float64_and_text_in_schema_order(columns):
    result = checked(written(columns))

    assert isinstance(result, Checked)
    assert result.format == "parquet"
    assert result.table.schema.types == [pa.float64(), pa.float64(), pa.string()]
    assert result.table.to_pydict() == GOOD


def test_whole_numbers_may_be_categories():
    schema = TableSchema.from_json({"columns": [{"name": "label", "kind": "category", "categories": ["0", "1"]}]})

    result = check(io.BytesIO(written({"label": [0, 1, 1]})), filename="a.parquet", schema=schema)

    assert result.table.to_pydict() == {"label": ["0", "1", "1"]}


def test_cell_problems_are_told_by_spreadsheet_row():
    data = written({"age": [39, None, 130], "capital.gain": [1.0, float("nan"), 2.0], "sex": ["Male", "male", ""]})

    assert places(data) == [
        ("required-constraint", 3, "age", None),
        ("type-error", 3, "capital.gain", "nan"),
        ("enum-constraint", 3, "sex", "male"),
        ("range-constraint", 4, "age", "130.0"),
        ("required-constraint", 4, "sex", None),
    ]


def test_row_numbers_run_on_across_batches():
    ages = [1.0] * 20_000 + [-1.0]

    assert places(written({"age": ages, "capital.gain": ages[::-1], "sex": ["Male"] * 20_001})) == [
        ("range-constraint", 20_002, "age", "-1.0")
    ]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("age", pa.array(["39", "50"])),
        ("age", pa.array([True, False])),
        ("age", pa.array([{"years": 1}, {"years": 2}])),
        ("age", pa.array([[1], [2]], pa.list_(pa.field("element", pa.int64())))),
        ("sex", pa.array([b"Male", b"Female"])),
        ("sex", pa.array([1.5, 2.5])),
        ("sex", pa.array([0, 1], pa.timestamp("ms"))),
    ],
)
def test_wrong_types(column, values):
    assert places(written(GOOD | {column: values})) == [("type-error", None, column, str(values.type))]


def test_labels():
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array(["Male"])], names=["age", "age", "Sex"])
    sink = io.BytesIO()
    pq.write_table(table, sink)

    assert places(sink.getvalue()) == [
        ("duplicate-label", 1, "age", "age"),
        ("missing-label", 1, "capital.gain", None),
        ("missing-label", 1, "sex", None),
        ("extra-label", 1, "Sex", "Sex"),
    ]


def test_no_rows():
    assert places(written({name: [] for name in GOOD})) == [("row-count", None, None, None)]


def test_truncated_and_foreign_files():
    assert places(written(GOOD)[:-5])[0][0] == "format-error"
    assert places(b"PAR1")[0][0] == "format-error"
    assert places(b"age,capital.gain,sex\n")[0][0] == "format-error"


def test_text_that_is_not_utf8():
    columns = GOOD | {"sex": pa.array([b"M\xff", b"Male"]).view(pa.string())}

    assert places(written(columns))[0][0] == "format-error"


class PlainKms(pe.KmsClient):
    def wrap_key(self, key_bytes, _master_key):
        return key_bytes

    def unwrap_key(self, wrapped_key, _master_key):
        return wrapped_key


@pytest.mark.parametrize("plaintext_footer", [True, False])
def test_encrypted_files(plaintext_footer):
    """With a plain footer Arrow aborts the process that asks for a column's metadata: only the child dies."""
    factory = pe.CryptoFactory(lambda _config: PlainKms())
    config = pe.EncryptionConfiguration(
        footer_key="f", column_keys={"c": list(GOOD)}, plaintext_footer=plaintext_footer, double_wrapping=False
    )
    properties = factory.file_encryption_properties(pe.KmsConnectionConfig(), config)

    result = checked(written(GOOD, encryption_properties=properties))

    assert [problem.code for problem in result.problems] == ["format-error"]
    assert "encrypted" in result.problems[0].message


def test_limits_hold_before_reading():
    zeros = np.zeros(100_000)
    data = written({"age": zeros, "capital.gain": zeros, "sex": ["Male"] * 100_000})

    assert len(data) < 10_000
    assert places(data, limits=Limits(rows=99_999)) == [("row-count", None, None, None)]
    assert places(data, limits=Limits(decoded_bytes=1_000_000)) == [("byte-count", None, None, None)]


def test_one_long_text_standing_for_every_row_does_not_unfold():
    sex = pa.DictionaryArray.from_arrays(np.zeros(50_000, np.int32), ["x" * 900_000])
    data = written({"age": np.zeros(50_000), "capital.gain": np.zeros(50_000), "sex": sex})

    result = checked(data)  # 45 GB if it did

    assert len(data) < 1_000_000
    assert result.counts == {"length-constraint": 50_000}


def test_encodings_that_unfold_are_refused():
    data = written(GOOD, use_dictionary=False, column_encoding={"sex": "DELTA_BYTE_ARRAY"})

    assert places(data) == [("format-error", None, "sex", None)]
