"""Coalitions too small to train on, topped up with rows that say nothing (FGSV paper, section 3.4)."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import cast

import numpy as np
import numpy.typing as npt

from valuation.core.errors import InvalidSpecError
from valuation.core.games.attacks import worthless_rows
from valuation.core.games.game import (
    BoolMatrix,
    FloatMatrix,
    FloatVector,
    Game,
    RowwiseGame,
    as_coalitions,
    row_strata,
)
from valuation.core.games.game import scores as scores_of
from valuation.core.models.family_games import make_utility
from valuation.core.models.spec import ModelSpec
from valuation.core.sampling.seeds import seed_from

# Noise rows for each place to fill: of so many, two coalitions seldom get the same, and the luck of the whole draw is
# a quarter of the luck of a single filling or less.
_NOISE_ROWS_PER_PLACE = 16
# Every value hangs on U(empty): one lucky filling of it would move the pot.
EMPTY_FILLINGS = 64


class ToppedUpGame:
    """``U'(S) = U(S + s_min - |S| noise rows)`` where ``|S| < s_min``, else ``U(S)``: a game over the rows alone.

    Which noise rows join is drawn for every coalition anew, from the seed and the coalition, so that the same
    coalition always gets the same: it is a game, and every estimator works on it. ``U'(empty)`` is the mean over 64
    fillings, trained when the game is made and never again. Estimators cannot know that and count one evaluation for
    it: what is spent in truth is ``evaluations``.

    Attributes:
        n_players: Rows that are valued.
        s_min: Least size to train on.
        empty_evaluations: Evaluations that ``U'(empty)`` took, 64, or 1 where nothing is filled up.
        evaluations: Evaluations of the game below so far, those of ``U'(empty)`` included.
    """

    def __init__(self, game: Game, n_rows: int, s_min: int, *, seed: int) -> None:
        """Top up a game.

        Args:
            game: ``U`` over ``n_rows`` rows followed by the noise rows.
            n_rows: How many players are rows.
            s_min: Least size to train on; fewer where the noise rows do not reach.
            seed: Of all fillings, not negative.

        Raises:
            InvalidSpecError: ``s_min`` is negative, or there are fewer players than ``n_rows``.
        """
        if s_min < 0:
            raise InvalidSpecError("s_min", s_min, "a number of rows, 0 or more")
        if not 0 <= n_rows <= game.n_players:
            raise InvalidSpecError("n_rows", n_rows, f"at most the {game.n_players} players of the game")
        self.n_players, self.s_min = n_rows, s_min
        self._game, self._seed = game, seed
        self._n_noise = game.n_players - n_rows
        self.empty_evaluations = EMPTY_FILLINGS if min(s_min, self._n_noise) else 1
        self.evaluations = self.empty_evaluations
        nobody = np.zeros((self.empty_evaluations, n_rows), dtype=np.bool_)
        utilities, rows = scores_of(game, self._filled(nobody, range(self.empty_evaluations)))
        self._empty = float(utilities.mean())
        self._empty_rows = None if rows is None else rows.mean(axis=0)
        if rows is not None:
            self.rowwise = self._rowwise
            self.row_strata = row_strata(game)

    def __call__(self, coalitions: BoolMatrix) -> FloatVector:
        """Utilities, float64 ``(n_coalitions,)``."""
        coalitions = as_coalitions(coalitions, self.n_players)
        utilities = np.full(len(coalitions), self._empty)
        some = np.flatnonzero(coalitions.any(axis=1))
        self.evaluations += len(some)
        utilities[some] = self._game(self._filled(coalitions[some]))
        return utilities

    def _rowwise(self, coalitions: BoolMatrix) -> FloatMatrix:
        coalitions = as_coalitions(coalitions, self.n_players)
        rows = np.tile(cast("FloatVector", self._empty_rows), (len(coalitions), 1))
        some = np.flatnonzero(coalitions.any(axis=1))
        self.evaluations += len(some)
        rows[some] = cast("RowwiseGame", self._game).rowwise(self._filled(coalitions[some]))
        return rows

    def _filled(self, coalitions: BoolMatrix, fillings: Sequence[int] | None = None) -> BoolMatrix:
        """The coalitions with their noise rows, bool ``(n_coalitions, n_rows + n_noise)``."""
        filled = np.zeros((len(coalitions), self.n_players + self._n_noise), dtype=np.bool_)
        filled[:, : self.n_players] = coalitions
        missing = np.minimum(self.s_min - coalitions.sum(axis=1), self._n_noise)
        for at in np.flatnonzero(missing > 0):
            words = [self._seed, _word(coalitions[at]), fillings[int(at)] if fillings else 0]
            chosen = np.random.default_rng(words).choice(self._n_noise, int(missing[at]), replace=False)
            filled[at, self.n_players + chosen] = True
        return filled


def _word(coalition: npt.NDArray[np.bool_]) -> int:
    """A word that stands for a coalition in a seed."""
    return int.from_bytes(blake2b(np.packbits(coalition).tobytes(), digest_size=8).digest(), "little")


def make_topped_up_utility(
    spec: ModelSpec,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    X_valid: npt.ArrayLike,
    y_valid: npt.ArrayLike,
    *,
    s_min: int,
    rng: np.random.Generator,
) -> ToppedUpGame:
    """A buyer's model as a game in which nothing is trained on fewer than ``s_min`` rows (FGSV paper, section 3.4).

    The rows that fill up carry no information: every feature is resampled on its own from the column, labels from the
    marginal of the labels.

    Args:
        spec: The buyer's model and metric.
        X: Training features, ``(n, d)``.
        y: Training targets, ``(n,)``.
        X_valid: Validation features, ``(m, d)``.
        y_valid: Validation targets, ``(m,)``.
        s_min: Least size to train on; 0 leaves the game as it is.
        rng: Draws the noise rows, and the seed of the fillings.

    Returns:
        The game over the ``n`` rows; with ``rowwise``, as every buyer's model. Without any row there is
        nothing to resample, and nothing is filled up.

    Raises:
        InvalidSpecError: ``s_min`` is negative.
        InvalidDataError: Shapes do not agree, or a value is missing, infinite or no class code.
    """
    if s_min < 0:
        raise InvalidSpecError("s_min", s_min, "a number of rows, 0 or more")
    features, targets = np.asarray(X, dtype=np.float64), np.asarray(y)
    n = len(features)
    seed = seed_from(rng)
    if n and s_min:
        noise, labels = worthless_rows(features, targets, _NOISE_ROWS_PER_PLACE * s_min, rng=rng)
        features, targets = np.vstack([features, noise]), np.concatenate([targets, labels])
    game = make_utility(spec, features, targets, X_valid, y_valid)
    return ToppedUpGame(game, n, s_min, seed=seed)
