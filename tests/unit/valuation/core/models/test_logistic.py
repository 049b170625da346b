"""Logistic regression of a batch meets scikit-learn, solved to the last digits, coalition by coalition."""

import warnings
from functools import partial

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, log_loss, roc_auc_score

from valuation.core.models import ModelSpec, logistic, make_utility
from valuation.core.models.logistic import LogisticUtility
from valuation.core.models.solvers.lbfgs import minimise

# The bare model: its score also where no model would be better.
Model = partial(ModelSpec, free_disposal=False)


def data(n_classes=2, n=400, d=12, seed=0, separation=1.0):
    rng = np.random.default_rng(seed)
    centres = separation * rng.normal(size=(n_classes, d))
    y, y_valid = rng.integers(n_classes, size=n), np.arange(150) % n_classes
    X, X_valid = (centres[codes] + rng.normal(size=(len(codes), d)) for codes in (y, y_valid))
    # One-hot blocks make the columns collinear, as they are in every table with categories.
    for block in (X, X_valid):
        block[:, -3:] = np.eye(3)[rng.integers(3, size=len(block))]
    return X, y, X_valid, y_valid


def draw(sizes, n, seed=1):
    rng = np.random.default_rng(seed)
    coalitions = np.zeros((len(sizes), n), dtype=bool)
    for coalition, size in zip(coalitions, sizes, strict=True):
        coalition[rng.choice(n, size, replace=False)] = True
    return coalitions


def fitted_by_sklearn(X, y, C=1.0):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at this tolerance it reports that no step makes the loss smaller
        return LogisticRegression(C=C, solver="newton-cholesky", tol=1e-10, max_iter=10_000).fit(X, y)


def margins(game, coalitions):
    """Decision values of the game, (b, m) for two classes, (b, m, classes) for more."""
    classes = np.unique(game._y)
    fitted = game.coefficients(coalitions, classes)
    values = np.einsum("bcp,mp->bmc", fitted, game._valid)
    return values[:, :, 0] if len(classes) == 2 else values


SIZES = [2, 3, 5, 9, 20, 40, 41, 45, 60, 61, 150, 250, 399, 400]


@pytest.mark.parametrize(("n_classes", "separation"), [(2, 0.3), (2, 4.0), (3, 0.3), (3, 4.0)])
@pytest.mark.parametrize("C", [1.0, 0.01, 100.0])
def test_decision_values_equal_scikit_learn_at_every_size(n_classes, separation, C):
    X, y, X_valid, y_valid = data(n_classes, separation=separation)
    game = make_utility(Model("logistic_regression", {"C": C}, "accuracy", 0), X, y, X_valid, y_valid)
    coalitions = draw([size for size in SIZES for _ in range(3)], len(X))
    coalitions = coalitions[[len(np.unique(y[coalition])) == n_classes for coalition in coalitions]]

    values = margins(game, coalitions)

    expected = np.array([fitted_by_sklearn(X[c], y[c], C).decision_function(X_valid) for c in coalitions])
    assert len(coalitions) > 30
    np.testing.assert_allclose(values, expected, rtol=0, atol=2e-6 * max(1.0, C**0.5))


def test_utilities_equal_scikit_learn_where_coalitions_lack_classes():
    X, y, X_valid, y_valid = data(n_classes=4, n=60)
    coalitions = draw([2, 2, 3, 3, 4, 4, 5, 6, 8, 30, 60], 60)
    specs = {
        metric: Model("logistic_regression", {}, metric, 0, class_weights=False)
        for metric in ("balanced_accuracy", "neg_log_loss")
    }

    values = {metric: make_utility(spec, X, y, X_valid, y_valid)(coalitions) for metric, spec in specs.items()}

    for place, coalition in enumerate(coalitions):
        if len(np.unique(y[coalition])) == 1:
            expected_accuracy, expected_loss = 0.25, log_loss(y_valid, np.bincount(y_valid)[None].repeat(150, 0) / 150)
        else:
            model = fitted_by_sklearn(X[coalition], y[coalition])
            expected_accuracy = balanced_accuracy_score(y_valid, model.predict(X_valid))
            shares = np.zeros((150, 4))
            shares[:, model.classes_] = model.predict_proba(X_valid)
            true = np.clip(shares[np.arange(150), y_valid], np.finfo(float).eps, 1)
            expected_loss = -np.log(true).mean()
        assert values["balanced_accuracy"][place] == pytest.approx(expected_accuracy, abs=1e-12)
        assert values["neg_log_loss"][place] == pytest.approx(-expected_loss, abs=1e-5)


def test_roc_auc_of_two_classes_equals_scikit_learn():
    X, y, X_valid, y_valid = data()
    coalitions = draw([4, 40, 300], len(X))
    game = make_utility(Model("logistic_regression", {}, "roc_auc", 0), X, y, X_valid, y_valid)

    values = game(coalitions)

    expected = [roc_auc_score(y_valid, fitted_by_sklearn(X[c], y[c]).decision_function(X_valid)) for c in coalitions]
    np.testing.assert_allclose(values, expected, atol=1e-12)
    np.testing.assert_allclose(game.rowwise(coalitions).mean(axis=1), values, atol=1e-12)


def test_neighbours_in_the_batch_change_nothing_but_rounding():
    X, y, X_valid, y_valid = data()
    game = make_utility(Model("logistic_regression", {}, "neg_log_loss", 0), X, y, X_valid, y_valid)
    coalitions = draw([*range(2, 60), 100, 200, 300, 400], len(X))
    order = np.random.default_rng(5).permutation(len(coalitions))

    together, shuffled = game(coalitions), game(coalitions[order])
    alone = np.concatenate([game(coalition[None]) for coalition in coalitions])

    np.testing.assert_array_equal(game(coalitions), together)
    # A rounding may decide whether a fit takes one step more, so the bound is the solver's own.
    np.testing.assert_allclose(shuffled, together[order], rtol=0, atol=1e-7)
    np.testing.assert_allclose(alone, together, rtol=0, atol=1e-7)


def test_wild_rows_and_more_features_than_rows_are_fitted():
    X, y, X_valid, y_valid = data(n=80, d=120)
    X[3, 0], X[7, 1] = 1e4, -3e3  # a seller's value far outside the buyer's scale
    game = make_utility(Model("logistic_regression", {}, "accuracy", 0), X, y, X_valid, y_valid)
    coalitions = draw([6, 20, 31, 40, 60, 80], 80)
    coalitions[:, [3, 7]] = True

    values = margins(game, coalitions)

    expected = np.array([fitted_by_sklearn(X[c], y[c]).decision_function(X_valid) for c in coalitions])
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-5)


def test_coalitions_left_unsolved_are_fitted_one_by_one(monkeypatch):
    X, y, X_valid, y_valid = data()
    game = make_utility(Model("logistic_regression", {}, "accuracy", 0), X, y, X_valid, y_valid)
    coalitions = draw([50, 300], len(X))
    monkeypatch.setattr(logistic, "minimise", lambda *args, **_: (args[1], np.zeros(len(args[1]), bool)))

    values = margins(game, coalitions)

    expected = np.array([fitted_by_sklearn(X[c], y[c]).decision_function(X_valid) for c in coalitions])
    np.testing.assert_allclose(values, expected, rtol=0, atol=3e-6)


def test_a_fit_that_never_arrives_counts_as_far_as_it_came(monkeypatch):
    X, y, X_valid, y_valid = data()
    game = make_utility(Model("logistic_regression", {}, "neg_log_loss", 0), X, y, X_valid, y_valid)
    coalitions = draw([10, 60, 300], len(X))
    tight = game(coalitions)
    monkeypatch.setattr(logistic, "STEPS_MAX", 3)
    monkeypatch.setattr(logistic.LogisticRegression, "fit", lambda *_: (_ for _ in ()).throw(ValueError("no")))

    loose, again = game(coalitions), game(coalitions[::-1])[::-1]

    np.testing.assert_allclose(loose, again, rtol=0, atol=1e-12)
    assert loose[0] == tight[0]  # small ones are solved in their rows
    assert (np.abs(loose - tight)[1:] > 1e-6).all()
    assert (np.abs(loose - tight) < 0.5).all()


def test_newton_steps_are_bounded_and_the_flatter_point_counts(monkeypatch):
    X, y, X_valid, y_valid = data(n=200)
    game = make_utility(Model("logistic_regression", {"C": 1000.0}, "neg_log_loss", 0), X, y, X_valid, y_valid)
    coalitions = draw([60, 150], len(X))
    tight = game(coalitions)
    monkeypatch.setattr(logistic, "NEWTON_STEPS_MAX", 1)
    monkeypatch.setattr(logistic, "STEPS_MAX", 100)

    assert np.abs(game(coalitions) - tight).max() < 1e-3  # one Newton step from 0 is far steeper than 100 others


def work_of(game, coalitions, monkeypatch):
    """Gradients of single coalitions that one batch takes."""
    asked = []

    def counted(gradient, *arguments, **options):
        def count(active, at):
            asked.append(len(active))
            return gradient(active, at)

        return minimise(count, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(logistic, "minimise", counted)
        game(coalitions)
    return sum(asked)


def test_rows_a_hundred_times_too_large_cost_a_few_times_as_much(monkeypatch):
    X, y, X_valid, y_valid = data(n=1_000, separation=0.3)
    large = X.copy()
    large[np.random.default_rng(2).permutation(len(X))[:10]] *= 100.0
    spec, coalitions = Model("logistic_regression", {}, "accuracy", 0), draw([60, 100, 200, 400, 800] * 8, len(X))

    clean, outlying = (
        work_of(make_utility(spec, rows, y, X_valid, y_valid), coalitions, monkeypatch) for rows in (X, large)
    )

    assert clean < outlying < 5 * clean


@pytest.mark.parametrize("C", [1.0, 1000.0])
def test_rows_that_are_very_long_are_fitted_as_well(C):
    """A million standard deviations are as far as features go; an unknown a row would lose the penalty to rounding."""
    rng = np.random.default_rng(3)
    X, X_valid = 1e6 * rng.normal(size=(30, 1)), 1e6 * rng.normal(size=(20, 1))
    y, y_valid = rng.integers(2, size=30), np.arange(20) % 2
    game = make_utility(Model("logistic_regression", {"C": C}, "neg_log_loss", 0), X, y, X_valid, y_valid)
    coalitions = draw([10, 20, 30], 30)

    values = game(coalitions)

    # Such a penalty is nothing: rows a million times shorter, with one a million squared times weaker, fit alike.
    free = LogisticRegression(C=np.inf, tol=1e-12, max_iter=1000, solver="newton-cholesky")
    shares = [free.fit(X[c] / 1e6, y[c]).predict_proba(X_valid / 1e6)[:, 1] for c in coalitions]
    np.testing.assert_allclose(values, [-log_loss(y_valid, one) for one in shares], atol=1e-6)


def test_equal_rows_with_opposite_labels_predict_even_odds():
    X, X_valid = np.ones((2, 3)), np.random.default_rng(0).normal(size=(4, 3))
    spec = Model("logistic_regression", {}, "neg_log_loss", 0)
    game = make_utility(spec, X, np.array([0, 1]), X_valid, np.array([0, 1, 0, 1]))

    values = game(np.array([[True, True], [True, False], [False, False]]))

    assert isinstance(game, LogisticUtility)
    np.testing.assert_allclose(values, np.full(3, np.log(0.5)), atol=1e-12)
