"""How estimators draw: seeds, coalitions of given sizes, and draws shared out over sizes."""

import math
from itertools import combinations, islice

import numpy as np
import numpy.typing as npt

from valuation.core.games.game import BoolMatrix, FloatVector
from valuation.core.sampling.seeds import seed_from

IntVector = npt.NDArray[np.int64]
# Fewer coalitions with their complements say too little of their spread.
PAIRS_MIN = 32
_MANY = 10**300


def seeded(rng: np.random.Generator) -> tuple[int, np.random.Generator]:
    """The generator's next draw as a seed to report, and the generator that it starts."""
    seed = seed_from(rng)
    return seed, np.random.default_rng(seed)


def coalitions_of(sizes: IntVector, n_players: int, rng: np.random.Generator) -> BoolMatrix:
    """One uniform coalition of each size, independent, bool ``(len(sizes), n_players)``."""
    ranks = np.argsort(rng.random((len(sizes), n_players)), axis=1)
    return np.asarray(ranks < sizes[:, None])


def every_coalition(size: int, n_players: int, first: int | None = None) -> BoolMatrix:
    """All coalitions of a size in lexicographic order, or the ``first`` of them, bool ``(n_coalitions, n_players)``."""
    members = list(islice(combinations(range(n_players), size), first))
    every = np.zeros((len(members), n_players), dtype=np.bool_)
    np.put_along_axis(every, np.array(members, dtype=np.intp).reshape(len(members), size), values=True, axis=1)
    return every


def number_of(size: int, n_players: int) -> float:
    """How many coalitions of a size there are; no float holds that of 500 of 1,100 rows, and none is needed."""
    return float(min(math.comb(n_players, size), _MANY))


def filled(most: FloatVector, portion: FloatVector, total: float) -> FloatVector:
    """Share ``total`` out in proportion, no part above ``most``; what a full part leaves goes to the others.

    Args:
        most: float64 ``(n,)``, positive.
        portion: float64 ``(n,)``, positive.
        total: At most the sum of ``most``.

    Returns:
        float64 ``(n,)``, equal to ``most`` where full.
    """
    shares, full = np.zeros(len(most)), np.zeros(len(most), dtype=np.bool_)
    while not full.all():
        left = total - most[full].sum()
        shares = np.where(full, most, left * portion / portion[~full].sum())
        over = ~full & (shares >= most)
        if not over.any():
            break
        full |= over
        shares = np.where(full, most, shares)
    return shares


def shared_out(shares: FloatVector, rng: np.random.Generator) -> IntVector:
    """Shares rounded up or down at random to whole numbers of the same expectation and sum (systematic sampling).

    Args:
        shares: float64 ``(n,)``, not negative; they sum to a whole number.
        rng: Draws one offset.

    Returns:
        int ``(n,)``.
    """
    edges = np.concatenate([[0.0], np.cumsum(shares)])
    edges[-1] = np.round(edges[-1])
    # Subtracting the offset from whole edges must not lose a draw at either end.
    below = np.ceil(np.maximum(edges - rng.random(), 0.0))
    below[-1] = edges[-1]
    counts: IntVector = np.diff(np.minimum(below, edges[-1])).astype(np.int64)
    return counts


def kernel_sizes(n_players: int) -> FloatVector:
    """Chance of each size ``1..n - 1`` under Shapley's kernel, proportional to ``1 / (s (n - s))``."""
    sizes = np.arange(1, n_players)
    weights = 1.0 / (sizes * (n_players - sizes))
    return np.asarray(weights / weights.sum())


def kernel_draws(n_players: int, draws: int, rng: np.random.Generator) -> BoolMatrix:
    """Coalitions drawn from Shapley's kernel, bool ``(draws, n_players)``, of more than one player."""
    return coalitions_of(1 + rng.choice(n_players - 1, size=draws, p=kernel_sizes(n_players)), n_players, rng)
