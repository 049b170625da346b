"""A file's rows as arrays that can be compared: numbers, and the numbers of categories."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

EXPONENT_MAX = 290
# Finalizer of SplitMix64 (Steele, Lea, Flood 2014): shifts and odd factors that mix 64 bits.
MIXING = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


@dataclass(frozen=True)
class Rows:
    """Normalised cells: `numbers` float64 ``(n, p)`` with NaN where empty, `labels` int64 ``(n, q)`` with -1."""

    numbers: Array
    labels: Array

    def __len__(self) -> int:
        return int(self.numbers.shape[0])

    @property
    def width(self) -> int:
        """How many columns there are."""
        return int(self.numbers.shape[1] + self.labels.shape[1])


def read_rows(columns: Mapping[str, Sequence[Any]], schema: Mapping[str, Any]) -> Rows:
    """Read the columns of a normalised file in the order of the request's schema, whatever order they came in."""
    rows = len(next(iter(columns.values())))
    numbers, labels = [], []
    for column in schema["columns"]:
        cells = columns[column["name"]]
        if column["kind"] == "number":
            # Adding 0.0 makes -0.0 the 0.0 that it equals.
            numbers.append(np.array([np.nan if cell is None else cell for cell in cells], dtype=np.float64) + 0.0)
        else:
            codes = {category: code for code, category in enumerate(column["categories"])}
            labels.append(np.array([codes.get(cell, -1) for cell in cells], dtype=np.int64))
    return Rows(
        np.column_stack(numbers) if numbers else np.empty((rows, 0)),
        np.column_stack(labels) if labels else np.empty((rows, 0), dtype=np.int64),
    )


def column_names(schema: Mapping[str, Any]) -> list[str]:
    """The columns in the order of `Rows`: the numbers first, then the labels."""
    columns = sorted(schema["columns"], key=lambda column: column["kind"] != "number")
    return [column["name"] for column in columns]


def kinds_of(*files: Rows) -> list[Array]:
    """Number the kinds of row over several files: equal rows get equal numbers; int64 ``(n,)`` each."""
    numbers = np.concatenate([file.numbers for file in files])
    labels = np.concatenate([file.labels for file in files])
    # One canonical NaN, so that empty cells are equal; the bytes of a row are then its identity.
    numbers = np.where(np.isnan(numbers), np.nan, numbers)
    cells = np.ascontiguousarray(np.column_stack([numbers.view(np.int64), labels]))
    if cells.shape[1] == 0:
        return [np.zeros(len(file), dtype=np.int64) for file in files]
    row_type = np.dtype((np.void, cells.dtype.itemsize * cells.shape[1]))
    _, kinds = np.unique(cells.view(row_type).ravel(), return_inverse=True)
    return np.split(kinds, np.cumsum([len(file) for file in files])[:-1])


def kinds_but_for(columns: Collection[int], *files: Rows, sums: Sequence[Array]) -> list[Array]:
    """`kinds_of` with some columns left out, from the files' `hash_sums`: its cost does not depend on the others.

    Two unlike rows get the same number with probability 2^-64.
    """
    hashes = [
        of_file - sum((hashed(file, column) for column in columns), np.uint64(0))
        for file, of_file in zip(files, sums, strict=True)
    ]
    _, kinds = np.unique(np.concatenate(hashes), return_inverse=True)
    return np.split(kinds, np.cumsum([len(file) for file in files])[:-1])


def hash_sums(file: Rows) -> Array:
    """The sum of the hashes of each row's cells modulo 2^64, from which a column can be taken out; uint64 ``(n,)``."""
    total = np.zeros(len(file), dtype=np.uint64)
    for column in range(file.width):
        total += hashed(file, column)
    return total


def hashed(file: Rows, column: int) -> Array:
    """Hashes of a column's cells, other ones in each column; uint64 ``(n,)``."""
    numbers = file.numbers.shape[1]
    if column < numbers:
        cells = np.ascontiguousarray(file.numbers[:, column])
        bits = np.where(np.isnan(cells), np.nan, cells).view(np.uint64)
    else:
        bits = np.ascontiguousarray(file.labels[:, column - numbers]).view(np.uint64)
    return _mixed(bits ^ _mixed(np.array([column + 1], dtype=np.uint64)))


def _mixed(bits: Array) -> Array:
    for shift, factor in MIXING:
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(bits ^ (bits >> np.uint64(31)))


def taken(file: Rows, places: Array) -> Rows:
    """Some of the rows."""
    return Rows(file.numbers[places], file.labels[places])


def without(file: Rows, column: int) -> Rows:
    """The same rows without one column, counted over the numbers and then the labels."""
    numbers = file.numbers.shape[1]
    if column < numbers:
        return Rows(np.delete(file.numbers, column, axis=1), file.labels)
    return Rows(file.numbers, np.delete(file.labels, column - numbers, axis=1))


def first_places(kinds: Array, wanted: Array) -> Array:
    """The first row of each wanted kind."""
    present, places = np.unique(kinds, return_index=True)
    return np.asarray(places[np.searchsorted(present, wanted)])


def rounded(file: Rows, digits: int) -> Rows:
    """The same rows with every number at so many significant digits."""
    return Rows(significant(file.numbers, digits), file.labels)


def significant(numbers: Array, digits: int) -> Array:
    """Round to significant digits: 1 makes 47 into 50 and 0.312 into 0.3."""
    with np.errstate(divide="ignore"):
        magnitude = np.where(numbers == 0, 0.0, np.floor(np.log10(np.abs(numbers))))
    # Powers of ten are exact where they are whole, so scale by a whole power on either side.
    # Beyond the bounds a power would leave the range of floats; so small or large numbers keep more digits.
    exponent = np.clip(digits - 1 - magnitude, -EXPONENT_MAX, EXPONENT_MAX)
    up, down = 10.0 ** np.maximum(exponent, 0), 10.0 ** np.maximum(-exponent, 0)
    return np.asarray(np.rint(numbers / down * up) / up * down) + 0.0
