"""Values of rows by the baselines that need nothing but a game: one door to all of them."""

from collections.abc import Callable
from typing import Literal, Protocol, get_args

import numpy as np

from valuation.core.baselines.banzhaf import banzhaf_values
from valuation.core.baselines.beta_shapley import beta_shapley
from valuation.core.baselines.complementary import complementary_shapley
from valuation.core.baselines.group_testing import group_testing_shapley
from valuation.core.baselines.kernel_shap import kernel_shap
from valuation.core.baselines.leverage_shap import leverage_shap
from valuation.core.baselines.one_for_all import one_for_all_shapley
from valuation.core.baselines.permutation import permutation_shapley
from valuation.core.baselines.stratified_svarm import stratified_svarm_shapley
from valuation.core.baselines.svarm import svarm_shapley
from valuation.core.baselines.truncated import truncated_shapley
from valuation.core.baselines.unbiased_kernel_shap import unbiased_kernel_shap
from valuation.core.baselines.uninformed import equal_split, random_values
from valuation.core.errors import InvalidSpecError
from valuation.core.games.game import Game
from valuation.core.games.progress_game import ProgressGame
from valuation.core.results import PointValues
from valuation.core.sampling.seeds import require_generator

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
    """Value every player of a game: rows, or sellers where the game is a :func:`~valuation.core.games.game.group_game`.

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
        game = ProgressGame(game, lambda spent: progress(spent, budget))
    return _ESTIMATORS[method](game, budget=budget, rng=rng)
