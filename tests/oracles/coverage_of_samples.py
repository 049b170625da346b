"""Runs on populations of rows: intervals for the luck of the validation sample, and for the bags of Data-OOB.

A population is finite and drawn from with replacement, so that what is true of it is known to the last digit.
"""

from functools import cache

import numpy as np

from tests.oracles.covered import Covered, holds, true_shares
from tests.oracles.games_at_random import contiguous_groups
from valuation.core import data_oob, estimate_gsv
from valuation.core.fgsv.segments import by_segment
from valuation.core.metrics.registry import make_metric
from valuation.core.models import ModelSpec, make_utility

SELLERS = (10, 20, 40, 80, 50)
POPULATION = 5_000
SPECS = {
    "classification": ModelSpec("logistic_regression", {}, "neg_log_loss"),
    "regression": ModelSpec("ridge_regression", {}, "neg_mse"),
}


def rows(n, task, rare, rng):
    """Rows of two overlapping classes, a part ``rare`` of the second; or numbers with heavy noise."""
    if task == "regression":
        X = rng.normal(size=(n, 4))
        return X, X @ [1.0, -0.5, 0.25, 0.0] + rng.normal(size=n) * (1 + np.abs(X[:, 0]))
    y = (rng.random(n) < rare).astype(np.int64)
    return rng.normal(size=(n, 4)) + y[:, None] * np.array([1.0, 0.5, 0.25, 0.0]), y


@cache
def market(task, rare):
    """What each union of five sellers predicts for a population: targets, and predictions by coalition code.

    The fifth seller's targets are half wrong. Sellers are whole players: their values come from 32 coalitions, exactly.
    """
    rng = np.random.default_rng(40)
    X, y = rows(sum(SELLERS), task, rare, rng)
    groups = contiguous_groups(SELLERS)
    wrong = groups[4][:25]
    y[wrong] = rng.permutation(y[wrong]) if task == "regression" else 1 - y[wrong]
    X_all, targets = rows(POPULATION, task, rare, rng)
    codes = (np.arange(2 ** len(SELLERS))[:, None] >> np.arange(len(SELLERS))) & 1
    members = codes.astype(bool)[:, np.repeat(np.arange(len(SELLERS)), SELLERS)]
    scores = make_utility(SPECS[task], X, y, X_all, targets).rowwise(members)
    if task == "regression":
        return targets, targets + np.sqrt(-scores)  # which side of the target it is on, no metric asks
    true = np.exp(scores)[:, :, None]
    return targets, np.where(targets[:, None] == np.arange(2), true, 1 - true)


class Scored:
    """The game of the five sellers from the scores of validation rows by coalition code, ``(32, m)``."""

    n_players = len(SELLERS)

    def __init__(self, rows, strata=None):
        self.rows, self.row_strata = rows, strata

    def __call__(self, coalitions):
        return self.rowwise(coalitions).mean(axis=1)

    def rowwise(self, coalitions):
        return self.rows[coalitions @ (1 << np.arange(self.n_players))]


def scored(metric, task, rare, chosen):
    """The game on some rows of the population, as the engine would score them."""
    targets, predictions = market(task, rare)
    bound = make_metric(metric, targets[chosen], 2)
    found = predictions[:, chosen]
    if bound.facts.needs in {"labels", "scores"}:
        found = found.argmax(axis=2) if bound.facts.needs == "labels" else found[:, :, 1]
    rows = bound.rowwise(found)
    rows[0] = bound.baseline_rows
    return Scored(rows, bound.row_strata)


def values_of(game):
    return estimate_gsv(game, contiguous_groups((1,) * len(SELLERS)), budget=32, rng=np.random.default_rng(0))


def valued(metric, task, rare, chosen):
    return values_of(scored(metric, task, rare, chosen))


@cache
def of_population(metric, task, rare):
    return valued(metric, task, rare, np.arange(POPULATION))


def validation_sample(metric, *, task="classification", rare=0.5, size=500, seed):
    chosen = np.random.default_rng([41, seed]).integers(POPULATION, size=size)
    found, truth = valued(metric, task, rare, chosen), of_population(metric, task, rare).values
    return Covered(
        holds(found.validation_interval(), truth), holds(found.validation_share_interval(), true_shares(truth))
    )


def by_class(metric, *, rare=0.5, size=500, seed):
    """The parts of values that the rows of each class hold, given how many of each there are in the sample."""
    chosen = np.random.default_rng([41, seed]).integers(POPULATION, size=size)
    targets, _ = market("classification", rare)
    sample = targets[chosen]
    all_rows = scored(metric, "classification", rare, np.arange(POPULATION)).rows
    # What a row of each class scores on average; a row of a rarer class weighs more in balanced accuracy, and
    # the constant predictor knows the sample's classes.
    expected = np.stack([all_rows[:, targets == code].mean(axis=1) for code in (0, 1)], axis=1)
    if metric == "balanced_accuracy":
        expected *= np.bincount(targets) / POPULATION * size / np.bincount(sample)
    expected[0] = make_metric(metric, sample, 2).baseline_rows[[np.argmax(sample == code) for code in (0, 1)]]
    truth = values_of(Scored(expected)).contributions.T * np.bincount(sample)[:, None] / size
    parts = by_segment(valued(metric, "classification", rare, chosen), sample, 2)
    half = 1.96 * parts.standard_errors
    ends = np.stack([parts.contributions - half, parts.contributions + half], axis=-1)
    return Covered(holds(ends.reshape(-1, 2), truth.ravel()))


@cache
def bagged(task):
    """Sixty rows and what 20,000 bags say of each."""
    X, y = rows(60, task, 0.5, np.random.default_rng(42))
    return X, y, data_oob(SPECS[task], X, y, budget=20_000, rng=np.random.default_rng(43)).values


def out_of_bag(task, *, budget, seed):
    X, y, truth = bagged(task)
    found = data_oob(SPECS[task], X, y, budget=budget, rng=np.random.default_rng(seed))
    return None if found.standard_errors is None else Covered(holds(found.interval(), truth))
