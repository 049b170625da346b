"""What cheats would submit: their own rows in several accounts, rows that say nothing, somebody else's rows."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from valuation.core.games import FloatMatrix, IndexVector

Split = Literal["random", "by_size", "by_label"]
CELLS = 5


def shell_cells(
    groups: Sequence[IndexVector], targets: npt.NDArray[Any], *, how: Split, rng: np.random.Generator
) -> list[list[IndexVector]]:
    """Split every group in up to five cells; fewer shells are unions of cells, so that one valuation serves all.

    Args:
        groups: Row indices of each group.
        targets: Class codes or numbers of all rows, ``(n,)``.
        how: ``"random"`` deals rows out evenly; ``"by_size"`` too, but every cell is twice as large as the one before;
            ``"by_label"`` sorts them by their target first.
        rng: Deals.

    Returns:
        Cells by group, none empty: a group of fewer than five rows has as many cells as rows.
    """
    split = []
    for group in groups:
        dealt = rng.permutation(group)
        if how == "by_label":
            dealt = dealt[np.argsort(targets[dealt], kind="stable")]
        count = min(CELLS, len(dealt))
        parts = 2.0 ** np.arange(count) if how == "by_size" else np.ones(count)
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
