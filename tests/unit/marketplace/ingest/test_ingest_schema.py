"""A schema is checked whole before a request opens."""

import pytest

from marketplace.ingest import Column, SchemaError, TableSchema

AGE = {"name": "age", "kind": "number", "required": False, "minimum": 0, "maximum": 120}
SEX = {"name": "sex", "kind": "category", "categories": ["Female", "Male"]}


def test_reads_columns_in_order():
    assert TableSchema.from_json({"columns": [AGE, SEX]}).columns == (
        Column("age", "number", required=False, minimum=0.0, maximum=120.0),
        Column("sex", "category", categories=("Female", "Male")),
    )


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ([], "non-empty list"),
        (["age"], "Column 1 needs a printable name"),
        ([AGE | {"name": " age"}], "Column 1 needs a printable name"),
        ([AGE | {"name": "a\x00"}], "Column 1 needs a printable name"),
        ([AGE | {"name": "=1+1"}], "must not begin with"),
        ([AGE, AGE], "'age' is declared 2 times"),
        ([AGE | {"kind": "date"}], "the kind must be number or category, not 'date'"),
        ([AGE | {"minimum": 121}], "the minimum is above the maximum"),
        ([AGE | {"minimum": float("nan")}], "minimum must be a finite number"),
        ([AGE | {"maximum": 10**400}], "maximum must be a finite number"),
        ([AGE | {"required": "yes"}], "required must be true or false"),
        ([AGE | {"unit": "years"}], "'unit' is unknown"),
        ([AGE | {"categories": ["1"]}], "a number has no categories"),
        ([SEX | {"categories": []}], "needs its list of categories"),
        ([SEX | {"categories": ["Male", "Male"]}], "'Male' is listed 2 times"),
        ([SEX | {"categories": ["Male", " "]}], "printable text without outer spaces"),
        ([SEX | {"minimum": 0}], "a category has no minimum or maximum"),
    ],
)
def test_faults_are_named(columns, fault):
    with pytest.raises(SchemaError, match=r".+") as refused:
        TableSchema.from_json({"columns": columns})

    assert fault in str(refused.value)


def test_every_fault_is_told_at_once():
    with pytest.raises(SchemaError) as refused:
        TableSchema.from_json({"columns": [AGE | {"minimum": 121}, SEX | {"categories": None}]})

    assert len(refused.value.faults) == 2


@pytest.mark.parametrize(
    ("target", "task", "fault"),
    [
        ("income", "classification", "not one of the columns"),
        ("age", "classification", "must be a category"),
        ("sex", "regression", "must be a number"),
        ("age", "regression", "must be required"),
        ("sex", "ranking", "task must be"),
    ],
)
def test_target_must_fit_the_task(target, task, fault):
    with pytest.raises(SchemaError, match=fault):
        TableSchema.from_json({"columns": [AGE, SEX]}).check_target(target=target, task=task)


def test_fitting_target_is_accepted():
    TableSchema.from_json({"columns": [AGE, SEX]}).check_target(target="sex", task="classification")
