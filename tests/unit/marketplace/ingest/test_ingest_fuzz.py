"""No bytes make the checks raise: the answer is a table or a list of problems."""

import csv
import io

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import example, given, settings
from hypothesis import strategies as st

from marketplace.ingest import Checked, TableSchema, check

SCHEMA = TableSchema.from_json(
    {
        "columns": [
            {"name": "age", "kind": "number", "minimum": 0, "maximum": 120},
            {"name": "sex", "kind": "category", "required": False, "categories": ["Female", "Male"]},
        ]
    }
)
CSV = b'\xef\xbb\xbfage,sex\r\n39,"Male"\r\n50,\r\n51.5,Female\r\n'


def parquet_bytes():
    sink = io.BytesIO()
    pq.write_table(pa.table({"age": [39.0, 50.0, 51.5] * 50, "sex": ["Male", None, "Female"] * 50}), sink)
    return sink.getvalue()


PARQUET = parquet_bytes()


def answers(data, filename="file.csv"):
    """Return whether the file was accepted, after checking the promises that hold for either answer."""
    result = check(io.BytesIO(data), filename=filename, schema=SCHEMA)
    if isinstance(result, Checked):
        assert result.table.schema == pa.schema([("age", pa.float64()), ("sex", pa.string())])
        assert result.table.num_rows == result.profile["rows"] > 0
        return True
    assert 1 <= len(result.problems) <= min(100, result.total)
    assert all(problem.message and problem.remedy for problem in result.problems)
    assert all(problem.value is None or problem.value.isprintable() for problem in result.problems)
    return False


def mutated(original):
    places = st.integers(0, len(original) - 1)
    edits = st.lists(st.tuples(places, st.binary(max_size=3), st.integers(0, 4)), min_size=1, max_size=4)

    def edit(changes):
        data = original
        for place, inserted, removed in changes:
            data = data[:place] + inserted + data[place + removed :]
        return data

    return edits.map(edit)


@settings(deadline=None)
@given(st.binary(max_size=400))
@example(b"PAR1" + b"\xff" * 8 + b"PAR1")
def test_any_bytes(data):
    answers(data)


@given(st.text(alphabet=st.sampled_from('age,sx;\t|"\n\r 0159.-eMal\u00e4\ufeff\x85'), max_size=200))
def test_any_text_with_the_header(text):
    answers(b"age,sex\n" + text.encode())
    answers(text.encode())


@given(mutated(CSV))
def test_damaged_csv(data):
    answers(data)


@settings(max_examples=15, deadline=None)  # each in a process of its own
@given(mutated(PARQUET))
def test_damaged_parquet(data):
    answers(data)


@settings(max_examples=5, deadline=None)
@given(st.integers(8, len(PARQUET) - 1))
def test_truncated_parquet_is_refused(length):
    assert not answers(PARQUET[:length], "file.parquet")


CELLS = st.tuples(
    st.floats(0, 120).map(lambda number: repr(number + 0.0)), st.sampled_from(["Female", "Male", " Male ", ""])
)


@given(st.lists(CELLS, min_size=1, max_size=30), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_valid_rows_come_back_exactly(rows, terminator, is_quoted):
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=terminator, quoting=csv.QUOTE_ALL if is_quoted else csv.QUOTE_MINIMAL)
    writer.writerows([("age", "sex"), *rows])

    result = check(io.BytesIO(text.getvalue().encode()), filename="file.csv", schema=SCHEMA)

    assert result.table.to_pydict() == {
        "age": [float(age) for age, _ in rows],
        "sex": [sex.strip() or None for _, sex in rows],
    }
