"""Monte-Carlo Data Shapley: marginal contributions of rows along whole random orders."""

import numpy as np

from valuation.core.errors import BudgetTooSmallError
from valuation.core.games import FloatVector, Game, IndexVector, scores, slice_length, utilities_of
from valuation.core.results import PointValues

# Fewer orders might happen to agree, and their spread would then claim certainty.
PERMUTATIONS_MIN = 8


def permutation_shapley(game: Game, *, budget: int, seed: int) -> PointValues:
    """Shapley value of every row as its mean marginal contribution over random orders.

    ``phi_i = E[U(before i, and i) - U(before i)]`` over uniform orders (Ghorbani & Zou 2019, arXiv:1904.02868),
    without their truncation, which is biased by what it cuts off. Orders are independent, so the
    standard error of a mean is that of a sample. Every order is walked as one batch; ``U(empty)`` and ``U(N)`` are
    evaluated once.

    Args:
        game: A game of at least two rows.
        budget: Most utility evaluations to spend: two, and ``n - 1`` for each order.
        seed: Seed of the orders.

    Returns:
        Values and standard errors, float64 ``(n,)``, in metric units; values sum to ``U(N) - U(empty)``.

    Raises:
        BudgetTooSmallError: The budget does not cover eight orders.
        UtilityNotFiniteError: The game answered NaN or infinity.
    """
    n = game.n_players
    orders = (budget - 2) // (n - 1)
    if orders < PERMUTATIONS_MIN:
        raise BudgetTooSmallError(budget, 2 + PERMUTATIONS_MIN * (n - 1))
    rng = np.random.default_rng(seed)
    ends = utilities_of(game, np.array([[False] * n, [True] * n]))
    mean, squares = np.zeros(n), np.zeros(n)
    for walked in range(1, orders + 1):
        order = rng.permutation(n)
        marginals = np.empty(n)
        marginals[order] = np.diff(np.concatenate([ends[:1], _along(game, order), ends[1:]]))
        away = marginals - mean
        mean += away / walked
        squares += away * (marginals - mean)
    errors = np.sqrt(squares / (orders - 1) / orders)
    return PointValues(mean, errors, 2 + orders * (n - 1), seed, "permutation/1")


def _along(game: Game, order: IndexVector) -> FloatVector:
    """Utilities of the prefixes of sizes ``1..n - 1``, float64 ``(n - 1,)``, in slices of bounded memory."""
    n, rank = len(order), np.argsort(order)
    step = slice_length(n)
    sizes = [np.arange(first, min(first + step, n)) for first in range(1, n, step)]
    return np.concatenate([scores(game, rank < some[:, None])[0] for some in sizes])
