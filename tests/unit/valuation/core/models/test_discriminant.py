"""Batched linear discriminants equal scikit-learn's, coalition by coalition, by sums of products and by rows."""

from functools import partial

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from valuation.core.models import ModelSpec, discriminant, make_utility

# The bare model: its score also where no model would be better.
Model = partial(ModelSpec, free_disposal=False)


def data(n, d, classes, offset=0.0):
    rng = np.random.default_rng(1)
    X, X_valid = rng.normal(size=(n, d)) + offset, rng.normal(size=(30, d)) + offset
    y = np.clip(np.floor(X[:, 0] - offset + rng.normal(size=n) + classes / 2), 0, classes - 1).astype(int)
    y[:classes] = range(classes)
    return X, y, X_valid, rng.permutation(np.arange(30) % classes)


@pytest.mark.parametrize("products_bytes", [0, 64_000_000])
@pytest.mark.parametrize(("shape", "shrinkage"), [((60, 4, 3), 0.1), ((40, 25, 2), 0.001), ((30, 45, 3), 1.0)])
def test_probabilities_equal_scikit_learn_at_every_size(monkeypatch, products_bytes, shape, shrinkage):
    n, d, classes = shape
    monkeypatch.setattr(discriminant, "PRODUCTS_BYTES", products_bytes)
    X, y, X_valid, y_valid = data(n, d, classes, offset=1e3)
    game = make_utility(Model("linear_discriminant", {"shrinkage": shrinkage}, "neg_log_loss"), X, y, X_valid, y_valid)
    # Three rows of each class there is: with fewer, scikit-learn warns of classes of one row.
    coalitions = np.random.default_rng(2).random((25, n)) < np.linspace(0.15, 1.0, 25)[:, None]
    counts = np.stack([(coalitions & (y == code)).sum(axis=1) for code in range(classes)], axis=1)
    coalitions = coalitions[((counts == 0) | (counts > 2)).all(axis=1) & ((counts > 0).sum(axis=1) > 1)]

    rows = np.exp(game.rowwise(coalitions))

    assert len(coalitions) > 8
    for coalition, found in zip(coalitions, rows, strict=True):
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage).fit(X[coalition], y[coalition])
        shares = np.zeros((30, classes))
        shares[:, model.classes_] = model.predict_proba(X_valid)
        np.testing.assert_allclose(found, shares[np.arange(30), y_valid], atol=1e-8)


@pytest.mark.parametrize("products_bytes", [0, 64_000_000])
def test_one_row_a_class_asks_for_the_nearer_one(monkeypatch, products_bytes):
    monkeypatch.setattr(discriminant, "PRODUCTS_BYTES", products_bytes)
    X, y, X_valid, _ = data(20, 3, 2)
    nearer = (((X_valid - X[1]) ** 2).sum(axis=1) < ((X_valid - X[0]) ** 2).sum(axis=1)).astype(int)

    game = make_utility(Model("linear_discriminant", {}, "accuracy"), X, y, X_valid, nearer)

    assert game(np.arange(20)[None] < 2) == [1.0]


@pytest.mark.parametrize("metric", ["accuracy", "neg_log_loss", "roc_auc"])
@pytest.mark.parametrize("products_bytes", [0, 64_000_000])
def test_equal_rows_of_different_classes_are_guessed_by_their_frequency(monkeypatch, products_bytes, metric):
    monkeypatch.setattr(discriminant, "PRODUCTS_BYTES", products_bytes)
    X, _, X_valid, y_valid = data(20, 3, 2)
    X[:] = 5.0
    game = make_utility(Model("linear_discriminant", {}, metric), X, np.arange(20) % 2, X_valid, y_valid)

    expected = {"accuracy": 0.5, "neg_log_loss": np.log(0.5), "roc_auc": 0.5}[metric]

    assert game(np.ones((1, 20), dtype=bool)) == pytest.approx([expected])


def test_the_batch_may_be_cut_anywhere(monkeypatch):
    game = make_utility(Model("linear_discriminant", {}, "neg_log_loss"), *data(40, 5, 3))
    coalitions = np.random.default_rng(2).random((50, 40)) < 0.4
    expected = game(coalitions)
    monkeypatch.setattr(discriminant, "WORK_BYTES", 1)

    np.testing.assert_allclose(game(coalitions), expected, rtol=1e-9)
