"""Buyers' models: how well one does when it is trained on the rows of a coalition, family by family."""

from valuation.core.models.checked_arrays import checked_rows
from valuation.core.models.family_games import game_of, is_batched, make_utility
from valuation.core.models.spec import ModelSpec
from valuation.core.models.utility_game import UtilityGame

__all__ = ["ModelSpec", "UtilityGame", "checked_rows", "game_of", "is_batched", "make_utility"]
