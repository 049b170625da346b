"""With class weights every family aims at all classes alike: it meets scikit-learn told to do the same."""

import warnings
from functools import partial

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.neighbors import KNeighborsClassifier

from valuation.core.errors import InvalidSpecError
from valuation.core.models import ModelSpec, make_utility

Weighted = partial(ModelSpec, class_weights=True, free_disposal=False)
FAMILIES = [
    ("logistic_regression", {}),
    ("linear_discriminant", {}),
    ("knn", {"n_neighbors": 7}),
    ("mlp", {"epochs": 60, "hidden_units": 8}),
    ("wide_and_deep", {"epochs": 60, "hidden_units": 8}),
    ("convnet", {"epochs": 60, "filters": 8}),
    ("sklearn", {"estimator": "GaussianNB"}),
    ("sklearn", {"estimator": "DecisionTreeClassifier", "params": {"max_depth": 3}}),
    ("sklearn", {"estimator": "RandomForestClassifier", "params": {"n_estimators": 20, "max_depth": 3}}),
    ("sklearn", {"estimator": "ExtraTreesClassifier", "params": {"n_estimators": 20, "max_depth": 3}}),
    ("sklearn", {"estimator": "HistGradientBoostingClassifier", "params": {"max_iter": 20}}),
    ("sklearn", {"estimator": "LinearDiscriminantAnalysis"}),
    ("sklearn", {"estimator": "LogisticRegression"}),
]
LABEL = lambda family: family[1].get("estimator", family[0]) if isinstance(family, tuple) else None  # noqa: E731


def data(n=400, classes=2, apart=0.6, seed=0):
    """Rows of which one in twelve is of another class than the first, and validation rows with all classes alike."""
    rng = np.random.default_rng(seed)
    y = np.where(rng.random(n) < 1 / 12, rng.integers(1, classes, size=n), 0)
    y_valid = np.arange(300) % classes
    centres = apart * rng.normal(size=(classes, 16))
    X, X_valid = (centres[codes] + rng.normal(size=(len(codes), 16)) for codes in (y, y_valid))
    return X, y, X_valid, y_valid


def coalitions_of(y, sizes, seed=1):
    rng = np.random.default_rng(seed)
    drawn = np.array([rng.permutation(len(y)) < size for size in sizes])
    return drawn[[len(np.unique(y[members])) > 1 for members in drawn]]


SIZES = [*range(10, 60, 7), 80, 120, 200, 300, 400]


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("C", [0.01, 1.0, 30.0])
def test_logistic_regression_is_the_balanced_one(classes, C):
    X, y, X_valid, y_valid = data(classes=classes)
    coalitions = coalitions_of(y, SIZES)

    values = make_utility(Weighted("logistic_regression", {"C": C}, "neg_log_loss"), X, y, X_valid, y_valid)(coalitions)

    for members, value in zip(coalitions, values, strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # at this tolerance it reports that no step makes the loss smaller
            model = LogisticRegression(
                C=C, solver="newton-cholesky", tol=1e-10, max_iter=10_000, class_weight="balanced"
            ).fit(X[members], y[members])
        shares = np.full((len(y_valid), classes), np.finfo(float).eps)
        shares[:, model.classes_] = model.predict_proba(X_valid)
        assert value == pytest.approx(np.log(shares[np.arange(len(y_valid)), y_valid]).mean(), abs=2e-5)


@pytest.mark.parametrize("products_bytes", [0, 64_000_000])
def test_linear_discriminants_are_those_of_equal_priors(monkeypatch, products_bytes):
    monkeypatch.setattr("valuation.core.models.discriminant.PRODUCTS_BYTES", products_bytes)
    X, y, X_valid, y_valid = data()
    coalitions = coalitions_of(y, [80, 120, 200, 400])

    values = make_utility(Weighted("linear_discriminant", {"shrinkage": 0.3}, "neg_log_loss"), X, y, X_valid, y_valid)(
        coalitions
    )

    for members, value in zip(coalitions, values, strict=True):
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.3, priors=[0.5, 0.5])
        assert value == pytest.approx(-log_loss(y_valid, model.fit(X[members], y[members]).predict_proba(X_valid)))


def test_a_vote_of_neighbours_counts_one_over_the_rows_of_its_class():
    X, y, X_valid, y_valid = data()

    value = make_utility(Weighted("knn", {"n_neighbors": 7}, "accuracy"), X, y, X_valid, y_valid)(
        np.ones((1, 400), bool)
    )

    near = KNeighborsClassifier(7).fit(X, y).kneighbors(X_valid, return_distance=False)
    votes = np.stack([(y[near] == code).sum(axis=1) / (y == code).sum() for code in (0, 1)], axis=1)
    assert value == (votes.argmax(axis=1) == y_valid).mean()


@pytest.mark.parametrize("family", FAMILIES, ids=LABEL)
def test_a_rare_class_is_found_by_every_family(family):
    X, y, X_valid, y_valid = data()
    everyone = np.ones((1, 400), dtype=bool)

    with_weights, without = (
        make_utility(ModelSpec(*family, "balanced_accuracy", class_weights=weights), X, y, X_valid, y_valid)(everyone)[
            0
        ]
        for weights in (True, False)
    )

    assert with_weights > without + 0.02
    assert with_weights > 0.7


# With weights of 1, too, scikit-learn draws the bootstraps of a random forest by other random numbers than without.
@pytest.mark.parametrize("family", [f for f in FAMILIES if LABEL(f) != "RandomForestClassifier"], ids=LABEL)
def test_equal_classes_are_weighed_as_without_weights(family):
    X, y, X_valid, y_valid = data(n=60)
    y = np.arange(60) % 2
    X = X + y[:, None]
    everyone = np.ones((1, 60), dtype=bool)

    with_weights, without = (
        make_utility(ModelSpec(*family, "balanced_accuracy", class_weights=weights), X, y, X_valid, y_valid)(everyone)[
            0
        ]
        for weights in (True, False)
    )

    assert with_weights == without


def test_balanced_accuracy_alone_weighs_classes_unless_told():
    assert ModelSpec("knn", {}, "balanced_accuracy").class_weights
    assert not ModelSpec("knn", {}, "balanced_accuracy", class_weights=False).class_weights
    assert not any(ModelSpec("knn", {}, metric).class_weights for metric in ("accuracy", "macro_f1", "roc_auc", "r2"))
    assert ModelSpec("knn", {}, "macro_f1", class_weights=True).class_weights


def test_numbers_have_no_classes_to_weigh():
    with pytest.raises(
        InvalidSpecError, match="class_weights is True; expected false, because numbers have no classes"
    ):
        ModelSpec("ridge_regression", {}, "r2", class_weights=True)


def test_a_seller_who_calls_common_rows_rare_is_paid_without_weights_only():
    """Without weights the rare class is hardly ever named, and any row that names it pays: even a wrong one."""
    rng = np.random.default_rng(3)
    X, y, X_valid, y_valid = data(n=600, apart=0.35)
    wrong = (y == 0) & (np.arange(600) < 120)
    y[wrong] = 1
    drawn = np.array([~wrong & (rng.random(600) < share) for share in np.linspace(0.05, 1, 40)])
    drawn = drawn[[len(np.unique(y[members])) > 1 for members in drawn]]

    gains = {}
    for weights in (True, False):
        game = make_utility(
            ModelSpec("logistic_regression", {"C": 0.1}, "balanced_accuracy", class_weights=weights),
            X,
            y,
            X_valid,
            y_valid,
        )
        gains[weights] = (game(drawn | wrong) - game(drawn)).mean()

    assert gains[True] < -0.05
    assert gains[False] > 0.01
