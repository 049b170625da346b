"""What cheats would submit: their own rows in several accounts, rows that say nothing, rows that were spoiled."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from valuation.core.errors import ValuationError
from valuation.core.games.game import FloatMatrix, IndexVector

CELLS = 5
# How many accounts hold rows that say nothing; the last is valued apart, because so many players are dear.
NULL_ACCOUNTS = (1, 5, 20, 50)
NULL_ACCOUNTS_MANY = 500
# All strangers together bring at most this part of the pool where every account has a row.
_STRANGERS_PART_MAX = 0.2
_OUTLIER_FACTOR = 100.0
# Of numbers "one class" is the tenth that is largest.
_LARGEST_PART = 0.1


class Split(StrEnum):
    """How the rows of one group are dealt to its shells.

    Attributes:
        RANDOM: Dealt out evenly.
        BY_SIZE: Evenly too, but every cell is twice as large as the one before.
        BY_LABEL: Sorted by their target first.
    """

    RANDOM = "random"
    BY_SIZE = "by_size"
    BY_LABEL = "by_label"


class Spoiling(StrEnum):
    """How a stranger's rows, drawn from the pool, are made bad.

    Attributes:
        LABELS_FLIPPED: Every class code becomes the next one present, the last the first; a number ``t`` becomes
            ``2 mean(y) - t``, its mirror image.
        HALF_FLIPPED: The same for half of the rows.
        ONE_CLASS: Rows of the pool's rarest class alone; of numbers those of the largest tenth. Nothing else is
            changed: these rows are true.
        OUTLIERS: Every column that holds more than zeros and ones is multiplied by 100.
    """

    LABELS_FLIPPED = "labels_flipped"
    HALF_FLIPPED = "half_flipped"
    ONE_CLASS = "one_class"
    OUTLIERS = "outliers"


class ImpossibleAttackError(ValuationError):
    """The pool leaves no room for the attack: too few rows, one class, no column of numbers."""

    code = "attack_impossible"


def shell_cells(
    groups: Sequence[IndexVector], targets: npt.NDArray[Any], *, how: Split, rng: np.random.Generator
) -> list[list[IndexVector]]:
    """Split every group in up to five cells; fewer shells are unions of cells, so that one valuation serves all.

    Args:
        groups: Row indices of each group.
        targets: Class codes or numbers of all rows, ``(n,)``.
        how: How rows are dealt.
        rng: Deals.

    Returns:
        Cells by group, none empty: a group of fewer than five rows has as many cells as rows.
    """
    split = []
    for group in groups:
        dealt = rng.permutation(group)
        if how == Split.BY_LABEL:
            dealt = dealt[np.argsort(targets[dealt], kind="stable")]
        count = min(CELLS, len(dealt))
        parts = 2.0 ** np.arange(count) if how == Split.BY_SIZE else np.ones(count)
        ends = np.maximum.accumulate(np.round(np.cumsum(parts) / parts.sum() * len(dealt)).astype(int))
        # Rounding may leave a small cell empty: every cell ends at least one row after the one before.
        ends = np.maximum(ends, np.arange(1, count + 1))
        split.append([np.sort(cell) for cell in np.split(dealt, ends[:-1])])
    return split


def shells_of(n_cells: int, n_shells: int) -> list[list[int]]:
    """Which cells each of ``n_shells`` shells holds: neighbours, as evenly as can be."""
    return [part.tolist() for part in np.array_split(np.arange(n_cells), n_shells)]


def worthless_rows(
    X: FloatMatrix, y: npt.NDArray[Any], count: int, *, rng: np.random.Generator
) -> tuple[FloatMatrix, npt.NDArray[Any]]:
    """Rows that look like the pool and say nothing: every column and the target drawn from it on their own.

    Args:
        X: Features of the pool, float64 ``(n, f)``.
        y: Targets, ``(n,)``.
        count: How many rows.
        rng: Draws.

    Returns:
        Features ``(count, f)`` and targets ``(count,)``.
    """
    columns = [X[rng.integers(0, len(X), count), column] for column in range(X.shape[1])]
    return np.column_stack(columns), np.asarray(y)[rng.integers(0, len(y), count)]


def null_account_counts(n_rows: int) -> tuple[int, ...]:
    """In how many accounts worthless rows are tried beside a pool of ``n_rows``: 1, 5, 20 and 50, where it allows.

    Every account has at least one row, and all together at most a fifth of the pool, or the pool would be theirs.
    """
    most = max(1, int(n_rows * _STRANGERS_PART_MAX))
    return tuple(count for count in NULL_ACCOUNTS if count <= most)


def check_many_accounts(n_rows: int) -> None:
    """Refuse 500 accounts of worthless rows beside a pool that they would swamp.

    Raises:
        ImpossibleAttackError: The pool has fewer than 2,500 rows.
    """
    needed = round(NULL_ACCOUNTS_MANY / _STRANGERS_PART_MAX)
    if n_rows < needed:
        raise ImpossibleAttackError(
            f"{NULL_ACCOUNTS_MANY} worthless accounts need a pool of at least {needed:,} rows; this one has {n_rows:,}."
        )


def spoiled_rows(
    X: FloatMatrix,
    y: npt.NDArray[Any],
    count: int,
    *,
    how: Spoiling,
    is_classification: bool,
    rng: np.random.Generator,
) -> tuple[FloatMatrix, npt.NDArray[Any]]:
    """Rows of the pool made bad, as a stranger would bring them.

    Args:
        X: Features of the pool, float64 ``(n, f)``.
        y: Class codes or numbers, ``(n,)``.
        count: How many rows, at least 1; drawn without replacement while there are enough.
        how: What is done to them.
        is_classification: Whether targets are class codes.
        rng: Draws rows.

    Returns:
        Features ``(count, f)`` and targets ``(count,)``.

    Raises:
        ImpossibleAttackError: There is one class, one number, or no column of numbers.
    """
    pool = _one_class(y, is_classification=is_classification) if how == Spoiling.ONE_CLASS else np.arange(len(y))
    drawn = rng.choice(pool, count, replace=count > len(pool))
    features, targets = np.array(X[drawn], dtype=np.float64), np.array(y)[drawn]
    if how == Spoiling.OUTLIERS:
        numbers = ~np.isin(X, (0.0, 1.0)).all(axis=0)
        if not numbers.any():
            raise ImpossibleAttackError("No column holds numbers, so there are no outliers to try.")
        features[:, numbers] *= _OUTLIER_FACTOR
    elif how in {Spoiling.LABELS_FLIPPED, Spoiling.HALF_FLIPPED}:
        flipped = slice(None) if how == Spoiling.LABELS_FLIPPED else slice((count + 1) // 2)
        targets[flipped] = _flipped(targets[flipped], y, is_classification=is_classification)
    return features, targets


def _flipped(targets: npt.NDArray[Any], y: npt.NDArray[Any], *, is_classification: bool) -> npt.NDArray[Any]:
    known = np.unique(y)
    if len(known) == 1:
        raise ImpossibleAttackError("All rows have the same target, so no label can be flipped.")
    if is_classification:
        return np.asarray(known[(np.searchsorted(known, targets) + 1) % len(known)])
    return np.asarray(2 * np.mean(y) - targets)


def _one_class(y: npt.NDArray[Any], *, is_classification: bool) -> IndexVector:
    """The rows of the rarest class, the lowest code where two are as rare; of numbers the largest tenth."""
    known, counts = np.unique(y, return_counts=True)
    if len(known) == 1:
        raise ImpossibleAttackError("All rows have the same target already.")
    if is_classification:
        return np.flatnonzero(np.asarray(y) == known[np.argmin(counts)])
    return np.sort(np.argsort(y, kind="stable")[-max(1, round(len(y) * _LARGEST_PART)) :])
