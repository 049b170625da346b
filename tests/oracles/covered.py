"""Which intervals of one run hold what is true."""

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
