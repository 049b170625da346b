"""Truncated Monte-Carlo Data Shapley (MCDS, TMC): orders that end once the rows so far are as good as all."""

from dataclasses import dataclass

import numpy as np

from valuation.core.errors import InvalidSpecError
from valuation.core.games.game import FloatMatrix, FloatVector, Game, utilities_of
from valuation.core.results import PointValues
from valuation.core.sampling.coalition_draws import seeded
from valuation.core.sampling.only_player import value_of_only_player
from valuation.core.sampling.orders import SampleMean, ends_of, orders_within

TOLERANCE_DEFAULT = 0.01
# One prefix may be as good as all rows by luck; five in a row seldom are.
PATIENCE = 5
# Orders walked abreast, so that a game that is quicker in batches gets batches although orders end at different places.
_ABREAST = 32


@dataclass(frozen=True, eq=False)
class TruncatedValues(PointValues):
    """Values of rows with what truncation did to them.

    Attributes:
        unassigned: ``U(N) - U(empty)`` minus the sum of the values: the part of the bias that can be seen.
        walked: Mean part of an order that was evaluated, in (0, 1]; 1 where nothing was cut off.
        walk_errors: float64 ``(n,)``: standard errors of the mean over truncated walks.

    ``standard_errors`` is ``None``: errors of the walk say nothing about its bias, and an interval made of them would
    hold the Shapley value of a row as seldom as truncation likes. Of an only row nothing can be cut off: its is 0.
    """

    unassigned: float
    walked: float
    walk_errors: FloatVector


def truncated_shapley(
    game: Game, *, budget: int, rng: np.random.Generator, tolerance: float = TOLERANCE_DEFAULT
) -> TruncatedValues:
    """Data Shapley by truncated orders (Ghorbani & Zou 2019, arXiv:1904.02868, algorithm 1).

    A walk ends once ``|U(N) - U(S)| < tolerance |U(N) - U(empty)|`` at five prefixes in a row; rows behind get 0 from
    it. That saves evaluations where learning curves are flat and is biased by what the cut rows would have added, which
    need not be small for a single row. With a tolerance of 0 nothing is cut.

    Args:
        game: The game; of one row or none values are exact.
        budget: Most utility evaluations to spend. An order is begun only where all of it could be paid, so that the
            number of orders never depends on how the last one went on.
        rng: Source of randomness; the result's seed is its first draw, and starts the generator of all others.
        tolerance: Part of ``|U(N) - U(empty)|``, in [0, 1).

    Returns:
        Values, float64 ``(n,)``, in metric units, with what was cut off; no standard errors.

    Raises:
        InvalidSpecError: The tolerance is out of range.
        BudgetTooSmallError: The budget does not cover eight whole orders.
        UtilityNotFiniteError: The game answered NaN or infinity.

    Note:
        Departs from the paper: five prefixes in a row, not one, and a tolerance relative to what there is to earn. The
        distance is absolute and to ``U(N)``: a running signed sum ends walks wherever increments
        cancel (docs/mathematics.md section 11).
    """
    if not 0 <= tolerance < 1:
        raise InvalidSpecError("tolerance", tolerance, "at least 0 and below 1")
    if (exact := value_of_only_player(game, budget, "truncated")) is not None:
        return TruncatedValues(**vars(exact), unassigned=0.0, walked=1.0, walk_errors=np.zeros(game.n_players))
    n = game.n_players
    orders_within(budget, n)
    seed, rng = seeded(rng)
    ends = utilities_of(game, ends_of(n))
    near = tolerance * abs(float(ends[1] - ends[0]))
    marginals, spent = SampleMean(n), 2
    while abreast := min(_ABREAST, (budget - spent) // (n - 1)):
        found, evaluations = _walks(game, ends, near, abreast, rng)
        spent += evaluations
        for walk in found:
            marginals.add(walk)
    return TruncatedValues(
        marginals.mean,
        None,
        spent,
        seed,
        "truncated/2",
        unassigned=float(ends[1] - ends[0] - marginals.mean.sum()),
        walked=(spent - 2) / (marginals.draws * (n - 1)),
        walk_errors=marginals.standard_errors,
    )


def _walks(
    game: Game, ends: FloatVector, near: float, abreast: int, rng: np.random.Generator
) -> tuple[FloatMatrix, int]:
    """Marginal contributions of ``abreast`` truncated orders, float64 ``(abreast, n)``, and evaluations spent."""
    n = game.n_players
    orders = np.array([rng.permutation(n) for _ in range(abreast)])
    ranks = np.argsort(orders, axis=1)
    marginals = np.zeros((abreast, n))
    before = np.full(abreast, ends[0])
    in_a_row = np.zeros(abreast, dtype=np.int64)
    walking, spent = np.arange(abreast), 0
    for size in range(1, n):
        utilities = utilities_of(game, ranks[walking] < size)
        spent += len(walking)
        marginals[walking, orders[walking, size - 1]] = utilities - before[walking]
        before[walking] = utilities
        in_a_row[walking] = np.where(np.abs(ends[1] - utilities) < near, in_a_row[walking] + 1, 0)
        walking = walking[in_a_row[walking] < PATIENCE]
        if not walking.size:
            return marginals, spent
    marginals[walking, orders[walking, -1]] = ends[1] - before[walking]
    return marginals, spent
