"""Every fault of a CSV file is told with its row, column and code, and good files come through unchanged."""

import io
import re
from pathlib import Path

import pyarrow as pa
import pytest

from marketplace import ingest
from marketplace.ingest import Checked, Limits, Refused, TableSchema, check
from marketplace.ingest.problems import KINDS

SCHEMA = TableSchema.from_json(
    {
        "columns": [
            {"name": "age", "kind": "number", "required": True, "minimum": 0, "maximum": 120},
            {"name": "gain", "kind": "number", "required": False},
            {"name": "sex", "kind": "category", "required": True, "categories": ["Female", "Male"]},
        ]
    }
)
GOOD = b"age,gain,sex\n39,2174.5,Male\n50,,Female\n"


def checked(data, *, filename="people.csv", limits=None):
    return check(io.BytesIO(data), filename=filename, schema=SCHEMA, limits=limits)


def places(data, **options):
    result = checked(data, **options)
    assert isinstance(result, Refused)
    return [(problem.code, problem.row, problem.column, problem.value) for problem in result.problems]


def only(data, **options):
    result = checked(data, **options)
    assert isinstance(result, Refused)
    assert len(result.problems) == 1
    return result.problems[0]


def test_good_file_becomes_float64_and_text_in_schema_order():
    result = checked(b"sex,gain,age\n Male ,2174.5,39\nFemale,,50\n")

    assert isinstance(result, Checked)
    assert result.format == "csv"
    assert result.table.schema == pa.schema([("age", pa.float64()), ("gain", pa.float64()), ("sex", pa.string())])
    assert result.table.to_pydict() == {"age": [39.0, 50.0], "gain": [2174.5, None], "sex": ["Male", "Female"]}


def test_profile_summarises_each_column():
    assert checked(GOOD).profile == {
        "rows": 2,
        "columns": [
            {
                "name": "age",
                "kind": "number",
                "missing": 0,
                "minimum": 39.0,
                "mean": 44.5,
                "maximum": 50.0,
                "histogram": [1, *[0] * 18, 1],
            },
            {
                "name": "gain",
                "kind": "number",
                "missing": 1,
                "minimum": 2174.5,
                "mean": 2174.5,
                "maximum": 2174.5,
                "histogram": [1, *[0] * 19],
            },
            {"name": "sex", "kind": "category", "missing": 0, "counts": {"Female": 1, "Male": 1}},
        ],
    }


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.replace(b"\n", b"\r"),
        GOOD + b"\n\n,,\n  \n",
        GOOD.rstrip(b"\n"),
        GOOD.replace(b"39", b'"39"'),
        GOOD.replace(b"39", b"+3.9e1"),
        GOOD.replace(b",Male", b',"Male"').replace(b"39,", b"39, "),
    ],
    ids=["bom", "crlf", "cr", "blank-end", "no-last-newline", "quoted", "exponent", "space-after-comma"],
)
def test_harmless_differences_are_fine(data):
    assert checked(data).table == checked(GOOD).table


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_wrong_delimiter_is_named(delimiter):
    problem = only(GOOD.replace(b",", delimiter.encode()))

    assert (problem.code, problem.row) == ("dialect-error", 1)
    assert {";": "semicolons", "\t": "tabs", "|": "vertical bars"}[delimiter] in problem.message


def test_wrong_delimiter_without_a_header_is_named():
    assert only(b"39;1;Male\n50;2;Female\n").code == "dialect-error"


def test_missing_and_extra_columns_suggest_each_other():
    result = checked(b"Age,gain,sex,note\n39,1,Male,x\n")

    assert [(problem.code, problem.row, problem.column) for problem in result.problems] == [
        ("missing-label", 1, "age"),
        ("extra-label", 1, "Age"),
        ("extra-label", 1, "note"),
    ]
    assert result.problems[0].remedy == "Rename “Age” to “age”."
    assert result.problems[1].remedy == "Rename it to “age”, if that is what it holds."
    assert result.problems[2].remedy == "Remove it; the columns asked for are: age, gain, sex."


def test_duplicate_and_blank_columns():
    assert places(b"age,gain,sex,age,\n39,1,Male,39,\n") == [
        ("blank-label", 1, None, None),
        ("duplicate-label", 1, "age", "age"),
    ]


def test_cells_are_checked_even_when_another_column_is_missing():
    assert places(b"age,sex\nold,Male\n") == [("missing-label", 1, "gain", None), ("type-error", 2, "age", "old")]


def test_header_missing():
    assert [place[0] for place in places(b"39,1,Male\n50,2,Female\n")] == ["missing-label"] * 3 + ["extra-label"] * 3


def test_header_blank():
    assert places(b"\n" + GOOD) == [("blank-header", 1, None, None)]


@pytest.mark.parametrize(
    ("cell", "hint"),
    [
        ("old", "decimal point"),
        ('"12,5"', "Write 12.5, with a decimal point."),
        ('"1,234"', "Write 1234, without separators."),
        ("n/a", "must be filled"),
        ("inf", "must be filled"),
        ("NaN", "must be filled"),
        ("1e999", "must be filled"),
        ("1_000", "decimal point"),
        ("0x1F", "decimal point"),
        ("\u0663", "decimal point"),
        ("12 %", "decimal point"),
    ],
)
def test_what_is_not_a_number(cell, hint):
    problem = only(f"age,gain,sex\n39,1,Male\n{cell},1,Male\n".encode())

    assert (problem.code, problem.row, problem.column, problem.value) == ("type-error", 3, "age", cell.strip('"'))
    assert hint in problem.remedy


def test_missing_word_in_an_optional_column_may_be_left_empty():
    assert only(b"age,gain,sex\n39,NA,Male\n").remedy == "Give the number, or leave the cell empty where it is unknown."


def test_numbers_out_of_range():
    assert places(b"age,gain,sex\n-1,1,Male\n120,1,Male\n120.5,1,Male\n") == [
        ("range-constraint", 2, "age", "-1"),
        ("range-constraint", 4, "age", "120.5"),
    ]
    assert "from 0 to 120" in only(b"age,gain,sex\n-1,1,Male\n").message


def test_unknown_category_lists_those_allowed_and_the_nearest():
    problem = only(b"age,gain,sex\n39,1,Femal\n")

    assert (problem.code, problem.row, problem.column, problem.value) == ("enum-constraint", 2, "sex", "Femal")
    assert problem.remedy == "Perhaps “Female” is meant. Allowed: Female, Male."


def test_empty_required_cells():
    assert places(b"age,gain,sex\n,1,Male\n39,,  \n") == [
        ("required-constraint", 2, "age", None),
        ("required-constraint", 3, "sex", None),
    ]


def test_blank_row_between_rows():
    assert places(b"age,gain,sex\n39,1,Male\n\n,,\n50,1,Male\n") == [
        ("blank-row", 3, None, None),
        ("blank-row", 4, None, None),
    ]


def test_ragged_rows():
    assert places(b"age,gain,sex\n39,1,Male,9\n50,2\n51,3,Male\n") == [
        ("extra-cell", 2, None, "9"),
        ("missing-cell", 3, "sex", "2"),
    ]


def test_row_number_counts_a_quoted_line_break_as_one_row():
    assert places(b'age,gain,sex\n39,1,"Ma\nle"\nx,1,Male\n') == [
        ("enum-constraint", 2, "sex", "Ma\\nle"),
        ("type-error", 3, "age", "x"),
    ]


@pytest.mark.parametrize("tail", [b'40,1,"Male\n41,1,Male\n', b'40,1,"Male\n41,1,"Female"\n'])
def test_quote_left_open(tail):
    assert places(b"age,gain,sex\n39,1,Male\n" + tail) == [("dialect-error", 3, None, None)]


def test_quote_left_open_before_a_long_rest():
    assert places(b'age,gain,sex\n39,1,"Male\n' + b"41,1,Male\n" * 20_000) == [("dialect-error", 2, None, None)]


def test_empty_file_and_files_of_blanks():
    assert places(b"") == [("source-error", None, None, None)]
    assert places(b"\n \n,,\n") == [("source-error", None, None, None)]


@pytest.mark.parametrize("data", [b"age,gain,sex", b"age,gain,sex\n", b"age,gain,sex\n\n,,\n"])
def test_header_only(data):
    assert places(data) == [("row-count", None, None, None)]


@pytest.mark.parametrize(
    ("magic", "name"),
    [
        (b"PK\x03\x04", "Excel workbook (.xlsx)"),
        (b"\x7fELF\x02", "program (ELF)"),
        (b"%PDF-1.7", "PDF document"),
        (b"\x1f\x8b\x08", "gzip archive"),
    ],
)
def test_binary_file_posing_as_csv_is_named(magic, name):
    problem = only(magic + GOOD)

    assert problem.code == "format-error"
    assert name in problem.message


def test_nul_byte():
    assert places(GOOD + b"51,\x00,Male\n") == [("format-error", 4, None, "\\x00")]
    assert f"Byte {len(GOOD) + 3} is NUL" in only(GOOD + b"51,\x00,Male\n").message


def test_bytes_that_are_not_utf8_are_placed():
    problem = only(GOOD + b"51,1,M\xe4nnlich\n")

    assert (problem.code, problem.row, problem.value) == ("encoding-error", 4, "\\xe4")
    assert problem.message == f"The byte at offset {len(GOOD) + 6} (0xe4) is not UTF-8 text."


def test_utf8_cut_in_the_middle_of_a_character():
    problem = only(GOOD + "51,1,M\u00e4".encode()[:-1])

    assert (problem.code, problem.row) == ("encoding-error", 4)
    assert f"offset {len(GOOD) + 6} " in problem.message


def test_offset_is_right_across_read_chunks():
    filler = b"39,1,Male\n" * 104_857  # ends six bytes short of a chunk of 1 MiB
    data = b"age,gain,sex\n" + filler
    split = data[: (1 << 20) - 1] + "\u00e4".encode()  # a whole character over the border
    problem = only(split + b"\xff")

    assert f"offset {(1 << 20) + 1:,} " in problem.message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings_are_named(encoding):
    problem = only(GOOD.decode().encode(encoding))

    assert problem.code == "encoding-error"
    assert problem.value == encoding.upper()[:6]


def test_limits():
    limits = Limits(size_bytes=100, rows=2, columns=4, cell_chars=8, record_chars=60, label_chars=10, filename_chars=12)

    assert places(GOOD * 3, limits=limits) == [("byte-count", None, None, None)]
    assert places(GOOD + b"1,1,Male\n", limits=limits) == [("row-count", 4, None, None)]
    assert places(b"age,gain,sex,d,e\n1,1,Male,1,1\n", limits=limits) == [("field-count", 1, None, None)]
    assert places(b"age,gain,sex\n1,123456789,Male\n", limits=limits) == [("length-constraint", 2, "gain", "123456789")]
    assert places(b"age,gain,sex\n1,1,Male" + b"e" * 60, limits=limits)[0][:2] == ("length-constraint", 2)
    assert places(b"age,gain,sex,abcdefghijk\n1,1,Male,1\n", limits=limits) == [
        ("length-constraint", 1, "abcdefghijk", "abcdefghijk")
    ]
    assert places(GOOD, filename="a-long-name.csv", limits=limits)[0] == (
        "length-constraint",
        None,
        None,
        "a-long-name.csv",
    )


def test_file_name_with_control_characters_is_refused():
    assert places(GOOD, filename="a\x00b.csv") == [("length-constraint", None, None, "a\\x00b.csv")]


def test_one_row_of_millions_of_quoted_line_breaks_is_refused_early():
    assert places(b"age,gain,sex\n" + b'"\n",' * 400_000)[0][:2] == ("length-constraint", 2)


def test_many_problems_are_all_counted_and_at_most_100_shown():
    result = checked(b"age,gain,sex\n" + b"x,y,z\n" * 50_000)

    assert result.counts == {"type-error": 100_000, "enum-constraint": 50_000}
    assert result.total == 150_000
    assert len(result.problems) == 60  # 20 of each kind and column
    assert [problem.row for problem in result.problems] == sorted(problem.row for problem in result.problems)
    wide = checked(b"a,b,c,d\n" + b"1\n" * 5)
    assert wide.total == len(wide.problems) == 7
    assert len(checked((",".join(f"c{i}" for i in range(500)) + "\n").encode()).problems) == 100


def test_every_code_in_the_source_has_words_for_its_count():
    source = "".join(path.read_text() for path in Path(ingest.__file__).parent.glob("*_table.py"))
    source += "".join(
        (Path(ingest.__file__).parent / name).read_text() for name in ("cells.py", "labels.py", "sniff.py")
    )

    used = set(re.findall(r'"([a-z]+-(?:error|count|label|header|row|cell|constraint))"', source))

    assert used == set(KINDS) - {"constraint-error"}  # told by the service that opens requests


def test_shown_values_are_short_and_printable():
    assert only(b"age,gain,sex\n1,\x1b[31m,Male\n").value == "\\x1b[31m"
    assert only(b"age,gain,sex\n1," + b"9z" * 200 + b",Male\n").value == "9z" * 30 + "…"


def test_very_large_numbers_keep_the_profile_finite():
    assert checked(b"age,gain,sex\n1,1.7e308,Male\n2,1.7e308,Male\n").profile["columns"][1]["mean"] == 1.7e308
