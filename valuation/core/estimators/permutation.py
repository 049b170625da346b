"""Monte-Carlo Data Shapley: marginal contributions of rows along whole random orders."""

import numpy as np

from valuation.core.estimators.draws import seeded
from valuation.core.estimators.orders import SampleMean, ends_of, orders_within, walk_orders
from valuation.core.games import Game, utilities_of
from valuation.core.results import PointValues


def permutation_shapley(game: Game, *, budget: int, rng: np.random.Generator) -> PointValues:
    """Shapley value of every row as its mean marginal contribution over random orders.

    ``phi_i = E[U(before i, and i) - U(before i)]`` over uniform orders (Ghorbani & Zou 2019, arXiv:1904.02868),
    without their truncation, which is biased by what it cuts off
    (:func:`~valuation.core.estimators.truncated.truncated_shapley` has it). Orders are independent, so the
    standard error of a mean is that of a sample. Every order is walked as one batch; ``U(empty)`` and ``U(N)`` are
    evaluated once.

    Args:
        game: A game of at least two rows.
        budget: Most utility evaluations to spend: two, and ``n - 1`` for each order.
        rng: Source of randomness; the result's seed is its first draw, and starts the generator of all others.

    Returns:
        Values and standard errors, float64 ``(n,)``, in metric units; values sum to ``U(N) - U(empty)``.

    Raises:
        BudgetTooSmallError: The budget does not cover eight orders.
        UtilityNotFiniteError: The game answered NaN or infinity.
    """
    n = game.n_players
    orders = orders_within(budget, n)
    seed, rng = seeded(rng)
    ends = utilities_of(game, ends_of(n))
    marginals = SampleMean(n)
    for order, steps in walk_orders(game, ends, orders, rng):
        marginals.add(steps[np.argsort(order)])
    return PointValues(marginals.mean, marginals.standard_errors, 2 + orders * (n - 1), seed, "permutation/2")
