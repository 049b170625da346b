"""Values of rows by the baselines that need nothing but a game."""

from typing import Literal, get_args

import numpy as np

from valuation.core.errors import BudgetTooSmallError, InvalidSpecError
from valuation.core.estimators.banzhaf import banzhaf_values
from valuation.core.estimators.permutation import permutation_shapley
from valuation.core.games import Game, utilities_of
from valuation.core.results import PointValues

PointMethod = Literal["permutation", "banzhaf"]


def estimate_points(game: Game, *, method: PointMethod, budget: int, rng: np.random.Generator) -> PointValues:
    """Value every row of a game.

    ``"permutation"`` estimates Shapley values (:func:`~valuation.core.estimators.permutation.permutation_shapley`),
    ``"banzhaf"`` Banzhaf values (:func:`~valuation.core.estimators.banzhaf.banzhaf_values`). Of a single row both are
    ``U(N) - U(empty)``, exactly; of none there are no values and nothing is spent.

    Args:
        game: Game over rows.
        method: Which values, by which estimator.
        budget: Most utility evaluations to spend.
        rng: Source of randomness; the result's seed is its first draw, and starts the generator of all others.

    Returns:
        Values and standard errors, float64 ``(n,)``, in metric units.

    Raises:
        InvalidSpecError: The method is unknown.
        BudgetTooSmallError: The budget covers too few samples for honest standard errors.
        UtilityNotFiniteError: The game answered NaN or infinity.
    """
    if method not in get_args(PointMethod):
        raise InvalidSpecError("method", method, " or ".join(get_args(PointMethod)))
    if game.n_players < 2:  # noqa: PLR2004
        return _of_one_or_none(game, method, budget)
    seed = int(rng.integers(2**63))
    if method == "permutation":
        return permutation_shapley(game, budget=budget, seed=seed)
    return banzhaf_values(game, budget=budget, seed=seed)


def _of_one_or_none(game: Game, method: PointMethod, budget: int) -> PointValues:
    n = game.n_players
    if budget < 2 * n:
        raise BudgetTooSmallError(budget, 2 * n)
    values = np.diff(utilities_of(game, np.array([[False], [True]]))) if n else np.zeros(0)
    return PointValues(values, np.zeros(n), 2 * n, None, f"{method}-exact/1")
