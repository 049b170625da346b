"""Features come from the declared schema and the buyer's validation rows alone."""

import numpy as np
import pytest

from valuation.core.errors import InvalidDataError
from valuation.core.models.features import FeatureEncoder

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
    encoder = FeatureEncoder.fit(SCHEMA, "income", VALIDATION, clip_numbers=False)

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
    encoder = FeatureEncoder.fit(SCHEMA, "income", VALIDATION, clip_numbers=False)
    absurd = {"age": np.array([1e300, -1e300]), "sex": np.array([None, None]), "flat": np.full(2, 1e308)}

    assert encoder.encode(absurd).values[:, 0].tolist() == [1e6, -1e6]


def test_numbers_are_cut_to_the_stated_range_of_the_validation_rows():
    ages = np.concatenate([np.linspace(0.0, 100.0, 1001), [np.nan]])
    columns = {**{name: np.resize(values, 1002) for name, values in VALIDATION.items()}, "age": ages}

    encoder = FeatureEncoder.fit(SCHEMA, "income", columns)

    # Quantiles 0.5 and 99.5, moved apart by their distance of 99.
    assert encoder.ranges["age"] == pytest.approx((-98.5, 198.5))
    sent = {**VALIDATION, "age": np.array([1e6, 198.0, -1e300])}
    spread = np.sqrt(np.mean((ages[:-1] - 50.0) ** 2))
    np.testing.assert_allclose(encoder.encode(sent).values[:, 0], np.array([148.5, 148.0, -148.5]) / spread)


def test_a_column_that_hardly_varies_keeps_all_that_it_says():
    """All its quantiles are equal, and its few other numbers may be just what tells the classes apart."""
    ages = np.where(np.arange(1000) == 7, 5.0, 0.0)
    columns = {**{name: np.resize(values, 1000) for name, values in VALIDATION.items()}, "age": ages}

    encoder = FeatureEncoder.fit(SCHEMA, "income", columns)

    assert encoder.ranges["age"] == (-5.0, 10.0)
    assert encoder.ranges["flat"] == (0.1, 0.1)


def test_an_outlier_among_the_validation_rows_does_not_set_the_scale():
    ages = np.concatenate([np.linspace(0.0, 100.0, 1001), [1e9]])
    columns = {**{name: np.resize(values, 1002) for name, values in VALIDATION.items()}, "age": ages}

    assert FeatureEncoder.fit(SCHEMA, "income", columns).scales["age"] < 31
    assert FeatureEncoder.fit(SCHEMA, "income", columns, clip_numbers=False).scales["age"] > 1e6


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
