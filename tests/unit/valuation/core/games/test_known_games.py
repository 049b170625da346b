import numpy as np
import pytest

from valuation.core import exact_shapley
from valuation.core.errors import BudgetTooSmallError
from valuation.core.games.known_games import (
    AirportGame,
    DualGame,
    GloveGame,
    LearningCurveGame,
    NeedleGame,
    ParityGame,
    QuotaGame,
    WeightedVotingGame,
    sou_game,
)


@pytest.mark.parametrize(
    "game",
    [
        sou_game(9, np.random.default_rng(0)),
        DualGame(sou_game(9, np.random.default_rng(1))),
        LearningCurveGame(np.array([0.0, 0.1, 0.5, 1.0, 2.0, 3.0, 5.0])),
        GloveGame(3, 6),
        GloveGame(5, 2),
        AirportGame(np.array([3.0, 1.0, 4.0, 1.0, 5.0])),
        WeightedVotingGame(np.array([5, 4, 3, 2, 1, 1]), 9),
        NeedleGame(np.array([0.0, 0.0, 1.0, 0.0, 0.0, -0.5])),
        NeedleGame(np.array([0.0, 0.0, 1.0, 0.0, 0.0, 2.0]), power=0.7),
        NeedleGame(np.array([3.0]), power=1.0),
        QuotaGame(np.array([0, 0, 0, 0, 1, 1, 1, 2, 2]), (3,)),
        QuotaGame(np.array([0, 0, 0, 0, 1, 1, 1, 2, 2]), (2, 1)),
        QuotaGame(np.array([0, 0, 1]), (3,)),
        ParityGame(np.array([True, False, True, True, False])),
        ParityGame(np.array([True, False, True, False, False])),
    ],
    ids=lambda game: type(game).__name__,
)
def test_closed_form_is_the_enumerated_value(game):
    np.testing.assert_allclose(exact_shapley(game), game.shapley_values, atol=1e-12)


def test_two_left_gloves_and_one_right():
    np.testing.assert_allclose(GloveGame(2, 1).shapley_values, [1 / 6, 1 / 6, 4 / 6])


def test_more_than_twenty_players_are_not_enumerated():
    with pytest.raises(BudgetTooSmallError):
        exact_shapley(GloveGame(11, 10))
