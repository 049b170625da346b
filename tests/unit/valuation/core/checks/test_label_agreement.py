"""Labels that say the opposite of the buyer's are found out; noise, one class and few rows are not accused."""

import numpy as np
import pytest

from valuation.core.checks.label_agreement import Agreement, label_agreement
from valuation.core.games.rows import PooledRows

GROUPS = np.split(np.arange(600), [200, 400])


def market(task, change, seed=0):
    """Three sellers of 200 rows, the last of whom has its labels changed, and 300 validation rows."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(900, 5))
    truth = X @ np.array([1.0, -1.0, 0.5, 0.0, 0.0]) + 0.7 * rng.normal(size=900)
    y = truth if task == "regression" else np.digitize(truth, [-0.5, 0.8][: {"two": 1, "three": 2}[task]])
    y[400:600] = change(y[400:600], rng)
    rows = PooledRows(X[:600], y[:600], X[600:], y[600:])
    return label_agreement(rows, GROUPS, task="regression" if task == "regression" else "classification")


@pytest.mark.parametrize(
    ("task", "change"),
    [
        ("two", lambda y, _: 1 - y),
        ("three", lambda y, _: (y + 1) % 3),
        ("regression", lambda y, _: 2 * y.mean() - y),
    ],
)
def test_turned_labels_contradict_and_honest_ones_do_not(task, change):
    first, second, turned = market(task, change)

    assert turned.contradicts
    assert not first.contradicts
    assert not second.contradicts
    assert first.score > first.chance + 5 * first.error


@pytest.mark.parametrize("task", ["two", "three", "regression"])
def test_labels_drawn_by_lot_contradict_as_seldom_as_chance(task):
    found = [market(task, lambda y, rng: rng.permutation(y), seed=seed)[2].contradicts for seed in range(40)]

    assert sum(found) <= 4  # one-sided 2.5 % of 40, and three standard deviations more


def test_a_seller_of_one_class_is_judged_by_that_class_alone():
    """All of its rows are of the rare class, which an unweighted model would hardly name."""
    rng = np.random.default_rng(0)
    y = np.concatenate([np.arange(500) % 10 == 0, np.ones(60, dtype=bool)]).astype(int)
    X = rng.normal(size=(560, 4)) + 1.2 * y[:, None]

    (rare,) = label_agreement(PooledRows(X[500:], y[500:], X[:500], y[:500]), [np.arange(60)], task="classification")

    assert not rare.contradicts
    assert rare.score > 0.8


def test_few_rows_and_constant_numbers_say_nothing():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(100, 2)), np.arange(100) % 2
    few = PooledRows(X[:19], y[:19], X[19:], y[19:])
    constant = PooledRows(X[:50], np.full(50, 3.0), X[50:], rng.normal(size=50))

    assert label_agreement(few, [np.arange(19)], task="classification") == (None,)
    assert label_agreement(constant, [np.arange(50)], task="regression") == (None,)


def test_below_chance_is_beyond_the_error():
    assert Agreement(0.30, 0.5, 0.05).contradicts
    assert not Agreement(0.45, 0.5, 0.05).contradicts
