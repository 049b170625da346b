"""Beta Shapley: semivalues that weigh what a row adds by how many rows were there before."""

import math

import numpy as np

from valuation.core.errors import InvalidSpecError
from valuation.core.games.game import FloatVector, Game
from valuation.core.results import PointValues
from valuation.core.sampling.circles import values_by_position

ALPHA_DEFAULT = 4.0
BETA_DEFAULT = 1.0


def beta_shapley(
    game: Game, *, budget: int, rng: np.random.Generator, alpha: float = ALPHA_DEFAULT, beta: float = BETA_DEFAULT
) -> PointValues:
    """Beta(alpha, beta)-Shapley value of every row (Kwon & Zou 2022, arXiv:2110.14049, equation 5).

    ``psi_i = sum_s p(s) E[U(S + i) - U(S) | |S| = s]`` with ``p`` the beta-binomial law of :func:`size_weights`. The
    orders of :func:`~valuation.core.baselines.permutation.permutation_shapley` show every row at every position, and
    what it adds there is weighted by ``p(s)``: unbiased. ``alpha > beta`` weighs small coalitions, where noisy labels
    show; ``alpha = beta = 1`` is the Shapley value.

    Args:
        game: The game; of one row or none values are exact.
        budget: Most utility evaluations to spend: two, and ``n (n - 1)`` for each circle, or ``n - 1`` for each order.
        rng: Source of randomness; the result's seed is its first draw, and starts the generator of all others.
        alpha: Weight of small coalitions, above 0.
        beta: Weight of large coalitions, above 0.

    Returns:
        Values, float64 ``(n,)``, in metric units, that sum to nothing in particular unless ``alpha = beta = 1``, and
        their standard errors between circles; ``None`` below four circles.

    Raises:
        InvalidSpecError: ``alpha`` or ``beta`` is not positive and finite.
        BudgetTooSmallError: The budget covers neither a circle nor eight orders.
        UtilityNotFiniteError: The game answered NaN or infinity.
    """
    weights = size_weights(game.n_players, alpha, beta)
    return values_by_position(game, weights, budget=budget, rng=rng, method_version="beta-shapley/2")


def size_weights(n_players: int, alpha: float, beta: float) -> FloatVector:
    """Weight of each number of rows that were there before, ``p(s)``, ``s = 0..n - 1``; they sum to 1.

    ``p(s) = C(n-1, s) B(s + beta, n - 1 - s + alpha) / B(alpha, beta)``: ``s`` is binomial with a chance drawn from
    Beta(beta, alpha).

    Raises:
        InvalidSpecError: ``alpha`` or ``beta`` is not positive and finite.
    """
    for name, value in (("alpha", alpha), ("beta", beta)):
        if not 0 < value < math.inf:
            raise InvalidSpecError(name, value, "a finite number above 0")
    others = n_players - 1
    logs = [
        _log_beta(s + beta, others - s + alpha) - _log_beta(s + 1, others - s + 1) - math.log(n_players)
        for s in range(n_players)
    ]
    return np.exp(np.array(logs) - _log_beta(alpha, beta))


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
