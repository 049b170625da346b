"""Which intervals of one run hold what is true."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Covered:
    """One run: which intervals hold the truth, bool ``(n_intervals,)``; of shares too where there are any."""

    values: np.ndarray
    shares: np.ndarray | None = None


def holds(interval, truth):
    """Whether each interval holds its truth; one of no width holds it up to rounding."""
    rounding = 1e-12 * max(1.0, np.abs(truth).max())
    return (interval[:, 0] - rounding <= truth) & (truth <= interval[:, 1] + rounding)


def true_shares(values):
    positive = np.maximum(values, 0)
    return positive / positive.sum()


def of_groups(result, truth):
    return Covered(holds(result.interval(), truth), holds(result.share_interval(), true_shares(truth)))


@dataclass(frozen=True)
class Case:
    """One estimator on one kind of game.

    Attributes:
        name: What is run.
        game: On which games.
        run: From a seed.
        runs: Most runs, where one is slow.
        conservative: Which intervals are wide by construction, ``"values"`` or ``"shares"``: they may hold the truth
            more often than 97 %. The share of a harmful seller is 0, and an interval that begins at 0 holds it always.
    """

    name: str
    game: str
    run: Callable[[int], Covered | None]
    runs: int = 1000
    conservative: tuple[str, ...] = ()
