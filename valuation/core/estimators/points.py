"""Values of rows by the baselines that need nothing but a game: one door to all of them."""

from collections.abc import Callable
from typing import Literal, Protocol, get_args

import numpy as np

from valuation.core.errors import InvalidSpecError
from valuation.core.estimators.banzhaf import banzhaf_values
from valuation.core.estimators.beta_shapley import beta_shapley
from valuation.core.estimators.complementary import complementary_shapley
from valuation.core.estimators.group_testing import group_testing_shapley
from valuation.core.estimators.kernel_shap import kernel_shap
from valuation.core.estimators.leverage_shap import leverage_shap
from valuation.core.estimators.one_for_all import one_for_all_shapley
from valuation.core.estimators.permutation import permutation_shapley
from valuation.core.estimators.stratified_svarm import stratified_svarm_shapley
from valuation.core.estimators.svarm import svarm_shapley
from valuation.core.estimators.truncated import truncated_shapley
from valuation.core.estimators.unbiased_kernel_shap import unbiased_kernel_shap
from valuation.core.estimators.uninformed import equal_split, random_values
from valuation.core.games import Game
from valuation.core.results import PointValues
from valuation.core.seeds import require_generator
from valuation.core.watched import WatchedGame

PointMethod = Literal[
    "permutation",
    "truncated",
    "group_testing",
    "complementary",
    "one_for_all",
    "svarm",
    "stratified_svarm",
    "kernel_shap",
    "unbiased_kernel_shap",
    "leverage_shap",
    "banzhaf",
    "beta_shapley",
    "random",
    "equal",
]


class _Estimator(Protocol):
    def __call__(self, game: Game, *, budget: int, rng: np.random.Generator) -> PointValues: ...


_ESTIMATORS: dict[PointMethod, _Estimator] = {
    "permutation": permutation_shapley,
    "truncated": truncated_shapley,
    "group_testing": group_testing_shapley,
    "complementary": complementary_shapley,
    "one_for_all": one_for_all_shapley,
    "svarm": svarm_shapley,
    "stratified_svarm": stratified_svarm_shapley,
    "kernel_shap": kernel_shap,
    "unbiased_kernel_shap": unbiased_kernel_shap,
    "leverage_shap": leverage_shap,
    "banzhaf": banzhaf_values,
    "beta_shapley": beta_shapley,
    "random": random_values,
    "equal": equal_split,
}


def estimate_points(
    game: Game,
    *,
    method: PointMethod,
    budget: int,
    rng: np.random.Generator,
    progress: Callable[[int, int], None] | None = None,
) -> PointValues:
    """Value every player of a game: rows, or sellers where the game is a :func:`~valuation.core.games.group_game`.

    ``"banzhaf"`` estimates Banzhaf values, ``"beta_shapley"`` Beta(4, 1)-Shapley values, ``"random"`` and ``"equal"``
    nothing; all others estimate Shapley values. docs/algorithms/points.md says which to take. Of a single player all
    but ``"random"`` are ``U(N) - U(empty)``, exactly; of none there are no values and nothing is spent.

    Args:
        game: The game.
        method: Which values, by which estimator, with its default parameters; call the estimator itself for others.
        budget: Most utility evaluations to spend.
        rng: Source of randomness; the result's seed is its first draw, and starts the generator of all others.
        progress: Told evaluations spent and budget after every batch. What it raises passes through: that cancels.

    Returns:
        Values and standard errors, float64 ``(n,)``, in metric units.

    Raises:
        InvalidSpecError: The method is unknown.
        BudgetTooSmallError: The budget covers too few samples for honest standard errors.
        UtilityNotFiniteError: The game answered NaN or infinity.
    """
    if method not in _ESTIMATORS:
        raise InvalidSpecError("method", method, " or ".join(get_args(PointMethod)))
    require_generator(rng)
    if progress is not None:
        game = WatchedGame(game, lambda spent: progress(spent, budget))
    return _ESTIMATORS[method](game, budget=budget, rng=rng)
