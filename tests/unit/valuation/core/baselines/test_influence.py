"""Influence functions: close to exact leave-one-out, honest about how close, a game like any other."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from valuation.core.baselines import influence
from valuation.core.baselines.influence import influence_game, influence_values
from valuation.core.baselines.points import estimate_points
from valuation.core.errors import BudgetTooSmallError, FitFailedError, InvalidSpecError
from valuation.core.models import ModelSpec, make_utility

SMOOTH = {
    "two classes": ModelSpec("logistic_regression", {"C": 0.5}, "neg_log_loss"),
    "three classes": ModelSpec("logistic_regression", {}, "neg_log_loss"),
    "squared error": ModelSpec("ridge_regression", {}, "neg_mse"),
    "R2": ModelSpec("ridge_regression", {"alpha": 10.0}, "r2"),
}
EVERY = pytest.mark.parametrize("kind", SMOOTH)


def data(kind, n=120):
    rng = np.random.default_rng(0)
    X, X_valid = rng.normal(size=(n, 5)), rng.normal(size=(150, 5))
    y, y_valid = (features @ [1, 0.5, 0, 0, 0] + rng.normal(size=len(features)) for features in (X, X_valid))
    cuts = {"two classes": [0.0], "three classes": [-0.5, 0.5]}.get(kind)
    if cuts:
        y, y_valid = np.searchsorted(cuts, y), np.searchsorted(cuts, y_valid)
    return X, y, X_valid, y_valid


@EVERY
def test_drops_are_close_to_exact_leave_one_out_and_say_how_close(kind):
    parts = data(kind)
    found = influence_values(SMOOTH[kind], *parts, budget=121, rng=np.random.default_rng(0))
    exact_game = make_utility(SMOOTH[kind], *parts)
    without = ~np.eye(120, dtype=bool)
    exact = exact_game(np.ones((1, 120), dtype=bool)) - exact_game(without)

    rank = spearmanr(found.values, exact)[0]

    print(f"{kind}: rank correlation {rank:.4f}, error {found.error / exact.std():.2f} spreads")  # noqa: T201 - the figure is the point
    assert rank > 0.99
    np.testing.assert_allclose(found.exact, exact[found.checked_rows], atol=1e-12)
    assert found.error == pytest.approx(np.sqrt(np.mean((found.values - exact) ** 2)))
    assert found.error < 0.2 * exact.std()
    assert found.evaluations == 121
    assert found.standard_errors is None


@EVERY
def test_steps_solve_the_linearised_problem(kind):
    """For little weight, what leaving rows out adds is the derivative of the exact solution."""
    X, y, X_valid, y_valid = data(kind, n=40)
    # Of 400 copies of one row, 40 are left out.
    copies = np.repeat(np.arange(40), 400)
    game = influence_game(SMOOTH[kind], X[copies], y[copies], X_valid, y_valid)
    exact = make_utility(SMOOTH[kind], X[copies], y[copies], X_valid, y_valid)
    without = np.ones((2, 16_000), dtype=bool)
    without[1, :40] = False

    assert np.diff(game(without))[0] == pytest.approx(np.diff(exact(without))[0], rel=0.01)


@EVERY
def test_the_full_set_is_exact_and_nobody_is_the_baseline(kind):
    parts = data(kind)
    game, exact = influence_game(SMOOTH[kind], *parts), make_utility(SMOOTH[kind], *parts)
    ends = np.array([[False] * 120, [True] * 120])

    np.testing.assert_allclose(game(ends), exact(ends), rtol=1e-6)
    np.testing.assert_allclose(game.rowwise(ends).mean(axis=1), game(ends))


def test_any_estimator_takes_the_game():
    game = influence_game(SMOOTH["R2"], *data("R2", n=30))

    found = estimate_points(game, method="banzhaf", budget=640, rng=np.random.default_rng(0))

    assert np.isfinite(found.values).all()


@pytest.mark.parametrize("n", [0, 1, 2])
@EVERY
def test_hardly_any_rows_and_equal_rows(kind, n):
    X, y, X_valid, y_valid = data(kind)
    X[:] = 1.0

    found = influence_values(SMOOTH[kind], X[:n], y[:n], X_valid, y_valid, rng=np.random.default_rng(0))
    equal = influence_values(SMOOTH[kind], X, y, X_valid, y_valid, rng=np.random.default_rng(0))

    assert found.values.shape == (n,)
    for values in (found, equal):
        assert np.isfinite(values.values).all()
        assert np.isfinite(values.error)
    assert len(equal.checked_rows) == 20


def test_a_pool_of_one_class_has_no_influence():
    X, y, X_valid, y_valid = data("two classes")

    found = influence_values(SMOOTH["two classes"], X, 0 * y, X_valid, y_valid, rng=np.random.default_rng(0))

    assert found.values.tolist() == [0.0] * 120
    assert found.error == 0.0


def test_what_cannot_be_had_is_refused(monkeypatch):
    parts = data("R2")

    with pytest.raises(InvalidSpecError, match="one of logistic_regression, ridge_regression"):
        influence_game(ModelSpec("knn", {}, "r2"), *parts)
    with pytest.raises(BudgetTooSmallError, match="at least 2"):
        influence_values(SMOOTH["R2"], *parts, budget=1, rng=np.random.default_rng(0))
    monkeypatch.setattr(influence, "PARAMETERS_MAX", 5)
    with pytest.raises(FitFailedError, match="6 parameters is too large"):
        influence_values(SMOOTH["R2"], *parts, rng=np.random.default_rng(0))
