"""Random orders of rows and what each row adds where it stands."""

from collections.abc import Iterator

import numpy as np

from valuation.core.errors import BudgetTooSmallError
from valuation.core.games.game import FloatMatrix, FloatVector, Game, IndexVector, scores, slice_length
from valuation.core.statistics.widening import students_widening

# Fewer orders are hardly an estimate.
ORDERS_MIN = 8


def orders_within(budget: int, n_players: int, orders_min: int = ORDERS_MIN) -> int:
    """How many whole orders a budget pays beside the two ends.

    Raises:
        BudgetTooSmallError: It does not cover ``orders_min`` orders.
    """
    orders = (budget - 2) // (n_players - 1)
    if orders < orders_min:
        raise BudgetTooSmallError(budget, 2 + orders_min * (n_players - 1))
    return orders


def ends_of(n_players: int) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """The empty coalition and that of all, bool ``(2, n_players)``."""
    return np.repeat([[False], [True]], n_players, axis=1)


def walk_orders(
    game: Game, ends: FloatVector, orders: int, rng: np.random.Generator
) -> Iterator[tuple[IndexVector, FloatVector]]:
    """Uniform orders, each with the marginal contributions along it, float64 ``(n,)``; ``n - 1`` evaluations each.

    Args:
        game: The game.
        ends: ``U(empty)`` and ``U(N)``.
        orders: How many.
        rng: Draws the orders.
    """
    for _ in range(orders):
        order = rng.permutation(game.n_players)
        yield order, np.diff(np.concatenate([ends[:1], _along(game, order), ends[1:]]))


def _along(game: Game, order: IndexVector) -> FloatVector:
    """Utilities of the prefixes of sizes ``1..n - 1``, float64 ``(n - 1,)``, in slices of bounded memory."""
    n, rank = len(order), np.argsort(order)
    step = slice_length(n)
    sizes = [np.arange(first, min(first + step, n)) for first in range(1, n, step)]
    return np.concatenate([scores(game, rank < some[:, None])[0] for some in sizes])


class SampleMean:
    """Mean of independent draws and its standard error, without keeping the draws (Welford 1962)."""

    def __init__(self, n_values: int) -> None:
        """Start with no draw of ``n_values`` values."""
        self.draws = 0
        self.mean: FloatVector = np.zeros(n_values)
        self._squares = np.zeros(n_values)

    def add(self, values: FloatVector) -> None:
        """Take in one draw, float64 ``(n_values,)``."""
        self.draws += 1
        away = values - self.mean
        self.mean = self.mean + away / self.draws
        self._squares += away * (values - self.mean)

    def add_all(self, values: FloatMatrix) -> None:
        """Take in a batch, float64 ``(n_draws, n_values)``, merged as a whole (Chan, Golub & LeVeque 1979)."""
        if not len(values):
            return
        centre = values.mean(axis=0)
        away, total = centre - self.mean, self.draws + len(values)
        self._squares += ((values - centre) ** 2).sum(axis=0) + away**2 * (self.draws * len(values) / total)
        self.mean = self.mean + away * (len(values) / total)
        self.draws = total

    @property
    def standard_errors(self) -> FloatVector:
        """Standard errors of the mean, float64 ``(n_values,)``, widened for few draws; two draws at least."""
        variances = self._squares / (self.draws - 1) / self.draws
        return np.asarray(np.sqrt(variances * students_widening(self.draws - 1)))
