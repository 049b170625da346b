"""From a declared schema's columns to a matrix of numbers, fitted on the buyer's validation rows alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from valuation.core.errors import InvalidDataError

FloatArray = NDArray[np.float64]
Columns = Mapping[str, NDArray[Any]]

# In standard deviations. One absurd number in one seller's upload must not defeat the solvers, and with them the run.
STANDARDISED_MAX = 1e6
# The range that numbers are cut to: these quantiles of the validation rows, moved apart by as far as they lie apart.
# Honest tails lie inside of it on every table that we tried; a column in other units, or a slip of the comma, does not.
LOW_QUANTILE, HIGH_QUANTILE = 0.005, 0.995


@dataclass(frozen=True)
class Features:
    """Encoded rows: ``values``, float64 ``(rows, features)``, and the features' names in the same order."""

    values: FloatArray
    names: tuple[str, ...]


@dataclass(frozen=True)
class FeatureEncoder:
    """Turn columns into features with the validation rows' scales, so that no seller can move another's features.

    Numbers are cut to the range that the validation rows' quantiles state (:func:`stated_range`), where the request's
    terms say so, and become ``(x - mean) / sd`` of the validation rows so cut, 0 where missing; a column that is
    constant or absent there is only shifted; absurd ones are cut at a million standard deviations. Categories become
    one column each, in declared order; a missing one is all zeros.

    Attributes:
        schema: ``{"columns": [{"name", "kind": "number"|"category", "categories"?}, ...]}``.
        target: Name of the target column, which is no feature.
        means: Validation mean of each number column by name.
        scales: Validation standard deviation of each number column by name, 1 where it is 0.
        ranges: Lowest and highest number of each number column by name; empty where nothing is cut.
    """

    schema: Mapping[str, Any]
    target: str
    means: Mapping[str, float]
    scales: Mapping[str, float]
    ranges: Mapping[str, tuple[float, float]]

    @classmethod
    def fit(
        cls, schema: Mapping[str, Any], target: str, validation: Columns, *, clip_numbers: bool = True
    ) -> "FeatureEncoder":
        """Take ranges, means and standard deviations of the validation rows.

        Args:
            schema: The data request's schema.
            target: Name of the target column.
            validation: The buyer's columns by name: float64 with NaN, or object of str and None, each ``(rows,)``.
            clip_numbers: Whether numbers are cut to the stated range.

        Returns:
            The encoder.

        Raises:
            InvalidDataError: A column is missing, the target is not declared, or a number is infinite.
        """
        if target not in [column["name"] for column in schema["columns"]]:
            raise InvalidDataError(f"The target {target!r} is not a column of the schema.")
        means, scales, ranges = {}, {}, {}
        for column in schema["columns"]:
            name = column["name"]
            if column["kind"] == "number" and name != target:
                numbers = _numbers(validation, name)
                known = numbers[~np.isnan(numbers)]
                if clip_numbers and len(known):
                    ranges[name] = stated_range(known)
                    known = np.clip(known, *ranges[name])
                means[name] = float(known.mean()) if len(known) else 0.0
                scale = float(known.std()) if len(known) else 0.0
                # The mean of equal numbers may be off by a rounding, which must not be blown up to a scale.
                scales[name] = scale if scale > 1e-12 * max(1.0, abs(means[name])) else 1.0
        return cls(schema, target, means, scales, ranges)

    def encode(self, columns: Columns) -> Features:
        """Encode rows.

        Args:
            columns: As for ``fit``.

        Returns:
            The features.

        Raises:
            InvalidDataError: A column is missing, or holds an undeclared category or an infinite number.
        """
        parts: list[FloatArray] = []
        names: list[str] = []
        for column in self.schema["columns"]:
            name = column["name"]
            if name == self.target:
                continue
            if column["kind"] == "number":
                numbers = _numbers(columns, name)
                if name in self.ranges:
                    numbers = np.clip(numbers, *self.ranges[name])
                with np.errstate(over="ignore"):
                    standardised = (numbers - self.means[name]) / self.scales[name]
                bounded = np.clip(standardised, -STANDARDISED_MAX, STANDARDISED_MAX)
                parts.append(np.nan_to_num(bounded, nan=0.0)[:, None])
                names.append(name)
            else:
                codes = _codes(columns, name, column["categories"])
                parts.append((codes[:, None] == np.arange(len(column["categories"]))).astype(np.float64))
                names.extend(f"{name}={category}" for category in column["categories"])
        if not parts:
            raise InvalidDataError("The schema has no column beside the target.")
        return Features(np.hstack(parts), tuple(names))

    def encode_target(self, columns: Columns) -> NDArray[Any]:
        """Encode the target: int64 class codes in declared order, or float64 numbers, ``(rows,)``.

        Raises:
            InvalidDataError: A target is missing, undeclared or infinite.
        """
        declared = next(column for column in self.schema["columns"] if column["name"] == self.target)
        if declared["kind"] == "number":
            numbers = _numbers(columns, self.target)
            if np.isnan(numbers).any():
                raise InvalidDataError(f"Row {np.isnan(numbers).argmax() + 1} has no {self.target!r}, the target.")
            return numbers
        codes = _codes(columns, self.target, declared["categories"])
        if (codes < 0).any():
            raise InvalidDataError(f"Row {(codes < 0).argmax() + 1} has no {self.target!r}, the target.")
        return codes


def stated_range(numbers: FloatArray) -> tuple[float, float]:
    """Lowest and highest number that a column is cut to, from the validation rows' known numbers, ``(k,)``, k >= 1.

    ``[low - w, high + w]`` with ``low`` and ``high`` the 0.5 % and 99.5 % quantiles and ``w`` their distance. Where
    they are equal, a column that is nearly constant and whose few other numbers may be all that it says, least and
    greatest number take their place.
    """
    low, high = (float(end) for end in np.quantile(numbers, (LOW_QUANTILE, HIGH_QUANTILE)))
    if low == high:
        low, high = float(numbers.min()), float(numbers.max())
    with np.errstate(over="ignore"):
        return low - (high - low), high + (high - low)


def _column(columns: Columns, name: str) -> NDArray[Any]:
    if name not in columns:
        raise InvalidDataError(f"Column {name!r} is missing.")
    return columns[name]


def _numbers(columns: Columns, name: str) -> FloatArray:
    numbers = _column(columns, name).astype(np.float64)
    if np.isinf(numbers).any():
        raise InvalidDataError(f"Row {np.isinf(numbers).argmax() + 1} of column {name!r} is infinite.")
    return numbers


def _codes(columns: Columns, name: str, categories: list[str]) -> NDArray[np.int64]:
    """Places of the values among the declared categories, -1 where missing."""
    place = {category: code for code, category in enumerate(categories)}
    values = _column(columns, name)
    try:
        codes = [-1 if value is None else place[value] for value in values.tolist()]
    except KeyError as error:
        raise InvalidDataError(f"Column {name!r} holds {error.args[0]!r}, which is no declared category.") from error
    return np.array(codes, dtype=np.int64)
