"""Ridge regression of a batch equals scikit-learn's, by stored products and by gathered rows."""

from functools import partial

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from valuation.core.models import ModelSpec, make_utility, ridge

# The bare model: its score also where no model would be better.
Model = partial(ModelSpec, free_disposal=False)


@pytest.mark.parametrize("products_bytes", [64_000_000, 0])
@pytest.mark.parametrize(("n", "d"), [(120, 7), (60, 40)])
@pytest.mark.parametrize("alpha", [0.01, 10])
def test_utilities_equal_scikit_learn(monkeypatch, products_bytes, n, d, alpha):
    monkeypatch.setattr(ridge, "PRODUCTS_BYTES", products_bytes)
    rng = np.random.default_rng(0)
    X, X_valid = rng.normal(size=(n, d)) + 100.0, rng.normal(size=(50, d)) + 100.0
    X[:, 0] = X_valid[:, 0] = 3.0
    y, y_valid = X[:, 1] + rng.normal(size=n), X_valid[:, 1] + rng.normal(size=50)
    coalitions = rng.random((40, n)) < rng.random((40, 1))
    coalitions[:, 9] = True
    coalitions[:4] = False
    coalitions[1, 5] = coalitions[2, [5, 6]] = coalitions[3] = True
    game = make_utility(Model("ridge_regression", {"alpha": alpha}, "neg_mse", 0), X, y, X_valid, y_valid)

    values = game(coalitions)

    expected = [-y_valid.var()]
    for coalition in coalitions[1:]:
        model = Ridge(alpha=alpha, solver="cholesky").fit(X[coalition], y[coalition])
        expected.append(-((model.predict(X_valid) - y_valid) ** 2).mean())
    np.testing.assert_allclose(values, expected, rtol=1e-9)
    np.testing.assert_allclose(game.rowwise(coalitions).mean(axis=1), values, rtol=1e-12)
