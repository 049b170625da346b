"""A game that tells how often it was asked: progress and cancellation for every estimator, without its help."""

from collections.abc import Callable
from typing import cast

from valuation.core.games.game import BoolMatrix, FloatMatrix, FloatVector, Game, RowwiseGame, is_rowwise, row_strata


class ProgressGame:
    """The same game, with a word after every batch; what the callback raises ends the estimator.

    Attributes:
        evaluations: Coalitions evaluated so far.
    """

    def __init__(self, game: Game, progress: Callable[[int], None]) -> None:
        """Watch ``game``; ``progress`` is told the evaluations so far."""
        self._game = game
        self._progress = progress
        self.evaluations = 0
        if is_rowwise(game):
            self.rowwise = self._rowwise
            self.row_strata = row_strata(game)

    @property
    def n_players(self) -> int:
        """Number of players."""
        return self._game.n_players

    def __call__(self, coalitions: BoolMatrix) -> FloatVector:
        """Utilities, float64 ``(n_coalitions,)``."""
        utilities = self._game(coalitions)
        self._tell(len(coalitions))
        return utilities

    def _rowwise(self, coalitions: BoolMatrix) -> FloatMatrix:
        rows = cast("RowwiseGame", self._game).rowwise(coalitions)
        self._tell(len(coalitions))
        return rows

    def _tell(self, evaluations: int) -> None:
        self.evaluations += evaluations
        self._progress(self.evaluations)
