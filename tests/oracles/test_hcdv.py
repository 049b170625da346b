"""HCDV's parts against exact optima and enumeration."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from valuation.core.hcdv.balanced_kmeans import balanced_kmeans, exchange_sweep


@pytest.mark.parametrize("seed", range(6))
def test_exchanges_come_within_one_per_cent_of_the_best_assignment(seed):
    rng = np.random.default_rng(seed)
    n_rows, n_clusters = 240, 8
    z = rng.normal(size=(n_rows, 3)) * rng.uniform(0.3, 3, 3)
    labels = balanced_kmeans(z, n_clusters, rng=rng, sweeps=0)
    centres = z[rng.choice(n_rows, n_clusters, replace=False)]
    members = [np.flatnonzero(labels == label) for label in range(n_clusters)]

    for _ in range(50):
        if not exchange_sweep(z, members, centres):
            break

    distances = ((z[:, None] - centres) ** 2).sum(axis=2)
    seats = np.repeat(distances, n_rows // n_clusters, axis=1)
    best = seats[linear_sum_assignment(seats)].sum()
    found = sum(distances[cluster, label].sum() for label, cluster in enumerate(members))
    assert best - 1e-9 <= found <= 1.01 * best
