import numpy as np
import pytest

from valuation.core import (
    ModelSpec,
    du_shapley,
    estimate_by_algorithm_1,
    estimate_fgsv,
    estimate_gsv,
    leave_one_out,
    make_utility,
)
from valuation.core.errors import InvalidDataError, InvalidGroupsError, UtilityNotFiniteError, UtilityTooLargeError
from valuation.core.games.game import CachedGame, check_groups, group_game, is_rowwise, scores
from valuation.core.models.topped_up import make_topped_up_utility


class Sizes:
    """Utility = number of rows, twice over as two validation rows."""

    n_players = 4

    def __call__(self, coalitions):
        return coalitions.sum(axis=1).astype(float)

    def rowwise(self, coalitions):
        size = coalitions.sum(axis=1).astype(float)
        return np.column_stack([size - 1, size + 1])


def test_group_game_trains_on_the_union_of_its_groups():
    game = group_game(Sizes(), [[0, 3], [1]])

    np.testing.assert_array_equal(game(np.array([[True, False], [False, True], [True, True]])), [2, 1, 3])


def test_group_game_scores_row_by_row_only_where_its_game_does():
    game = group_game(Sizes(), [[0, 3], [1]])

    np.testing.assert_array_equal(game.rowwise(np.array([[True, True]])), [[2, 4]])
    assert not is_rowwise(group_game(CachedGame(Sizes()), [[0], [1]]))


def test_cached_game_asks_once_about_each_coalition():
    game = CachedGame(Sizes())
    coalitions = np.array([[True, False, True, False], [False] * 4, [True, False, True, False]])

    first, second = game(coalitions), game(coalitions[::-1])

    np.testing.assert_array_equal(first, [2, 0, 2])
    np.testing.assert_array_equal(second, [2, 0, 2])
    assert game.evaluations == 2


@pytest.mark.parametrize("groups", [[], [[0], [0]], [[0, 0]], [[4]], [[-1]], [[0], np.array([2**64 - 1])]])
def test_groups_that_are_no_disjoint_sets_of_players_are_refused(groups):
    with pytest.raises(InvalidGroupsError):
        check_groups(groups, 4)


@pytest.mark.parametrize("group", [[0.5], [1.0], [np.nan], ["a"], [True, False, True, False], [None]])
def test_indices_that_are_no_integers_are_refused_instead_of_cut_to_some(group):
    with pytest.raises(InvalidGroupsError, match="integers"):
        check_groups([[3], group], 4)


def test_a_group_of_nobody_is_a_group():
    assert [group.tolist() for group in check_groups([[], np.array([2, 0]), np.zeros(0, dtype=bool)], 4)] == [
        [],
        [2, 0],
        [],
    ]


@pytest.mark.parametrize("groups", [[[0, 1], [1]], [[0.5]], [[4]]])
def test_algorithm_1_checks_groups_itself(groups):
    with pytest.raises(InvalidGroupsError):
        estimate_by_algorithm_1(Sizes(), groups, budget=200, rng=np.random.default_rng(0))


def test_groups_must_cover_where_asked():
    with pytest.raises(InvalidGroupsError, match="2 players"):
        check_groups([[0], [2]], 4, covering=True)


@pytest.mark.parametrize("answer", [[np.nan], [np.inf], [1.0, 2.0]])
def test_a_game_that_answers_nonsense_is_refused(answer):
    def nonsense(coalitions):
        return np.array(answer)

    with pytest.raises(UtilityNotFiniteError):
        scores(nonsense, np.zeros((1, 4), dtype=bool))


class Scaled(Sizes):
    """The same in another unit."""

    def __init__(self, unit):
        self.unit = unit

    def __call__(self, coalitions):
        return super().__call__(coalitions) * self.unit

    def rowwise(self, coalitions):
        return super().rowwise(coalitions) ** 2 * self.unit


def rules(game):
    groups = [[0], [1, 2], [3]]
    yield estimate_fgsv(game, groups, budget=40, rng=np.random.default_rng(0))
    yield estimate_gsv(game, groups, budget=40, rng=np.random.default_rng(0))
    yield leave_one_out(game, groups)
    yield du_shapley(game, groups, rng=np.random.default_rng(0))


@pytest.mark.parametrize("unit", [1e-60, 1e60, 1e98])
def test_values_and_both_their_errors_scale_with_the_unit(unit):
    for found, expected in zip(rules(Scaled(unit)), rules(Scaled(1.0)), strict=True):
        np.testing.assert_allclose(found.values, expected.values * unit, rtol=1e-9)
        np.testing.assert_allclose(found.contributions, expected.contributions * unit, rtol=1e-9)
        np.testing.assert_allclose(
            found.validation_interval() / unit, expected.validation_interval(), rtol=1e-9, atol=1e-12
        )
        assert np.isfinite(found.share_interval()).all()
        assert np.isfinite(found.validation_share_interval()).all()


def test_a_game_whose_squares_are_no_numbers_is_refused():
    with pytest.raises(UtilityTooLargeError, match="larger unit"):
        scores(Scaled(1e99), np.ones((1, 4), dtype=bool))
    with pytest.raises(UtilityTooLargeError):
        scores(CachedGame(Scaled(-1e100)), np.ones((1, 4), dtype=bool))


def test_targets_whose_squared_errors_would_be_too_large_are_refused():
    X, y = np.arange(6.0)[:, None], np.arange(6.0)

    with pytest.raises(InvalidDataError, match="larger unit"):
        make_utility(ModelSpec("ridge_regression", metric="neg_mse"), X, y * 1e100, X, y)
    with pytest.raises(InvalidDataError, match="y_valid"):
        make_utility(ModelSpec("ridge_regression", metric="r2"), X, y, X, y * -1e160)


def of_rows():
    X = np.random.default_rng(0).normal(size=(4, 2))
    return ModelSpec("ridge_regression", {}, "r2"), X, X[:, 0], X + 1, X[:, 1]


@pytest.mark.parametrize(
    "make",
    [
        lambda: make_utility(*of_rows()),
        lambda: make_topped_up_utility(*of_rows(), s_min=2, rng=np.random.default_rng(0)),
        lambda: group_game(make_utility(*of_rows()), [[0], [1], [2], [3]]),
        lambda: CachedGame(make_utility(*of_rows())),
    ],
    ids=["rows", "topped up", "groups", "cached"],
)
def test_coalitions_may_be_lists_of_truths_and_nothing_else(make):
    game, lists = make(), [[True, False, True, True], [False, False, True, True]]

    np.testing.assert_array_equal(game(lists), game(np.array(lists)))
    if is_rowwise(game):
        np.testing.assert_array_equal(game.rowwise(lists), game.rowwise(np.array(lists)))
    for wrong in ([[1, 0, 1, 1]], [True, False, True, True], [[True, False]], [[True] * 4, [True] * 3], [], "some"):
        with pytest.raises(InvalidDataError, match="Coalitions are"):
            game(wrong)
