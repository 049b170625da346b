import numpy as np
import pytest

from valuation.core.errors import InvalidGroupsError, UtilityNotFiniteError
from valuation.core.games import CachedGame, check_groups, group_game, is_rowwise, scores


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


@pytest.mark.parametrize("groups", [[], [[0], [0]], [[0, 0]], [[4]], [[-1]]])
def test_groups_that_are_no_disjoint_sets_of_players_are_refused(groups):
    with pytest.raises(InvalidGroupsError):
        check_groups(groups, 4)


def test_groups_must_cover_where_asked():
    with pytest.raises(InvalidGroupsError, match="2 players"):
        check_groups([[0], [2]], 4, covering=True)


@pytest.mark.parametrize("answer", [[np.nan], [np.inf], [1.0, 2.0]])
def test_a_game_that_answers_nonsense_is_refused(answer):
    def nonsense(coalitions):
        return np.array(answer)

    with pytest.raises(UtilityNotFiniteError):
        scores(nonsense, np.zeros((1, 4), dtype=bool))
