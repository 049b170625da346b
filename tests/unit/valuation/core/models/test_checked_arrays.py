"""What cannot be read as rows and targets is refused with a sentence that says where and what to do."""

import numpy as np
import pytest
import scipy.sparse
import torch

from marketplace.copies.pictures import fingerprints
from valuation.core import (
    beta_shapley,
    du_shapley,
    estimate_by_algorithm_1,
    estimate_fgsv,
    estimate_gsv,
    estimate_points,
    truncated_shapley,
)
from valuation.core.errors import InvalidDataError, InvalidRngError, InvalidSpecError
from valuation.core.games.known_games import sou_game
from valuation.core.models import ModelSpec, make_utility
from valuation.core.models.families import FAMILIES

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(12, 3)), np.arange(12) % 2
CLASSES = ModelSpec("logistic_regression", {}, "accuracy")


def refused(features, targets, spec=CLASSES):
    with pytest.raises(InvalidDataError) as error:
        make_utility(spec, features, targets, X, Y)
    return str(error.value)


def with_value(value, dtype=np.float64):
    changed = X.astype(dtype)
    changed[4, 2] = value
    return changed


RECORDS = np.zeros(12, dtype=[("age", float), ("gain", float)])


@pytest.mark.parametrize(
    ("features", "sentence"),
    [
        (scipy.sparse.csr_matrix(X), "X is a sparse matrix; give X.toarray()."),
        (scipy.sparse.coo_array(X), "X is a sparse matrix; give X.toarray()."),
        (RECORDS, "X has the fields age, gain; give one array of numbers."),
        (torch.ones(12, 3, requires_grad=True), "X is a tensor with gradients; give X.detach().numpy()."),
        (X.astype(np.complex128), "X holds complex numbers; give real ones."),
        (
            X.astype("datetime64[D]"),
            "X holds dates or times; give numbers, such as days since a day of your choice.",
        ),
        (X.astype("timedelta64[D]"), "X holds dates or times; give numbers, such as days since a day of your choice."),
        (X.astype(str).astype(object), f"X holds words such as {str(X[0, 0])!r}; encode them as numbers first."),
        (np.full((12, 3), "a"), "X holds words such as 'a'; encode them as numbers first."),
        (
            with_value(np.nan),
            "X has missing or infinite values, the first in row 4, column 2 (counted from 0); encode them first.",
        ),
        (
            with_value(None, object),
            "X has missing or infinite values, the first in row 4, column 2 (counted from 0); encode them first.",
        ),
        (
            with_value(-1e51),
            "X has values beyond 1e+50, the first in row 4, column 2 (counted from 0); give the column a larger unit.",
        ),
    ],
)  # fmt: skip
def test_features_that_are_no_numbers_are_refused(features, sentence):
    assert refused(features, Y) == sentence


@pytest.mark.parametrize("family", FAMILIES)
def test_features_too_large_are_refused_by_every_family(family):
    spec = {
        "sklearn": ModelSpec("sklearn", {"estimator": "GaussianNB"}, "accuracy"),
        "ridge_regression": ModelSpec("ridge_regression", {}, "r2"),
    }.get(family) or ModelSpec(family, {}, "accuracy")

    assert refused(with_value(1e160), Y, spec).startswith("X has values beyond 1e+50, the first in row 4, column 2")


FROM_0 = "(counted from 0)"
MISSING = f"y has missing or infinite values, the first in row 1 {FROM_0}; give one target a row."
NO_CODES = (
    f"y has values that are no class codes 0, 1, ..., the first in row 0 {FROM_0}; it holds -1, 1; number the classes "
    "from 0."
)
TOO_MANY = (
    f"y has the class code 2000000000, and at most 1000 classes are possible, the first in row 1 {FROM_0}; number the "
    "classes from 0."
)


@pytest.mark.parametrize(
    ("targets", "sentence"),
    [
        (np.where(Y > 0, "yes", "no"), "y holds words such as 'no'; give class codes 0, 1, ...."),
        (np.where(Y > 0, "yes", "no").astype(object), "y holds words such as 'no'; give class codes 0, 1, ...."),
        (
            Y * 2_000_000_000,
            TOO_MANY,
        ),
        (
            2 * Y - 1,
            NO_CODES,
        ),
        (np.where(Y > 0, np.nan, 0.0), MISSING),
        ([[0], [1, 2]], None),
        (Y + 0j, "y holds complex numbers; give real ones."),
    ],
)  # fmt: skip
def test_targets_that_are_no_class_codes_are_refused(targets, sentence):
    said = refused(X, targets)

    assert said == sentence if sentence else said.startswith("y is no array: ")


def test_what_is_like_an_array_of_numbers_is_read():
    ones = np.ones((1, 12), dtype=np.bool_)
    expected = make_utility(CLASSES, X, Y, X, Y)(ones)

    for features in (X.tolist(), torch.tensor(X), np.asfortranarray(X), X.astype(object)):
        np.testing.assert_array_equal(make_utility(CLASSES, features, Y.astype(bool), X, Y)(ones), expected)


GAME = sou_game(6, np.random.default_rng(0))
GROUPS = [np.arange(3), np.arange(3, 6)]


@pytest.mark.parametrize(
    "ask",
    [
        lambda rng: estimate_gsv(GAME, GROUPS, budget=200, rng=rng),
        lambda rng: estimate_fgsv(GAME, GROUPS, budget=200, rng=rng),
        lambda rng: estimate_by_algorithm_1(GAME, GROUPS, budget=200, rng=rng),
        lambda rng: estimate_points(GAME, method="permutation", budget=200, rng=rng),
        lambda rng: beta_shapley(GAME, budget=200, rng=rng),
        lambda rng: truncated_shapley(GAME, budget=200, rng=rng),
        lambda rng: du_shapley(GAME, GROUPS, budget=200, rng=rng),
    ],
)
@pytest.mark.parametrize(
    ("rng", "sentence"),
    [
        (1, "rng is 1; expected a NumPy generator such as numpy.random.default_rng(1)."),
        (None, "rng is None; expected a NumPy generator such as numpy.random.default_rng(0)."),
    ],
)
def test_a_seed_is_no_generator(ask, rng, sentence):
    with pytest.raises(InvalidRngError) as error:
        ask(rng)

    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("params", "metric", "sentence"),
    [
        ({"penalty": "l1"}, "accuracy", "params.penalty is no known parameter; known are: C."),
        ({"C": 0}, "accuracy", None),
    ],
)
def test_unknown_parameters_are_told_in_english(params, metric, sentence):
    with pytest.raises(InvalidSpecError) as error:
        ModelSpec("logistic_regression", params, metric)

    assert str(error.value) == sentence if sentence else str(error.value).startswith("params.C is 0; expected ")


def test_unknown_parameters_of_scikit_learn_are_told_in_english():
    with pytest.raises(InvalidSpecError) as error:
        ModelSpec("sklearn", {"estimator": "Ridge", "x": 1}, "r2")

    assert str(error.value) == "params.x is no known parameter; known are: estimator, params, steps."


def test_a_grey_picture_with_a_channel_is_the_picture():
    grey = RNG.integers(0, 256, (28, 28), dtype=np.uint8)

    np.testing.assert_array_equal(fingerprints(grey[:, :, None], (0,)), fingerprints(grey, (0,)))
