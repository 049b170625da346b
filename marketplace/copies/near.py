"""Rows that are almost equal: pairs that are each other's nearest, closer than independent rows come."""

from typing import Any

import numpy as np
from scipy.spatial import KDTree

from marketplace.copies.rows import Rows, kinds_of

Array = np.ndarray[Any, Any]

# Numbers are scaled so that 1 is about a standard deviation: rows differ by a thirtieth, a tenth or a third of it.
DISTANCES = (0.03, 0.1, 0.3)
# The range from the 5th to the 95th percentile of a normal distribution, in standard deviations.
NORMAL_RANGE = 3.29
SCALED_MAX = 1e9


def encoded(*files: Rows) -> Array:
    """Put files into one space in which only rows of the same labels can be near each other; float64 ``(n, p)``.

    One-hot columns would put rows of unlike labels at least 1 apart; as no pair beyond the largest of DISTANCES counts,
    one more column that keeps every combination of labels 1 apart gives the same pairs, with a tree of few columns.
    """
    numbers = np.concatenate([file.numbers for file in files])
    empty = np.isnan(numbers)
    labels = np.concatenate([file.labels for file in files])
    combination = Rows(np.empty((len(numbers), 0)), np.column_stack([labels, empty]))
    (kinds,) = kinds_of(combination)
    with np.errstate(over="ignore"):
        scaled = np.where(empty, 0.0, numbers) / spreads(numbers)
    # What lies farther out than that is near nothing; without bounds one absurd cell would stop the comparison.
    return np.column_stack([np.clip(scaled, -SCALED_MAX, SCALED_MAX), kinds.astype(np.float64)])


def spreads(numbers: Array) -> Array:
    """A spread of each column, float64 ``(p,)``, that one outlier cannot move: nobody hides copies behind one."""
    scales = np.ones(numbers.shape[1])
    for place, column in enumerate(numbers.T):
        known = column[~np.isnan(column)]
        if known.size:
            # Halves first: the range of two opposite largest floats is no float.
            low, high = np.quantile(known / 2, [0.05, 0.95])
            with np.errstate(over="ignore", invalid="ignore"):
                spread = 2 * ((high - low) / NORMAL_RANGE) or known.std()
            scales[place] = spread if np.isfinite(spread) and spread > 0 else 1.0
    return scales


def nearest(points: Array) -> tuple[Array, Array]:
    """The nearest other point of each point, int64 ``(n,)``, and how far it is, float64 ``(n,)``.

    Beyond the largest of DISTANCES nobody looks: what has no other point within it is its own neighbour at infinity.
    """
    # The bound itself is left out by the tree.
    within = np.nextafter(max(DISTANCES), np.inf)
    distances, neighbours = map(np.asarray, KDTree(points).query(points, k=2, distance_upper_bound=within))
    own = np.arange(len(points))
    neighbours = np.where(neighbours == len(points), own[:, None], neighbours)
    # A point's first neighbour is itself, unless an equal point came first.
    is_own = neighbours[:, 0] == own
    return (
        np.where(is_own, neighbours[:, 1], neighbours[:, 0]),
        np.where(is_own, distances[:, 1], distances[:, 0]),
    )


def mutual_pairs(neighbours: Array) -> Array:
    """Pairs of points that are each other's nearest; int64 ``(n_pairs, 2)``, the lower place first."""
    places = np.arange(len(neighbours))
    lower = places[(neighbours[neighbours] == places) & (places < neighbours)]
    return np.column_stack([lower, neighbours[lower]])
