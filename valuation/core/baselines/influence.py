"""Influence functions: what a model would be without some rows, from the full model and its Hessian alone."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from valuation.core.errors import BudgetTooSmallError, FitFailedError, InvalidSpecError
from valuation.core.games.game import FloatMatrix, FloatVector, IndexVector, utilities_of
from valuation.core.models import ModelSpec, UtilityGame, checked_rows, make_utility
from valuation.core.models import logistic_gradients as gradients
from valuation.core.models.logistic import LogisticUtility
from valuation.core.models.ridge import RidgeUtility
from valuation.core.models.utility_game import BoolArray, FloatArray, IntArray, Predictions
from valuation.core.results import PointValues
from valuation.core.sampling.seeds import seed_from

PARAMETERS_MAX = 3_000
_AT_ONCE = 256
_CHECKS = 20


class InfluenceLogistic(LogisticUtility):
    """Logistic regression whose coalitions are not trained; see :func:`influence_game`."""

    cost_note = "One evaluation: a product with every row's influence, then one with the validation rows."

    def _predictions(self, coalitions: BoolArray) -> Predictions:
        for first in range(0, len(coalitions), _AT_ONCE):
            full, steps = self._full_and_steps
            left_out = ~coalitions[first : first + _AT_ONCE]
            fitted = full + (left_out @ steps).reshape(len(left_out), *full.shape)
            yield np.arange(first, first + len(left_out)), self._predict(fitted, self._pool_classes)

    @cached_property
    def _full_and_steps(self) -> tuple[FloatArray, FloatArray]:
        """The full model, ``(columns, p)``, and what leaving each row out adds to it, ``(n, columns * p)``."""
        rows, full, classes = self._frame.rows, self._pool_start, self._pool_classes
        targets = gradients.indicators(self._y, classes)
        shares = gradients.probabilities(rows @ full.T)
        row_weights = self._row_weights(np.ones((1, len(rows)), dtype=np.bool_))[0][:, None]
        slopes = ((shares - targets)[:, :, None] * (rows * row_weights)[:, None, :]).reshape(len(rows), -1)
        columns, p = full.shape
        hessian = np.zeros((columns, p, columns, p))
        for one in range(columns):
            for other in range(columns):
                weights = shares[:, one] * ((one == other) - shares[:, other])
                hessian[one, :, other] = (rows * weights[:, None] * row_weights).T @ rows
            hessian[one, :, one] += np.diag(self._frame.penalty)
        if columns > 1:
            # The intercepts may all be moved together, and nothing changes: no gradient points that way.
            hessian[:, -1, :, -1] += 1.0
        return full, _solved(hessian.reshape(columns * p, -1), slopes)


class InfluenceRidge(RidgeUtility):
    """Ridge regression whose coalitions are not trained; see :func:`influence_game`."""

    cost_note = "One evaluation: a product with every row's influence, then one with the validation rows."

    def _fit(self, coalitions: BoolArray, sizes: IntArray) -> tuple[FloatArray, FloatArray]:
        del sizes
        full, steps = self._full_and_steps
        fitted = full + ~coalitions @ steps
        return fitted[:, :-1], fitted[:, -1]

    @cached_property
    def _full_and_steps(self) -> tuple[FloatArray, FloatArray]:
        """The full model, intercept last, ``(d + 1,)``, and what leaving each row out adds to it, ``(n, d + 1)``."""
        n = self.n_players
        coefficients, intercepts = super()._fit(np.ones((1, n), dtype=np.bool_), np.array([n]))
        full = np.append(coefficients[0], intercepts[0])
        rows = np.column_stack([self._rows[:, :-1], np.ones(n)])
        slopes = rows * (rows @ full - self._rows[:, -1])[:, None]
        return full, _solved(rows.T @ rows + np.diag([*np.full(len(full) - 1, self._alpha), 0.0]), slopes)


_GAMES: dict[str, type[UtilityGame]] = {"logistic_regression": InfluenceLogistic, "ridge_regression": InfluenceRidge}


def influence_game(spec: ModelSpec, X: ArrayLike, y: ArrayLike, X_valid: ArrayLike, y_valid: ArrayLike) -> UtilityGame:
    """Make the game whose coalitions are answered by influence functions instead of training.

    The full model minimises ``sum_i loss_i(w) + penalty(w)``. With ``H`` its exact Hessian there, a coalition ``S``
    gets ``w_S = w + H^-1 sum_{i not in S} grad loss_i(w)`` (Koh & Liang 2017, arXiv:1703.04730, summed over rows;
    Lee et al. 2025, arXiv:2505.19013, section 3.5.2) and is worth the metric of ``w_S``. That is the first order of
    what is left out: close near the full set, wrong far from it. Coalitions that train no model keep the utility of
    the constant predictor; one that lacks some of three or more classes may still be given them. With class weights
    every row keeps the weight that it has in the full set.

    Args:
        spec: Logistic or ridge regression.
        X: See :func:`~valuation.core.models.make_utility`, as for the others.
        y: Targets.
        X_valid: Validation features.
        y_valid: Validation targets.

    Returns:
        A game that any estimator accepts.

    Raises:
        InvalidSpecError: The family has no influence functions here.
        InvalidDataError: See ``make_utility``.
        FitFailedError: The model has too many parameters for its Hessian, or could not be trained.
    """
    if spec.family not in _GAMES:
        raise InvalidSpecError("family", spec.family, "one of " + ", ".join(_GAMES))
    return _GAMES[spec.family](spec, checked_rows(spec, X, y, X_valid, y_valid))


@dataclass(frozen=True, eq=False)
class InfluenceValues(PointValues):
    """Approximate leave-one-out drops, with what exact retraining says of some of them.

    Attributes:
        checked_rows: Rows that were left out in earnest, int ``(k,)``.
        exact: Their exact drops, float64 ``(k,)``, in metric units.
        error: Root mean square of ``values - exact`` over them, in metric units; 0 where there is no row.
    """

    checked_rows: IndexVector
    exact: FloatVector
    error: float


def influence_values(
    spec: ModelSpec,
    X: ArrayLike,
    y: ArrayLike,
    X_valid: ArrayLike,
    y_valid: ArrayLike,
    *,
    budget: int = _CHECKS + 1,
    rng: np.random.Generator,
) -> InfluenceValues:
    """Approximate ``U(N) - U(N - i)`` of every row by influence functions, and check some rows by retraining.

    Args:
        spec: Logistic or ridge regression; smooth metrics (negative log loss, squared error, R2) suit it best.
        X: See :func:`influence_game`.
        y: Targets.
        X_valid: Validation features.
        y_valid: Validation targets.
        budget: Most trainings: the full model, and one a checked row. At least 2 where there is a row.
        rng: Source of the rows that are checked.

    Returns:
        Drops in metric units, ``standard_errors`` ``None``: nothing is sampled, and the error of the approximation is
        ``error``.

    Raises:
        BudgetTooSmallError: No row could be checked.
        InvalidSpecError: The family has no influence functions here.
        InvalidDataError: See ``make_utility``.
        FitFailedError: The model has too many parameters for its Hessian, or could not be trained.
    """
    game = influence_game(spec, X, y, X_valid, y_valid)
    n = game.n_players
    if n and budget < 2:  # noqa: PLR2004 - the full model and one without a row
        raise BudgetTooSmallError(budget, 2)
    seed = seed_from(rng)
    checked = np.sort(np.random.default_rng(seed).permutation(n)[: max(0, budget - 1)])
    values = _drops(game, np.arange(n))
    exact = _drops(make_utility(spec, X, y, X_valid, y_valid), checked)
    error = float(np.sqrt(np.mean((values[checked] - exact) ** 2))) if len(checked) else 0.0
    evaluations = len(checked) + 1 if n else 0
    return InfluenceValues(values, None, evaluations, seed, "influence/1", checked, exact, error)


def _drops(game: UtilityGame, rows: IndexVector) -> FloatVector:
    """``U(N) - U(N - i)`` of some rows, float64 ``(k,)``."""
    drops = np.zeros(len(rows))
    everyone = np.ones((1, game.n_players), dtype=np.bool_)
    full = utilities_of(game, everyone)[0]
    for first in range(0, len(rows), _AT_ONCE):
        chosen = rows[first : first + _AT_ONCE]
        without = np.repeat(everyone, len(chosen), axis=0)
        without[np.arange(len(chosen)), chosen] = False
        drops[first : first + len(chosen)] = full - utilities_of(game, without)
    return drops


def _solved(hessian: FloatMatrix, slopes: FloatMatrix) -> FloatMatrix:
    """``H^-1 g_i`` for every row's gradient, float64 ``(n, parameters)``."""
    if len(hessian) > PARAMETERS_MAX:
        raise FitFailedError(f"The Hessian of {len(hessian)} parameters is too large; at most {PARAMETERS_MAX}.")
    try:
        return np.asarray(np.linalg.solve(hessian, slopes.T).T)
    except np.linalg.LinAlgError as error:
        raise FitFailedError(f"The Hessian of the full model cannot be inverted: {error}") from error
