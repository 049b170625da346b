"""Runs of repeated HCDV: how often what four encoders and trees say of rows and sellers holds what very many say."""

from functools import cache

import numpy as np

from tests.oracles.covered import Covered, holds, of_groups
from valuation.core import HcdvPlan, PooledRows, run_plan
from valuation.core.rows.config import HcdvConfig
from valuation.core.rows.repetitions import RepeatedHcdvPlan, hcdv_group_sums

N = 120
SELLERS = np.split(np.arange(N), [10, 30, 60])
PLAN = RepeatedHcdvPlan(HcdvPlan(N, HcdvConfig(children=(4,), leaf_size=10, permutations=(8, 4))), 4)
# Runs behind the truth: their error is a forty-fifth of that of one.
MANY = range(10_000, 12_000)


class Saturating:
    """Rows of unequal worth with diminishing returns."""

    n_players = N
    worths = np.random.default_rng(50).normal(0.02, 0.05, N)

    def __call__(self, coalitions):
        return 0.5 + 0.3 * np.tanh(coalitions @ self.worths)


@cache
def labelled():
    """Rows with a class that one column decides; worths have nothing to do with it."""
    rng = np.random.default_rng(51)
    X, X_valid = rng.normal(size=(N, 4)), rng.normal(size=(30, 4))
    return PooledRows(X, (X[:, 0] > 0).astype(int), X_valid, (X_valid[:, 0] > 0).astype(int))


def estimated(seed):
    return PLAN.estimate(run_plan(PLAN, Saturating(), [], seed, rows=labelled()))


@cache
def expected():
    """Mean values of rows over very many encoders and trees."""
    return np.mean([estimated(seed).values for seed in MANY], axis=0)


def four_trees(seed, *, sellers):
    found, truth = estimated(seed), expected()
    if not sellers:
        return Covered(holds(found.interval(), truth))
    return of_groups(hcdv_group_sums(found, SELLERS)[0], np.array([truth[rows].sum() for rows in SELLERS]))
