"""Games at the edge are ordinary inputs of every rule that prices groups, and the answers are exact."""

import numpy as np
import pytest

from valuation.core import estimate_fgsv, estimate_gsv, exact_shapley, group_game, leave_one_out, make_utility
from valuation.core.baselines.algorithm_2 import estimate_by_algorithm_2
from valuation.core.errors import InvalidDataError
from valuation.core.models import ModelSpec
from valuation.core.models.topped_up import ToppedUpGame

BUDGET = 600


def fgsv(game, groups):
    return estimate_fgsv(game, groups, budget=BUDGET, rng=np.random.default_rng(0))


def algorithm_1(game, groups):
    return estimate_fgsv(game, groups, budget=BUDGET, rng=np.random.default_rng(0), method="algorithm_1")


class WithNullNoise:
    """The game with 20 more players that add nothing: topping up with them changes nothing."""

    def __init__(self, game):
        self.game = game
        self.n_players = game.n_players + 20

    def __call__(self, coalitions):
        return self.game(coalitions[:, : self.game.n_players])


def algorithm_2(game, groups):
    topped_up = ToppedUpGame(WithNullNoise(game), game.n_players, 3, seed=5)
    return estimate_by_algorithm_2(topped_up, groups, budget=BUDGET, rng=np.random.default_rng(0))


def gsv(game, groups):
    return estimate_gsv(game, groups, budget=BUDGET, rng=np.random.default_rng(0))


RULES = [fgsv, algorithm_1, algorithm_2, gsv, leave_one_out]
every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)


class Curve:
    """A utility of the number of rows alone, which insists on boolean coalitions."""

    def __init__(self, n, utility):
        self.n_players = n
        self.utility = utility

    def __call__(self, coalitions):
        assert coalitions.dtype == np.bool_
        assert coalitions.shape[1] == self.n_players
        return np.asarray(self.utility(coalitions.sum(axis=1)), dtype=float)


def assert_exactly(result, values):
    np.testing.assert_allclose(result.values, values, atol=1e-13)
    np.testing.assert_allclose(result.standard_errors, np.zeros(len(values)), atol=1e-13)
    np.testing.assert_allclose(result.interval(), np.column_stack([values, values]), atol=1e-12)
    assert result.evaluations <= BUDGET
    assert np.isfinite(result.share_interval()).all()


@every_rule
def test_no_row(rule):
    result = rule(Curve(0, lambda s: 0.5 + s), [[]])

    assert_exactly(result, [0.0])
    np.testing.assert_array_equal(result.shares, [0.0])


@every_rule
def test_one_row(rule):
    assert_exactly(rule(Curve(1, lambda s: 0.5 + 0.25 * s), [[0]]), [0.25])


@every_rule
def test_one_group_holding_everything_beside_one_of_no_row(rule):
    assert_exactly(rule(Curve(6, np.sqrt), [np.arange(6), []]), [np.sqrt(6), 0.0])


@every_rule
def test_one_seller(rule):
    """The only seller of all rows, whichever rule: what there is to earn."""
    result = rule(Curve(30, lambda s: 1 - 0.5**s), [np.arange(30)])

    assert_exactly(result, [1 - 0.5**30])
    np.testing.assert_allclose(result.shares, [1.0])


@every_rule
def test_equal_rows(rule):
    """A row is a row: by rows, and by sellers where a seller is the player."""
    result = rule(Curve(6, np.sqrt), [[0], [1, 2], [3, 4, 5]])

    by_rows = np.sqrt(6) / 6 * np.array([1.0, 2.0, 3.0])
    sellers = group_game(Curve(6, np.sqrt), [[0], [1, 2], [3, 4, 5]])
    expected = {gsv: exact_shapley(sellers), leave_one_out: np.sqrt(6) - np.sqrt([5.0, 4.0, 3.0])}
    assert_exactly(result, expected.get(rule, by_rows))


@every_rule
def test_constant_utility(rule):
    result = rule(Curve(7, lambda s: np.full(len(s), 0.73)), [[0, 1], [2, 3, 4, 5, 6]])

    np.testing.assert_array_equal(result.values, [0.0, 0.0])
    np.testing.assert_array_equal(result.standard_errors, [0.0, 0.0])
    np.testing.assert_array_equal(result.shares, [0.0, 0.0])


@every_rule
def test_all_values_negative(rule):
    result = rule(Curve(6, lambda s: -0.1 * s), [[0, 1], [2, 3, 4, 5]])

    assert_exactly(result, [-0.2, -0.4])
    np.testing.assert_array_equal(result.shares, [0.0, 0.0])
    np.testing.assert_array_equal(result.share_interval(), np.zeros((2, 2)))


def two_classes(labels):
    rng = np.random.default_rng(2)
    labels = np.array(labels)
    X, X_valid = rng.normal(size=(len(labels), 2)), rng.normal(size=(40, 2))
    spec = ModelSpec("logistic_regression", metric="balanced_accuracy")
    return make_utility(spec, X + labels[:, None], labels, X_valid + np.arange(40)[:, None] % 2, np.arange(40) % 2)


@every_rule
def test_one_class_coalitions(rule):
    """Sellers of one class each: alone neither trains anything, so that as players they share alike."""
    game = two_classes([0, 0, 0, 1, 1, 1])
    groups = [np.arange(3), np.arange(3, 6)]
    pot = float(np.diff(game(np.repeat([[False], [True]], 6, axis=1)))[0])
    assert pot > 0.05

    result = rule(game, groups)

    exact = exact_shapley(game)
    if rule is gsv:
        assert_exactly(result, [pot / 2, pot / 2])
    elif rule is leave_one_out:
        assert_exactly(result, [pot, pot])
    elif rule is fgsv:
        assert_exactly(result, [exact[:3].sum(), exact[3:].sum()])
    else:
        expected = np.array([exact[:3].sum(), exact[3:].sum()])
        assert (np.abs(result.values - expected) < 4.5 * result.standard_errors).all()
    assert np.isfinite(result.covariance).all()


@every_rule
def test_a_pool_of_one_class_is_worth_nothing(rule):
    result = rule(two_classes([1] * 6), [np.arange(2), np.arange(2, 6)])

    np.testing.assert_array_equal(result.values, [0.0, 0.0])


def test_no_row_of_a_real_model():
    game = make_utility(
        ModelSpec("logistic_regression", metric="accuracy"), np.zeros((0, 2)), [], np.zeros((4, 2)), [0, 1, 0, 1]
    )

    assert fgsv(game, [[]]).values.tolist() == [0.0]
    with pytest.raises(InvalidDataError):
        game(np.zeros((1, 1), dtype=bool))
