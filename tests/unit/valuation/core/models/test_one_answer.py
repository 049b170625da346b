"""A coalition's worth does not hang on its batch: many at once and one by one give one answer, every metric."""

import numpy as np
import pytest

from valuation.core.models import ModelSpec, make_utility, ties

METRICS = ("accuracy", "balanced_accuracy", "roc_auc", "macro_f1", "neg_log_loss")
N_ROWS, N_COALITIONS = 120, 200


def rows(kind, n_classes, seed=0):
    """Numbers, or categories whose rows repeat so that models cannot tell many of them apart."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N_ROWS + 150, 6))
    X = (X > 0.3).astype(np.float64) if kind == "categories" else X
    y = (X @ rng.normal(size=(6, n_classes)) + rng.gumbel(size=(len(X), n_classes))).argmax(axis=1)
    return X[:N_ROWS], y[:N_ROWS], X[N_ROWS:], y[N_ROWS:]


def coalitions(seed=0):
    """Half of them of 2 to 14 rows, the others of any size."""
    rng = np.random.default_rng(seed)
    sizes = np.concatenate([rng.integers(2, 15, N_COALITIONS // 2), rng.integers(2, N_ROWS + 1, N_COALITIONS // 2)])
    return np.stack([rng.permutation(N_ROWS) < size for size in sizes])


@pytest.mark.parametrize("kind", ["numbers", "categories"])
@pytest.mark.parametrize(
    ("family", "params"),
    [
        ("linear_discriminant", {}),
        ("linear_discriminant", {"shrinkage": 0.001}),
        ("logistic_regression", {"C": 1000.0}),
    ],
)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_batch_and_one_by_one_give_one_answer(kind, family, params, n_classes):
    data, drawn = rows(kind, n_classes), coalitions()
    # One by one takes a hundred times as long as a batch, and weakly penalised softmax fits as long again.
    is_slow = family == "logistic_regression" and n_classes > 2
    some = np.arange(0, N_COALITIONS, 20 if is_slow else 3)
    for metric in METRICS[2::2] if is_slow else METRICS:
        game = make_utility(ModelSpec(family, params, metric), *data)

        many, alone = game(drawn), np.concatenate([game(drawn[at : at + 1]) for at in some])

        np.testing.assert_allclose(alone, many[some], rtol=0, atol=1e-9, err_msg=metric)
        half = drawn[::2]  # beside other neighbours
        np.testing.assert_allclose(game(half), many[::2], rtol=0, atol=1e-9, err_msg=metric)


@pytest.mark.parametrize("kind", ["numbers", "categories"])
@pytest.mark.parametrize("metric", METRICS)
def test_discriminants_in_a_batch_equal_scikit_learns_one_by_one(kind, metric):
    data, drawn = rows(kind, 2, seed=1), coalitions(seed=1)
    # Of a class of one row, scikit-learn warns; where no class varies its covariance is 0, and its answer arbitrary.
    drawn = drawn[np.minimum((drawn & (data[1] == 0)).sum(axis=1), (drawn & (data[1] == 1)).sum(axis=1)) > 2]
    reference = {"estimator": "LinearDiscriminantAnalysis", "params": {"solver": "lsqr", "shrinkage": 0.1}}

    ours = make_utility(ModelSpec("linear_discriminant", {"shrinkage": 0.1}, metric), *data)(drawn)
    theirs = make_utility(ModelSpec("sklearn", reference, metric), *data)(drawn)

    assert len(drawn) > N_COALITIONS // 2
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


def test_ties_are_chains_of_what_rounding_leaves():
    scores = np.array([[0.3, 0.1 + 0.2, 1e-17, 0.0, 5.0, 5.0 + 1e-15, -2.0]])

    assert ties.ranks(scores, np.abs(scores)).tolist() == [[2, 2, 1, 1, 3, 3, 0]]
    assert ties.ranks(scores * 1e-6, np.abs(scores) * 1e-6).tolist() == [[2, 2, 1, 1, 3, 3, 0]]
    assert ties.is_positive(np.array([1e-16, 1e-9, -1.0]), np.ones(3)).tolist() == [False, True, False]
    three = np.array([[[1.0], [1.0 + 1e-15], [0.0]]])
    assert ties.first_of_the_largest(three, np.ones((1, 1))).tolist() == [[0]]
