"""The game of a node's children, and its Shapley values."""

from dataclasses import dataclass

import numpy as np

from valuation.core.games.game import BoolMatrix, FloatMatrix, FloatVector, Game, IndexVector, scores, slice_length
from valuation.core.rows.dispersion import Dispersion
from valuation.core.sampling.seller_blocks import coalitions_from_codes, shapley_weights

_CODES_AT_ONCE = 4096
_WALK_CELLS = 1 << 22


class RowsUtility:
    """The metric of unions of parts, clipped to a range; counts the evaluations spent."""

    def __init__(self, game: Game, players: IndexVector, metric_range: tuple[float, float] | None) -> None:
        """Ask ``game``, where row ``i`` is player ``players[i]``; without a range the metric is taken as it is."""
        self._game = game
        self._players = players
        self._range = metric_range
        self.evaluations = 0

    def __call__(self, rows: IndexVector, parts: IndexVector, coalitions: BoolMatrix) -> FloatVector:
        """Utilities of the rows whose part is in the coalition, float64 ``(n_coalitions,)``."""
        n, step = self._game.n_players, slice_length(self._game.n_players)
        utilities = np.zeros(len(coalitions))
        for at in range(0, len(coalitions), step):
            chosen = coalitions[at : at + step]
            masks = np.zeros((len(chosen), n), dtype=np.bool_)
            masks[:, self._players[rows]] = chosen[:, parts]
            utilities[at : at + step] = scores(self._game, masks)[0]
        self.evaluations += len(coalitions)
        return utilities if self._range is None else np.clip(utilities, *self._range)


@dataclass(frozen=True, eq=False)
class LocalGame:
    """``v(S) = M(S) + lambda * dispersion(S)`` of the parts of a node, and ``M(S)`` beside it (HCDV, equation 20).

    Bounded by the metric's bound plus ``2 lambda``. Players are the node's children; parts beyond them stand outside
    the node and join as a whole or not at all (context "rest").

    Attributes:
        utility: The metric of rows.
        rows: Rows of all parts, int ``(n_rows,)``.
        parts: Part of each of these rows, int ``(n_rows,)``; children come first.
        dispersion: Dispersion of unions of parts; ``None`` where ``lambda`` is 0.
        dispersion_weight: ``lambda``.
        empty: ``v(empty)`` and ``M(empty)``, which are the same.
        n_players: Number of children.
        levels_outside: For each level above, the parts of it that stand outside: ``(first, stop)``.
    """

    utility: RowsUtility
    rows: IndexVector
    parts: IndexVector
    dispersion: Dispersion | None
    dispersion_weight: float
    empty: float
    n_players: int
    levels_outside: tuple[tuple[int, int], ...] = ()

    def __call__(self, coalitions: BoolMatrix) -> FloatMatrix:
        """``v`` and ``M`` of each coalition of parts, float64 ``(n_coalitions, 2)``."""
        metric = self.utility(self.rows, self.parts, coalitions)
        if self.dispersion is None:
            return np.column_stack([metric, metric])
        return np.column_stack([metric + self.dispersion_weight * self.dispersion(coalitions), metric])

    def alone(self) -> FloatMatrix:
        """``v({c}) - v(empty)`` of each child, float64 ``(n_players, 2)``; ``n_players`` evaluations."""
        return self(np.eye(self.n_players, dtype=np.bool_)) - self.empty


@dataclass(frozen=True, eq=False)
class LocalValues:
    """Shapley values of a local game, as sums over orders: those of two blocks of orders add up.

    Attributes:
        totals: Sums of marginal contributions under ``v`` and under ``M``, float64 ``(n_players, 2)``.
        squares: Sums of their squares under ``v``, float64 ``(n_players,)``.
        orders: Number of orders; 1 where the values are exact.
        alone: ``v({c}) - v(empty)`` and ``M({c}) - M(empty)``, float64 ``(n_players, 2)``; 0 where nobody asks.
    """

    totals: FloatMatrix
    squares: FloatVector
    orders: int
    alone: FloatMatrix

    @property
    def psi(self) -> FloatMatrix:
        """Values under ``v`` and under ``M``, float64 ``(n_players, 2)``."""
        return self.totals / self.orders

    @property
    def variances(self) -> FloatVector:
        """Squared standard errors of the values under ``v``, float64 ``(n_players,)``; 0 where exact."""
        if self.orders == 1:
            return np.zeros(len(self.squares))
        spread = np.maximum(self.squares / self.orders - self.psi[:, 0] ** 2, 0.0)
        return np.asarray(spread / (self.orders - 1))


def given_values(psi: FloatVector) -> LocalValues:
    """Values of another game than ``v``, taken as they are."""
    nothing = np.zeros((len(psi), 2))
    return LocalValues(np.column_stack([psi, psi]), nothing[:, 0], 1, nothing)


def enumerated(game: LocalGame, codes: range | None = None) -> LocalValues:
    """Exact Shapley values of a game without outside parts; ``2^n_players - 1`` evaluations, the empty one known.

    Args:
        game: A local game.
        codes: Which of the coalitions ``0..2^n_players - 1`` to ask about, all unless told: the totals over ranges
            that divide them add up to the values.
    """
    n = game.n_players
    codes = range(2**n) if codes is None else codes
    totals, alone = np.zeros((n, 2)), np.zeros((n, 2))
    if codes.start == 0:
        totals -= game.empty / n
    for first in range(max(1, codes.start), codes.stop, _CODES_AT_ONCE):
        stop = min(first + _CODES_AT_ONCE, codes.stop)
        coalitions = coalitions_from_codes(np.arange(first, stop, dtype=np.int64), n)
        utilities = game(coalitions)
        totals += shapley_weights(coalitions) @ utilities
        single = coalitions.sum(axis=1) == 1
        alone[coalitions[single].argmax(axis=1)] = utilities[single] - game.empty
    return LocalValues(totals, np.zeros(n), 1, alone)


def sampled(game: LocalGame, permutations: int, rng: np.random.Generator, *, with_alone: bool = False) -> LocalValues:
    """Shapley values from random orders (HCDV, equation 13).

    Each order of the children is walked after its own draw of the outside parts: at every level above, those that
    precede the node in a random order of that level, which is Owen's nested order.

    Args:
        game: A local game.
        permutations: Number of orders ``T``, at least 2. They take ``T (n_players - 1) + 1`` evaluations without
            outside parts, where both ends are known, and ``T (n_players + 1)`` with them.
        rng: Source of the orders.
        with_alone: Also ask what each child is worth alone; ``n_players`` evaluations more.

    Returns:
        Sums over the orders, whose means have variances that fall as ``1 / T``. Without outside parts every order's
        marginal contributions sum to ``v(all) - v(empty)``.
    """
    n = game.n_players
    totals, squares = np.zeros((n, 2)), np.zeros(n)
    full = game(np.ones((1, n), dtype=np.bool_)) if not game.levels_outside else None
    at_once = max(1, _WALK_CELLS // n**2)
    for first in range(0, permutations, at_once):
        ranks = np.argsort(rng.random((min(at_once, permutations - first), n)), axis=1)
        steps = _steps(game, ranks, full) if full is not None else _steps_after(game, ranks, rng)
        marginals = np.take_along_axis(steps, ranks[:, :, None], axis=1)
        totals += marginals.sum(axis=0)
        squares += (marginals[:, :, 0] ** 2).sum(axis=0)
    return LocalValues(totals, squares, permutations, game.alone() if with_alone else np.zeros((n, 2)))


def _steps(game: LocalGame, ranks: IndexVector, full: FloatMatrix) -> FloatMatrix:
    """What the first, second, ... child of each order adds, float64 ``(n_orders, n_players, 2)``."""
    n_orders, n = ranks.shape
    prefixes = ranks[:, None, :] < np.arange(1, n)[:, None]
    inner = game(prefixes.reshape(-1, n)).reshape(n_orders, n - 1, 2)
    start = np.full((n_orders, 1, 2), game.empty)
    return np.diff(np.concatenate([start, inner, np.broadcast_to(full, (n_orders, 1, 2))], axis=1), axis=1)


def _steps_after(game: LocalGame, ranks: IndexVector, rng: np.random.Generator) -> FloatMatrix:
    """The same after a random set of outside parts, drawn anew for every order."""
    n_orders, n = ranks.shape
    outside = np.zeros((n_orders, game.levels_outside[-1][1] - n), dtype=np.bool_)
    for first, stop in game.levels_outside:
        # Those before the node in a random order: those whose uniform number is below the node's own.
        outside[:, first - n : stop - n] = rng.random((n_orders, stop - first)) < rng.random((n_orders, 1))
    prefixes = ranks[:, None, :] < np.arange(n + 1)[:, None]
    coalitions = np.concatenate([prefixes, np.broadcast_to(outside[:, None], (n_orders, n + 1, outside.shape[1]))], 2)
    return np.diff(game(coalitions.reshape(n_orders * (n + 1), -1)).reshape(n_orders, n + 1, 2), axis=1)
