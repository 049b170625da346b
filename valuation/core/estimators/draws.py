"""How estimators draw: seeds, coalitions of given sizes, and draws shared out over sizes."""

import numpy as np
import numpy.typing as npt

from valuation.core.games import BoolMatrix, FloatVector

IntVector = npt.NDArray[np.int64]


def seeded(rng: np.random.Generator) -> tuple[int, np.random.Generator]:
    """The generator's next draw as a seed to report, and the generator that it starts."""
    seed = int(rng.integers(2**63))
    return seed, np.random.default_rng(seed)


def coalitions_of(sizes: IntVector, n_players: int, rng: np.random.Generator) -> BoolMatrix:
    """One uniform coalition of each size, independent, bool ``(len(sizes), n_players)``."""
    ranks = np.argsort(rng.random((len(sizes), n_players)), axis=1)
    return np.asarray(ranks < sizes[:, None])


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
