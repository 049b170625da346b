"""The axioms of FGSV as properties, and games at the edge."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuation.core import estimate_fgsv
from valuation.core.errors import BudgetTooSmallError, InvalidGroupsError

BUDGET = 400


class Additive:
    def __init__(self, worths, interaction=0.0):
        self.n_players = len(worths)
        self.worths = np.asarray(worths, dtype=float)
        self.interaction = interaction

    def __call__(self, coalitions):
        total = coalitions @ self.worths
        return total + self.interaction * np.sin(3 * total)


def price(game, groups, seed=0, budget=BUDGET):
    return estimate_fgsv(game, groups, budget=budget, rng=np.random.default_rng(seed))


worth_lists = st.lists(st.floats(-1, 1).map(lambda x: round(x, 3)), min_size=12, max_size=16)


@st.composite
def games_with_groups(draw):
    worths = draw(worth_lists)
    n_groups = draw(st.integers(1, 4))
    labels = np.array(draw(st.lists(st.integers(0, n_groups - 1), min_size=len(worths), max_size=len(worths))))
    return worths, [np.flatnonzero(labels == group) for group in range(n_groups)]


@settings(max_examples=40, deadline=None)
@given(games_with_groups())
def test_efficiency_and_budget(drawn):
    worths, groups = drawn
    game = Additive(worths, 0.5)
    ends = game(np.array([[False] * len(worths), [True] * len(worths)]))

    result = price(game, groups)

    assert result.values.sum() == pytest.approx(ends[1] - ends[0], abs=1e-12)
    assert result.evaluations <= BUDGET
    assert np.abs(result.covariance.sum(axis=0)).max() < 1e-12  # the sum is certain


@settings(max_examples=20, deadline=None)
@given(games_with_groups(), st.floats(-2, 2).map(lambda x: round(x, 2)))
def test_linearity_with_the_same_draws(drawn, factor):
    """One wave (no allocation that depends on the game): the estimate is linear in the utility, draw for draw."""
    worths, groups = drawn
    first, second = Additive(worths, 0.5), Additive(worths[::-1], -0.3)

    class Combined:
        n_players = len(worths)

        def __call__(self, coalitions):
            return first(coalitions) + factor * second(coalitions)

    def one_wave(game):
        return estimate_fgsv(game, groups, budget=BUDGET, rng=np.random.default_rng(0), stop=lambda _: True).values

    np.testing.assert_allclose(one_wave(Combined()), one_wave(first) + factor * one_wave(second), atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(worth_lists)
def test_null_players_earn_nothing_beyond_their_interval(worths):
    worths[:4] = [0.0] * 4

    result = price(Additive(worths, 0.2), [np.arange(4), np.arange(4, len(worths))], budget=1500)

    assert abs(result.values[0]) <= 4.5 * result.standard_errors[0] + 1e-12


def test_equal_groups_are_equal_within_the_interval_of_the_difference():
    game = Additive(np.tile([0.5, -0.2, 0.3, 0.1], 5), 0.3)
    result = price(game, [np.arange(8), np.arange(8, 16), np.arange(16, 20)], budget=3000)

    spread = np.array([1, -1, 0])
    assert abs(spread @ result.values) < 4 * np.sqrt(spread @ result.covariance @ spread)


def test_regrouping_the_others_leaves_a_group_where_it_was():
    """The draws of the covariance strata depend on rows alone: with one wave the value is the same number."""
    game = Additive(np.random.default_rng(0).normal(size=20), 0.3)

    def first_value(groups):
        return estimate_fgsv(game, groups, budget=3000, rng=np.random.default_rng(3), stop=lambda _: True).values[0]

    assert first_value([np.arange(6), np.arange(6, 20)]) == pytest.approx(
        first_value([np.arange(6), *np.array_split(np.arange(6, 20), 5)]), rel=1e-12
    )


def test_one_group_holding_everything_gets_the_pot_exactly():
    result = price(Additive(np.arange(30.0), 0.5), [np.arange(30)], budget=2)

    pot = 435 + 0.5 * np.sin(3 * 435)
    np.testing.assert_allclose(result.values, [pot])
    np.testing.assert_array_equal(result.covariance, [[0.0]])
    assert result.evaluations == 2


def test_one_row():
    np.testing.assert_allclose(price(Additive([0.7]), [[0]]).values, [0.7])


def test_groups_of_one_row_and_an_empty_group():
    worths = np.random.default_rng(1).normal(size=13)
    result = price(Additive(worths), [*([row] for row in range(13)), []], budget=6000)

    assert result.values[13] == 0
    assert np.abs((result.values - [*worths, 0])[:13] / result.standard_errors[:13]).max() < 4.5


def test_rows_of_no_group_are_left_out():
    worths = np.random.default_rng(2).normal(size=10)

    result = price(Additive(worths), [[0, 1], [5]], budget=1024)

    np.testing.assert_allclose(result.values, [worths[:2].sum(), worths[5]], atol=1e-12)


def test_constant_utility_is_worth_nothing_once_a_thousand_draws_of_every_size_said_so():
    result = price(Additive(np.zeros(50)), [np.arange(10), np.arange(10, 50)], budget=100_000)

    np.testing.assert_array_equal(result.values, [0, 0])
    np.testing.assert_array_equal(result.standard_errors, [0, 0])
    # A utility that moves in a few sizes only looks like this for long.
    assert result.evaluations > 50_000


def test_all_values_negative():
    worths = -np.random.default_rng(3).gamma(1.0, 1.0, 40)
    groups = [np.arange(10), np.arange(10, 40)]

    result = price(Additive(worths), groups, budget=4000)

    truth = np.array([worths[group].sum() for group in groups])
    assert np.abs((result.values - truth) / result.standard_errors).max() < 4
    np.testing.assert_array_equal(result.shares, [0, 0])


def test_the_same_seed_gives_the_same_bits_and_progress_ends_at_the_evaluations_spent():
    told = []
    game = Additive(np.random.default_rng(4).normal(size=40), 0.3)
    groups = [np.arange(10), np.arange(10, 40)]

    first = estimate_fgsv(
        game, groups, budget=3000, rng=np.random.default_rng(5), progress=lambda spent, _: told.append(spent)
    )

    np.testing.assert_array_equal(first.values, price(game, groups, seed=5, budget=3000).values)
    assert told == sorted(told)
    assert told[-1] == first.evaluations


def test_overlapping_groups_and_tiny_budgets_are_refused():
    game = Additive(np.ones(40))

    with pytest.raises(InvalidGroupsError):
        price(game, [[0, 1], [1, 2]])
    with pytest.raises(BudgetTooSmallError):
        price(game, [np.arange(10), np.arange(10, 40)], budget=20)
    with pytest.raises(BudgetTooSmallError):
        estimate_fgsv(game, [[0]], budget=20, rng=np.random.default_rng(0), method="algorithm_1")
