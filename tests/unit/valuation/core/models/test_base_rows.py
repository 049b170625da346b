"""Rows that the buyer has already belong to every coalition, and what they train is what there is without sellers."""

import numpy as np
import pytest

from tests.unit.valuation.core.models.test_games import CLASSIFIERS, LABEL, REGRESSORS, data
from valuation.core import estimate_fgsv
from valuation.core.errors import InvalidDataError
from valuation.core.games.rows import PooledRows
from valuation.core.models import ModelSpec, make_utility
from valuation.core.models.buyers_game import buyers_game


@pytest.mark.parametrize("spec", CLASSIFIERS + REGRESSORS, ids=LABEL)
def test_a_coalition_beside_base_rows_is_the_coalition_that_holds_them(spec):
    X, y, X_valid, y_valid = data(spec)
    together = make_utility(spec, X, y, X_valid, y_valid)
    beside = make_utility(spec, X[8:], y[8:], X_valid, y_valid, X_base=X[:8], y_base=y[:8])
    coalitions = np.random.default_rng(0).random((9, 22)) < np.linspace(0, 1, 9)[:, None]
    whole = np.hstack([np.ones((9, 8), dtype=bool), coalitions])
    alone = np.arange(30)[None] < 8

    floor = max(together(alone)[0], together.metric.baseline)
    rows = together.rowwise(alone)[0]

    assert beside.n_players == 22
    np.testing.assert_allclose(beside(coalitions), np.maximum(together(whole), floor), rtol=1e-9, atol=1e-9)
    expected = together.rowwise(whole)
    expected[expected.mean(axis=1) < floor] = rows
    np.testing.assert_allclose(beside.rowwise(coalitions), expected, rtol=1e-6, atol=1e-6)
    assert beside(np.zeros((1, 22), dtype=bool))[0] == pytest.approx(floor)


def test_base_rows_of_one_class_leave_the_constant_predictor():
    spec = ModelSpec("logistic_regression", {}, "accuracy")
    X, y, X_valid, y_valid = data(spec)
    beside = make_utility(spec, X, y, X_valid, y_valid, X_base=X[y == 1], y_base=y[y == 1])

    assert beside(np.zeros((1, 30), dtype=bool))[0] == beside.metric.baseline


def test_no_base_row_is_no_base():
    spec = ModelSpec("ridge_regression", {}, "r2")
    X, y, X_valid, y_valid = data(spec)
    coalitions = np.random.default_rng(0).random((9, 30)) < 0.5

    beside = make_utility(spec, X, y, X_valid, y_valid, X_base=X[:0], y_base=y[:0])

    np.testing.assert_array_equal(beside(coalitions), make_utility(spec, X, y, X_valid, y_valid)(coalitions))


def test_what_the_buyer_has_already_is_not_paid_for():
    """Rows like the buyer's own add less to them than to nothing; the values sum to what all sellers add to them."""
    rng = np.random.default_rng(0)
    X, X_valid = rng.normal(size=(90, 3)), rng.normal(size=(200, 3))
    weights = np.array([1.0, -2.0, 0.5])
    y, y_valid = (rows @ weights + 0.5 * rng.normal(size=len(rows)) for rows in (X, X_valid))
    spec = ModelSpec("ridge_regression", {}, "r2")
    groups = [np.arange(20), np.arange(20, 40)]
    nothing, something = (
        estimate_fgsv(
            make_utility(spec, X[:40], y[:40], X_valid, y_valid, X_base=X[40:end], y_base=y[40:end]),
            groups,
            budget=3_000,
            rng=np.random.default_rng(1),
        )
        for end in (40, 90)
    )
    beside = make_utility(spec, X[:40], y[:40], X_valid, y_valid, X_base=X[40:], y_base=y[40:])
    empty, full = beside(np.array([[False] * 40, [True] * 40]))

    assert something.values.sum() == pytest.approx(full - empty)
    assert (something.values < 0.1 * nothing.values).all()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"X_base": np.zeros((3, 2))}, "X_base has 2 columns and X 4"),
        ({"y_base": np.zeros(2)}, r"y_base has shape \(2,\); expected \(3,\)"),
        ({"X_base": np.full((3, 4), np.nan)}, "X_base has missing or infinite values"),
    ],
)
def test_base_rows_are_checked_like_the_others(change, sentence):
    spec = ModelSpec("ridge_regression", {}, "r2")
    base = {"X_base": np.zeros((3, 4)), "y_base": np.zeros(3)} | change

    with pytest.raises(InvalidDataError, match=sentence):
        make_utility(spec, *data(spec), **base)


@pytest.mark.parametrize("half", ["X_base", "y_base"])
def test_half_of_the_base_rows_is_refused_and_not_passed_over(half):
    spec = ModelSpec("ridge_regression", {}, "r2")
    base = {"X_base": np.ones((3, 4)), "y_base": np.ones(3)}

    with pytest.raises(InvalidDataError, match="X_base and y_base belong together"):
        make_utility(spec, *data(spec), **{half: base[half]})


def test_base_rows_that_are_validation_rows_are_refused_and_say_where():
    spec = ModelSpec("logistic_regression", {}, "accuracy")
    X, y, X_valid, y_valid = data(spec)
    X_valid[5, 0] = -0.0
    base, targets = np.vstack([X[:3], X_valid[4:6]]), np.concatenate([y[:3], y_valid[4:6]])
    base[4, 0] = 0.0

    with pytest.raises(InvalidDataError) as refused:
        make_utility(spec, X, y, X_valid, y_valid, X_base=base, y_base=targets)

    assert str(refused.value) == (
        "2 of 5 rows of X_base are validation rows too, the first in row 3 (counted from 0); a model would be scored "
        "on what it was trained on, so leave them out of one of the two."
    )
    # Another target, or the same row among those that train, is another thing.
    make_utility(spec, X, y, X_valid, y_valid, X_base=base[3:], y_base=1 - targets[3:])
    make_utility(spec, X, y, X_valid, y_valid, X_base=X[:3], y_base=y[:3])


def test_rows_that_only_encoding_makes_equal_stop_no_round():
    """Both were beyond a range and cut to it: they were told apart where they came in."""
    spec = ModelSpec("logistic_regression", {}, "accuracy")
    X, y, X_valid, y_valid = data(spec)

    game = buyers_game(spec, PooledRows(X, y, X_valid, y_valid, X_valid[:2], y_valid[:2]))

    assert game.n_players == len(X)
