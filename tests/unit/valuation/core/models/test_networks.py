"""Networks trained many at once: equal to scikit-learn's where it has them, to themselves one by one, repeatable."""

from functools import partial

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor

from valuation.core.errors import InvalidDataError
from valuation.core.models import ModelSpec, make_utility, network_training, networks

# The bare model: its score also where no model would be better.
Model = partial(ModelSpec, free_disposal=False)

QUICK = {"epochs": 25, "hidden_units": 6, "hidden_layers": 2, "alpha": 0.5}
SPECS = {
    "mlp": QUICK,
    "wide_and_deep": QUICK,
    "convnet": {"image_height": 4, "filters": 3, "epochs": 15},
}
FAMILIES = pytest.mark.parametrize("family", SPECS)
TASKS = pytest.mark.parametrize("metric", ["neg_log_loss", "neg_mse"])


def data(metric, n=50, d=16, classes=3):
    rng = np.random.default_rng(3)
    X, X_valid = rng.normal(size=(n, d)), rng.normal(size=(40, d))
    if metric == "neg_mse":
        return X, 100 + 7 * X[:, 0] * X[:, 1], X_valid, 100 + 7 * X_valid[:, 0] * X_valid[:, 1]
    cut = np.linspace(-0.5, 0.5, classes - 1)
    return X, np.searchsorted(cut, X[:, 0]), X_valid, np.searchsorted(cut, X_valid[:, 0])


def coalitions(n=50, count=9):
    rng = np.random.default_rng(4)
    return rng.random((count, n)) < np.linspace(0.1, 1.0, count)[:, None]


@FAMILIES
@TASKS
def test_a_batch_equals_its_coalitions_one_by_one(family, metric):
    game = make_utility(Model(family, SPECS[family], metric, 5), *data(metric))

    together, alone = game(coalitions()), [game(one[None])[0] for one in coalitions()]

    np.testing.assert_allclose(together, alone, rtol=1e-9)
    assert len(set(together.tolist())) == 9


@FAMILIES
@TASKS
def test_the_seed_decides_every_bit(family, metric):
    torch.manual_seed(0)
    first = make_utility(Model(family, SPECS[family], metric, 5), *data(metric))(coalitions())
    torch.manual_seed(1)
    before = torch.get_rng_state()
    again = make_utility(Model(family, SPECS[family], metric, 5), *data(metric))(coalitions())
    other = make_utility(Model(family, SPECS[family], metric, 6), *data(metric))(coalitions())

    assert (first == again).all()
    assert (first != other)[1:].all()  # the first coalition trains nothing, or has one target
    assert torch.equal(torch.get_rng_state(), before)


@FAMILIES
@TASKS
def test_the_order_of_rows_does_not_matter(family, metric):
    X, y, X_valid, y_valid = data(metric)
    order = np.random.default_rng(0).permutation(50)
    spec = Model(family, SPECS[family], metric, 5)

    expected = make_utility(spec, X, y, X_valid, y_valid)(coalitions())
    found = make_utility(spec, X[order], y[order], X_valid, y_valid)(coalitions()[:, order])

    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("metric", ["neg_log_loss", "neg_mse"])
def test_the_mlp_is_that_of_scikit_learn_trained_on_all_rows_at_once(metric):
    X, y, X_valid, y_valid = data(metric)
    game = make_utility(Model("mlp", QUICK, metric, 5), X, y, X_valid, y_valid)
    first = game._first
    layers = iter(["hidden0", "hidden1", "output"])

    def first_weights(fan_in, fan_out, dtype):
        name = next(layers)
        return first[name].copy(), first[f"{name}.bias"][0].copy()

    chosen = coalitions()[5]
    size = int(chosen.sum())
    settings = {
        "hidden_layer_sizes": (6, 6), "solver": "adam", "batch_size": size, "shuffle": False, "alpha": 0.5,
        "learning_rate_init": 0.01, "max_iter": 25, "tol": 0.0, "n_iter_no_change": 1000,
    }  # fmt: skip
    model = (MLPRegressor if metric == "neg_mse" else MLPClassifier)(**settings)
    model._init_coef = first_weights
    mean, spread = (y[chosen].mean(), y[chosen].std()) if metric == "neg_mse" else (0, 1)

    with pytest.warns(match="Maximum iterations"):
        model.fit(X[chosen], (y[chosen] - mean) / spread if metric == "neg_mse" else y[chosen])

    if metric == "neg_mse":
        expected = -np.mean((mean + spread * model.predict(X_valid) - y_valid) ** 2)
    else:
        expected = np.log(model.predict_proba(X_valid)[np.arange(40), y_valid]).mean()
    assert game(chosen[None])[0] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("metric", ["neg_log_loss", "neg_mse"])
def test_wide_alone_is_a_linear_model(metric, monkeypatch):
    """With the deep part silenced and time to converge, wide and deep is a regularised linear model with an offset."""
    X, y, X_valid, y_valid = data(metric, classes=2)
    params = {"epochs": 300, "learning_rate": 0.1, "hidden_units": 1, "alpha": 1.0}
    game = make_utility(Model("wide_and_deep", params, metric), X, y, X_valid, y_valid)
    game._first["hidden0.bias"] -= 1e9
    everyone = np.ones((1, 50), dtype=bool)

    if metric == "neg_mse":
        mean, spread = y.mean(), y.std()
        predicted = mean + spread * Ridge(alpha=1.0).fit(X, (y - mean) / spread).predict(X_valid)
        expected = -np.mean((predicted - y_valid) ** 2)
    else:
        # A softmax of two outputs shares each weight between them, which halves its squared length.
        shares = LogisticRegression(C=2.0, tol=1e-9).fit(X, y).predict_proba(X_valid)
        expected = np.log(shares[np.arange(40), y_valid]).mean()

    assert game(everyone)[0] == pytest.approx(expected, rel=1e-3)


def test_a_class_that_a_coalition_lacks_is_never_predicted():
    X, y, X_valid, y_valid = data("accuracy")
    game = make_utility(Model("mlp", QUICK, "neg_log_loss"), X, y, X_valid, y_valid)

    rows = game.rowwise((y != 1)[None])[0]

    assert (rows[y_valid == 1] == np.log(np.finfo(float).eps)).all()
    assert (rows[y_valid != 1] > -10).all()


@FAMILIES
@pytest.mark.parametrize("metric", ["accuracy", "neg_mse"])
def test_equal_rows_constant_features_and_targets_are_ordinary(family, metric):
    X, y, X_valid, y_valid = data(metric)
    X[:] = 1.0
    y = np.full(50, 7.0) if metric == "neg_mse" else np.arange(50) % 2

    game = make_utility(Model(family, SPECS[family], metric), X, y, X_valid, y_valid)

    if metric == "neg_mse":
        assert game(coalitions()) == pytest.approx(-np.mean((7.0 - y_valid) ** 2))
    assert np.isfinite(game(coalitions())).all()


def test_absurd_numbers_do_not_stop_a_run_and_what_diverges_is_no_model(monkeypatch):
    X, y, X_valid, y_valid = data("neg_mse")
    X[3, 2] = 1e6
    spec = Model("mlp", QUICK, "neg_mse")

    assert np.isfinite(make_utility(spec, X, y, X_valid, y_valid)(coalitions())).all()

    trained = network_training.Network.regress

    def diverging(network, members, targets):
        outputs = trained(network, members, targets)
        outputs[members[:, 3], 7] = np.nan
        return outputs

    monkeypatch.setattr(network_training.Network, "regress", diverging)
    game = make_utility(spec, X, y, X_valid, y_valid)
    without = np.ones((1, 50), dtype=bool)
    without[0, 3] = False
    both = np.vstack([without, np.ones((1, 50), dtype=bool)])

    assert game.trains(both).tolist() == [True, False]
    assert game(both).tolist() == [game(without)[0], game.metric.baseline]


def test_features_that_are_no_image_are_refused():
    X, y, X_valid, y_valid = data("accuracy", d=15)

    with pytest.raises(InvalidDataError, match="15 features are not the pixels of an image that is square in 1"):
        make_utility(Model("convnet", {}, "accuracy"), X, y, X_valid, y_valid)
    with pytest.raises(InvalidDataError, match="of height 5 in 2 channels"):
        make_utility(Model("convnet", {"image_height": 5, "image_channels": 2}, "accuracy"), X, y, X_valid, y_valid)
    game = make_utility(Model("convnet", {"image_height": 5, "epochs": 2}, "accuracy"), X, y, X_valid, y_valid)
    assert game.image_shape == (1, 5, 3)
    assert np.isfinite(game(coalitions())).all()


def test_small_groups_change_nothing(monkeypatch):
    game = make_utility(Model("mlp", QUICK, "neg_mse"), *data("neg_mse"))
    expected = game(coalitions())
    monkeypatch.setitem(networks.GROUP_NUMBERS, "cpu", 1)

    np.testing.assert_allclose(game(coalitions()), expected, rtol=1e-9)


def test_a_convnet_sees_a_bar_wherever_it_stands():
    rng = np.random.default_rng(0)

    def images(n):
        y, place = np.arange(n) % 2, rng.integers(1, 7, size=n)
        X = 0.3 * rng.normal(size=(n, 8, 8))
        for image, is_column, at in zip(X, y, place, strict=True):
            image[(slice(None), at) if is_column else (at, slice(None))] += 1.0
        return X.reshape(n, 64), y

    spec = Model("convnet", {"epochs": 40, "alpha": 0.01}, "accuracy")

    assert make_utility(spec, *images(80), *images(200))(np.ones((1, 80), dtype=bool))[0] > 0.9
