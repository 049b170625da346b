"""Circles of players: every coalition of neighbours tells what four players add, and every seat is taken equally often.

Seat all players round a table in a uniform random order. The ``n (n - 1)`` arcs of one to ``n - 1`` neighbours are the
prefixes of ``2 n`` orders, from each seat in both directions; each of these orders alone is uniform. In them every
player stands at every position twice. Mean marginal contributions of one circle are therefore unbiased, and what
differs between positions, which is nearly all the noise where a player earns most as the first or the last, is not in
their error. Circles are independent, and near to normal where single orders are very skewed.
"""

from collections.abc import Iterator

import numpy as np

from valuation.core.games.game import (
    BoolMatrix,
    FloatMatrix,
    FloatVector,
    Game,
    IndexVector,
    scores,
    slice_length,
    utilities_of,
)
from valuation.core.results import PointValues
from valuation.core.sampling.coalition_draws import seeded
from valuation.core.sampling.only_player import value_of_only_player
from valuation.core.sampling.orders import ORDERS_MIN, SampleMean, ends_of, orders_within, walk_orders

# Fewer circles know their spread too badly; for four, Student's variance is wide enough (docs/evidence/coverage.md).
CIRCLES_MIN = 4


def evaluations_of_circle(n_players: int) -> int:
    """How many arcs a circle has, ``n (n - 1)``."""
    return n_players * (n_players - 1)


def arcs(circle: IndexVector) -> Iterator[tuple[BoolMatrix, IndexVector, IndexVector]]:
    """All arcs of one to ``n - 1`` neighbours, in slices of bounded memory.

    Args:
        circle: The players in the order of their seats, int ``(n,)``.

    Yields:
        Members, bool ``(n_arcs, n)``, with the seat of the first one and the number of them, int ``(n_arcs,)``.
    """
    n, seats, step = len(circle), np.argsort(circle), slice_length(len(circle))
    for at in range(0, evaluations_of_circle(n), step):
        starts, sizes = np.divmod(np.arange(at, min(at + step, evaluations_of_circle(n))), n - 1)
        yield (seats - starts[:, None]) % n <= sizes[:, None], starts, sizes + 1


def gains_around(game: Game, ends: FloatVector, rng: np.random.Generator) -> FloatMatrix:
    """What each player adds to each number of others on one circle, float64 ``(n, n)``, the mean of both directions.

    Args:
        game: The game; ``n (n - 1)`` evaluations.
        ends: ``U(empty)`` and ``U(N)``.
        rng: Draws the circle.
    """
    n = game.n_players
    circle = rng.permutation(n)
    utilities = np.empty((n, n + 1))  # by the seat of an arc's first member and the number of members
    utilities[:, 0], utilities[:, n] = ends
    utilities[:, 1:n] = np.concatenate([scores(game, members)[0] for members, _, _ in arcs(circle)]).reshape(n, n - 1)
    seats, sizes = np.arange(n)[:, None], np.arange(n)
    behind = np.diff(utilities, axis=1)[(seats - sizes) % n, sizes]
    before = utilities[:, 1:] - np.roll(utilities[:, :-1], -1, axis=0)
    gains = np.empty((n, n))
    gains[circle] = (behind + before) / 2
    return gains


def values_by_position(
    game: Game, weights: FloatVector, *, budget: int, rng: np.random.Generator, method_version: str
) -> PointValues:
    """``sum_s weights[s] E[U(S + i) - U(S) | |S| = s]`` for every player, from circles, or orders where none is paid.

    Args:
        game: The game; of one player or none values are exact.
        weights: Weight of each number of others ``s = 0..n - 1``, float64 ``(n,)``.
        budget: Most utility evaluations: two, and ``n (n - 1)`` a circle, or ``n - 1`` an order.
        rng: Source of randomness; the result's seed is its first draw, and starts the generator of all others.
        method_version: What the result is to be called.

    Returns:
        Values with their standard errors, which are ``None`` below four circles.

    Raises:
        BudgetTooSmallError: The budget covers neither a circle nor eight orders.
        UtilityNotFiniteError: The game answered NaN or infinity.
    """
    if (exact := value_of_only_player(game, budget, method_version)) is not None:
        return exact
    n = game.n_players
    circles = max(0, budget - 2) // evaluations_of_circle(n)
    orders = 0 if circles else orders_within(budget, n, min(n, ORDERS_MIN))
    seed, rng = seeded(rng)
    ends = utilities_of(game, ends_of(n))
    mean = SampleMean(n)
    for _ in range(circles):
        mean.add(gains_around(game, ends, rng) @ weights)
    for order, steps in walk_orders(game, ends, orders, rng):
        mean.add((n * weights * steps)[np.argsort(order)])
    spent = 2 + circles * evaluations_of_circle(n) + orders * (n - 1)
    errors = mean.standard_errors if circles >= CIRCLES_MIN else None
    return PointValues(mean.mean, errors, spent, seed, method_version)
