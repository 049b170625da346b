import csv
import io
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from marketplace.demo import adult
from marketplace.demo.profiles import sample_sellers

REPOSITORY = Path(__file__).resolve().parents[4]
SHARED_TABLE = Path(os.environ.get("FAIRCUT_DATA", REPOSITORY.parent / "shared" / "data")) / "adult" / "adult.parquet"


def read_csv(content):
    """Parse an uploaded file back to columns typed as in the table."""
    header, *lines = csv.reader(io.StringIO(content.decode(), newline=""))
    schema = pa.schema([adult.load_table().schema.field(name) for name in header])
    numbers = {name: name in adult.NUMBER_RANGES for name in header}
    columns = {
        name: [None if cell == "" else int(cell) if numbers[name] else cell for cell in cells]
        for name, cells in zip(header, zip(*lines, strict=True), strict=True)
    }
    return pa.table(columns, schema=schema)


def high_income_share(table):
    return table["income"].to_pylist().count(">50K") / table.num_rows


@pytest.mark.skipif(not SHARED_TABLE.exists(), reason="FAIRCUT_DATA holds no adult/adult.parquet")
def test_table_is_the_shared_one_value_by_value():
    assert adult.load_table().equals(pq.read_table(SHARED_TABLE))


def test_table_has_the_known_counts():
    table = adult.load_table()

    assert table.num_rows == 48_842
    assert adult.training_part().num_rows == 32_561
    assert adult.test_part().num_rows == 16_281
    assert table["split"].to_pylist() == ["train"] * 32_561 + ["test"] * 16_281
    assert {name: table[name].null_count for name in table.column_names if table[name].null_count} == {
        "workclass": 2_799,
        "occupation": 2_809,
        "native-country": 857,
    }


def test_table_has_the_known_shares_of_high_income():
    assert round(100 * high_income_share(adult.load_table()), 2) == 23.93
    assert round(100 * high_income_share(adult.training_part()), 2) == 24.08


def test_schema_asks_for_fourteen_features_and_the_target():
    columns = adult.request_schema()["columns"]

    assert [column["name"] for column in columns] == [
        *("age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation", "relationship"),
        *("race", "sex", "capital-gain", "capital-loss", "hours-per-week", "native-country", "income"),
    ]
    assert {column["name"] for column in columns if not column["required"]} == {
        "workclass",
        "occupation",
        "native-country",
    }
    assert columns[0] == {"name": "age", "kind": "number", "required": True, "minimum": 0, "maximum": 120}
    assert columns[9] == {"name": "sex", "kind": "category", "required": True, "categories": ["Female", "Male"]}
    assert columns[-1] == {"name": "income", "kind": "category", "required": True, "categories": ["<=50K", ">50K"]}


def test_schema_survives_json():
    schema = adult.request_schema()

    assert json.loads(json.dumps(schema)) == schema


def test_schema_makes_108_features():
    features = [column for column in adult.request_schema()["columns"] if column["name"] != adult.TARGET]

    width = sum(len(column.get("categories", "1")) + (not column["required"]) for column in features)

    assert width == 108


def test_every_row_meets_the_schema():
    table = adult.load_table()
    for column in adult.request_schema()["columns"]:
        values = set(table[column["name"]].to_pylist())
        if column["kind"] == "number":
            assert column["minimum"] <= min(values)
            assert max(values) <= column["maximum"]
        else:
            assert values - {None} == set(column["categories"])
            assert (None in values) == (not column["required"])


def test_seller_csv_reads_back_as_the_sellers_rows():
    for seller in sample_sellers(adult.training_part(), seed=0):
        content = adult.seller_csv(seller)

        assert read_csv(content).equals(seller.rows.drop_columns(["split"]))
        assert content.count(b"\r\n") == content.count(b"\n") == seller.rows.num_rows + 1


def test_validation_csv_holds_distinct_rows_of_the_test_part():
    validation = read_csv(adult.validation_csv(seed=0)).to_pylist()
    remaining = iter(adult.test_part().drop_columns(["split"]).to_pylist())

    assert len(validation) == 5_000
    assert all(row in remaining for row in validation)  # `in` consumes the iterator: same order, no row twice


def test_validation_csv_depends_on_the_seed_alone():
    assert adult.validation_csv(seed=0) == adult.validation_csv(seed=0)
    assert adult.validation_csv(seed=0) != adult.validation_csv(seed=1)
