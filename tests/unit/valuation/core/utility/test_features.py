"""Features come from the declared schema and the buyer's validation rows alone."""

import numpy as np
import pytest

from valuation.core.errors import InvalidDataError
from valuation.core.utility.features import FeatureEncoder

SCHEMA = {
    "columns": [
        {"name": "age", "kind": "number", "required": True},
        {"name": "sex", "kind": "category", "required": False, "categories": ["f", "m"]},
        {"name": "flat", "kind": "number", "required": False},
        {"name": "income", "kind": "category", "required": True, "categories": ["low", "high"]},
    ]
}
VALIDATION = {
    "age": np.array([20.0, 40.0, np.nan]),
    "sex": np.array(["f", "m", "m"], dtype=object),
    "flat": np.full(3, 0.1),
    "income": np.array(["low", "high", "low"], dtype=object),
}


def test_rows_are_encoded_with_the_validation_rows_scales():
    encoder = FeatureEncoder.fit(SCHEMA, "income", VALIDATION)

    features = encoder.encode(
        {"age": np.array([50.0, np.nan]), "sex": np.array(["m", None], dtype=object), "flat": np.array([0.1, 2.1])}
    )

    assert features.names == ("age", "sex=f", "sex=m", "flat")
    np.testing.assert_allclose(features.values, [[2.0, 0, 1, 0], [0, 0, 0, 2.0]], atol=1e-15)
    assert features.values.dtype == np.float64


def test_targets_are_codes_in_declared_order_or_numbers():
    codes = FeatureEncoder.fit(SCHEMA, "income", VALIDATION).encode_target(VALIDATION)
    numbers = FeatureEncoder.fit(SCHEMA, "flat", VALIDATION).encode_target(VALIDATION)

    assert codes.tolist() == [0, 1, 0]
    assert codes.dtype == np.int64
    assert numbers.tolist() == [0.1, 0.1, 0.1]


def test_absurd_numbers_are_cut():
    encoder = FeatureEncoder.fit(SCHEMA, "income", VALIDATION)
    absurd = {"age": np.array([1e300, -1e300]), "sex": np.array([None, None]), "flat": np.full(2, 1e308)}

    assert encoder.encode(absurd).values[:, 0].tolist() == [1e6, -1e6]


def test_no_rows_are_encoded_as_no_rows():
    encoder = FeatureEncoder.fit(SCHEMA, "income", VALIDATION)

    features = encoder.encode({name: values[:0] for name, values in VALIDATION.items()})

    assert features.values.shape == (0, 4)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"age": np.array([1.0, np.inf, 2.0])}, "Row 2 of column 'age' is infinite"),
        ({"sex": np.array(["f", "x", "m"], dtype=object)}, "holds 'x', which is no declared category"),
    ],
)
def test_values_outside_the_schema_are_refused(change, sentence):
    encoder = FeatureEncoder.fit(SCHEMA, "income", VALIDATION)

    with pytest.raises(InvalidDataError, match=sentence):
        encoder.encode({**VALIDATION, **change})


def test_missing_columns_and_targets_are_refused():
    encoder = FeatureEncoder.fit(SCHEMA, "income", VALIDATION)

    with pytest.raises(InvalidDataError, match="Column 'age' is missing"):
        encoder.encode({})
    with pytest.raises(InvalidDataError, match="Row 1 has no 'income'"):
        encoder.encode_target({"income": np.array([None, "low"], dtype=object)})
    with pytest.raises(InvalidDataError, match="Row 3 has no 'age'"):
        FeatureEncoder.fit(SCHEMA, "age", VALIDATION).encode_target(VALIDATION)
    with pytest.raises(InvalidDataError, match="not a column"):
        FeatureEncoder.fit(SCHEMA, "wage", VALIDATION)
