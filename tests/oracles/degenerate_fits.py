"""Rows, coalitions and models at random that are hard to fit, and what a game owes whatever they are."""

import numpy as np

from valuation.core.metrics.registry import CLASS_METRICS, NUMBER_METRICS
from valuation.core.models import ModelSpec, checked_rows, game_of
from valuation.core.models.estimators import estimators_for
from valuation.core.models.families import FAMILIES

N_VALID, WIDTH = 24, 16  # 16 features are also the pixels of the smallest image
LONGEST_PENALISED = 1e9  # squared length of the longest row, in penalties
METRICS = {"classification": tuple(CLASS_METRICS), "regression": tuple(NUMBER_METRICS)}
NETWORK = {"hidden_units": (1, 8), "hidden_layers": (1, 2), "epochs": (1, 6), "learning_rate": (1e-4, 0.3),
           "alpha": (0.0, 1e6)}  # fmt: skip
# What parameters are drawn from: the ends of what a spec accepts, as far as a fit stays quick.
PARAMETERS = {
    "logistic_regression": {"C": (1e-4, 1.0, 1e3)},
    "linear_discriminant": {"shrinkage": (1e-3, 0.1, 1.0)},
    "ridge_regression": {"alpha": (1e-6, 1.0, 1e6)},
    "knn": {"n_neighbors": (1, 5, 1000)},
    "mlp": NETWORK,
    "wide_and_deep": NETWORK,
    "convnet": {"image_height": (None, 4), "filters": (1, 4), "epochs": (1, 4)},
}
_TREE = {"max_depth": (None, 1, 64), "min_samples_leaf": (1, 50)}
_FOREST = {**_TREE, "n_estimators": (1, 3), "max_features": (None, "sqrt", "log2")}
_BOOSTING = {"max_iter": (1, 3), "learning_rate": (1e-4, 1.0), "max_leaf_nodes": (None, 2), "min_samples_leaf": (1, 20),
             "l2_regularization": (0.0, 1e6)}  # fmt: skip
SETTINGS = {
    "GaussianNB": {"var_smoothing": (1e-12, 1e-9, 1.0)},
    "DecisionTreeClassifier": {**_TREE, "criterion": ("gini", "entropy", "log_loss")},
    "DecisionTreeRegressor": _TREE,
    "RandomForestClassifier": _FOREST,
    "RandomForestRegressor": _FOREST,
    "ExtraTreesClassifier": _FOREST,
    "ExtraTreesRegressor": _FOREST,
    "HistGradientBoostingClassifier": _BOOSTING,
    "HistGradientBoostingRegressor": _BOOSTING,
    "LinearDiscriminantAnalysis": {"solver": ("svd", "lsqr")},
    "LogisticRegression": {"C": (1e-4, 1.0, 1e3), "max_iter": (1, 100)},
    "Ridge": {"alpha": (1e-6, 1.0, 1e6)},
    "Lasso": {"alpha": (1e-6, 1.0, 1e6), "max_iter": (1, 100)},
}
STEPS = (
    {"step": "StandardScaler"},
    {"step": "MinMaxScaler"},
    {"step": "RobustScaler"},
    {"step": "PCA", "params": {"n_components": 1}},
    {"step": "PCA", "params": {"n_components": 1000}},
)
# Every family, and every estimator as a family of its own, of each task.
MODELS = [
    (task, model)
    for task in METRICS
    for model in [*(name for name, family in FAMILIES.items() if task in family.tasks and name != "sklearn"),
                  *estimators_for(task)]
]  # fmt: skip


def drawn_spec(task, model, metric, rng):
    """A model with parameters, steps and terms at random."""
    terms = {"free_disposal": bool(rng.random() < 0.5), "seed": int(rng.integers(100))}
    if task == "classification":
        terms["class_weights"] = bool(rng.random() < 0.5)
    if model in FAMILIES:
        return ModelSpec(model, _drawn(PARAMETERS[model], rng), metric, **terms)
    params = {"estimator": model, "params": _drawn(SETTINGS[model], rng)}
    if params["params"].get("solver") == "lsqr":
        params["params"]["shrinkage"] = _one((None, 0.0, 0.5, 1.0), rng)
    if rng.random() < 0.5:
        params["steps"] = [_one(STEPS, rng) for _ in range(rng.integers(1, 4))]
    return ModelSpec("sklearn", params, metric, **terms)


def drawn_rows(spec, n, rng):
    """Training and validation rows of one shape of trouble, and whether some of the former are the buyer's own."""
    width = WIDTH if spec.family == "convnet" else _one((1, 2, WIDTH, 40), rng)
    X, X_valid = np.split(_features(n + N_VALID, width, rng), [n])
    if spec.task == "regression":
        y, y_valid = np.split(_numbers(n + N_VALID, rng), [n])
        if y_valid.min() == y_valid.max():
            y_valid[0] += 1.0
    else:
        y, y_valid = _classes(n, rng)
    n_base = int(rng.integers(0, min(n, 4) + 1)) if rng.random() < 0.25 else 0
    own = {"X_base": X[:n_base], "y_base": y[:n_base]} if n_base else {}
    return (X[n_base:], y[n_base:], X_valid, y_valid), own


def drawn_coalitions(y, count, rng):
    """Nobody, everybody, single rows, one row a class, and any others, bool ``(count, n)``."""
    n = len(y)
    coalitions = rng.random((count, n)) < rng.random((count, 1))
    coalitions[0] = False
    coalitions[1] = True
    if n:
        coalitions[2] = np.arange(n) == rng.integers(n)
        for place in (3, 4):
            order = rng.permutation(n)
            coalitions[place] = False
            coalitions[place, order[np.unique(y[order], return_index=True)[1][: _one((2, n), rng)]]] = True
        coalitions[5] = coalitions[3] | coalitions[2]
    return coalitions


def check_fits(task, model, metric, *, count, seed):
    """Fit a model of random rows to ``count`` coalitions and hold the game to its word.

    No exception and no warning; finite utilities, never below nobody's with free disposal; rows that average to the
    utility; the same utility in a batch as alone, where float64 can tell what that is.
    """
    rng = np.random.default_rng(seed)
    spec = drawn_spec(task, model, metric, rng)
    n = _one((1, 2, 5, 12, 30, 80), rng)
    rows, own = drawn_rows(spec, n, rng)
    # Rows so alike that the buyer's own may be validation rows too, which `make_utility` refuses.
    game = game_of(spec, checked_rows(spec, *rows, **own), device="cpu")
    coalitions = drawn_coalitions(rows[1], count, rng)

    values, by_row = game(coalitions), game.rowwise(coalitions)

    assert np.isfinite(values).all()
    assert np.isfinite(by_row).all()
    if spec.free_disposal:
        assert (values >= values[0]).all()
    scale = 1e-12 * max(1.0, np.abs(by_row).max())
    np.testing.assert_allclose(by_row.mean(axis=1), values, rtol=1e-9, atol=scale)
    if game.batched and _has_one_answer(spec, np.vstack([own.get("X_base", rows[0][:0]), rows[0]])):
        alone = np.concatenate([game(one[None]) for one in coalitions])
        np.testing.assert_allclose(alone, values, rtol=1e-6, atol=1e-6)


def _has_one_answer(spec, X):
    """Not where rows are so long that rounding drowns the penalty, nor where a network's rows are all the same.

    Of these a network's gradient is nothing but rounding, which Adam makes steps of.
    """
    longest = float((X**2).sum(axis=1).max(initial=0.0))
    if spec.family == "logistic_regression":
        return spec.params["C"] * longest <= LONGEST_PENALISED
    if spec.family == "ridge_regression":
        return longest / spec.params["alpha"] <= LONGEST_PENALISED
    return spec.family not in {"mlp", "wide_and_deep", "convnet"} or len(np.unique(X, axis=0)) > 1


def _features(n, width, rng):
    X = rng.normal(size=(n, width))
    trouble = rng.integers(9)
    if trouble == 0:
        X[:] = 0.0
    elif trouble == 1:
        X[:, rng.random(width) < 0.7] = rng.normal()
    elif trouble == 2:
        X *= 1e6
    elif trouble == 3:
        X *= 10.0 ** rng.uniform(-6, 6, size=width)
    elif trouble == 4:
        X = (rng.integers(width, size=n)[:, None] == np.arange(width)).astype(float)
    elif trouble == 5:
        X = X[rng.integers(min(n, 3), size=n)]
    elif trouble == 6:
        X[rng.random(n) < 0.2] *= 1e6
    elif trouble == 7:
        X[:] = X[:, :1]
    return X


def _classes(n, rng):
    n_classes = int(rng.integers(2, 6))
    of_training = rng.permutation(n_classes)[: rng.integers(1, n_classes + 1)]
    of_validation = rng.permutation(n_classes)[: rng.integers(2, n_classes + 1)]
    y, y_valid = rng.choice(of_training, size=n), rng.choice(of_validation, size=N_VALID)
    y_valid[:2] = of_validation[:2]
    return y, y_valid


def _numbers(n, rng):
    y = rng.normal(size=n)
    trouble = rng.integers(5)
    if trouble == 0:
        y[:] = rng.normal()
    elif trouble == 1:
        y *= 1e6
    elif trouble == 2:
        y = np.round(y)
    elif trouble == 3:
        y[rng.random(n) < 0.1] *= 1e6
    return y


def _drawn(parameters, rng):
    return {name: _one(options, rng) for name, options in parameters.items()}


def _one(options, rng):
    return options[rng.integers(len(options))]
