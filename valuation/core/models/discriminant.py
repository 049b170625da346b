"""Linear discriminant analysis on many coalitions at once, equal to scikit-learn's with the solver ``lsqr``."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from valuation.core.models import ties
from valuation.core.models.logistic_gradients import gather, probabilities
from valuation.core.models.spec import ModelSpec
from valuation.core.models.utility_game import (
    BoolArray,
    FloatArray,
    GameRows,
    IntArray,
    Predictions,
    UtilityGame,
    predicted_or_apart,
)

WORK_BYTES = 16_000_000
# Up to this much, products of features are kept a row, and a batch's moments are one matrix product.
PRODUCTS_BYTES = 64_000_000
# Least mean variance within classes, in that of the validation rows: below, classes count as points.
VARIANCE_MIN = 1e-6
ROUNDING = 1e-6  # of that


class DiscriminantUtility(UtilityGame):
    """Gaussian classes of one shared covariance: ``log pi_c + m_c' Q x - m_c' Q m_c / 2``, ``Q`` its inverse.

    A coalition's covariance is ``(1 - a) S + a v I``: ``S`` the mean over its rows of squares within classes, ``v``
    the mean of its diagonal, ``a`` the shrinkage, which keeps it invertible with fewer rows than features. Where
    classes do not vary at all (one row each), ``v`` is a millionth of the validation rows' variance, and the nearest
    class mean wins. Classes that a coalition lacks get probability 0. With class weights ``pi_c`` is the same for all
    classes that it has, and ``S`` the mean of their covariances, as scikit-learn has them with such priors.
    """

    cost_note = "One evaluation: sums of products of rows, a linear system of the smaller of rows and features."

    def __init__(self, spec: ModelSpec, rows: GameRows) -> None:
        """Centre once: sums of squares then lose no digits to a far origin."""
        super().__init__(spec, rows)
        X, X_valid = rows.X, rows.X_valid
        n, d = X.shape
        self._shrinkage = float(spec.params["shrinkage"])
        centre = X.mean(axis=0) if n else np.zeros(d)
        self._rows = X - centre
        self._valid = X_valid - centre
        self._indicator = (rows.y[:, None] == np.arange(self._n_classes)).astype(np.float64)
        self._variance_min = VARIANCE_MIN * (float(X_valid.var(axis=0).mean()) if d else 0.0) or VARIANCE_MIN
        self._upper = np.triu_indices(d)
        self._products: FloatArray | None = None
        if n * len(self._upper[0]) * 8 <= PRODUCTS_BYTES:
            self._products = self._rows[:, self._upper[0]] * self._rows[:, self._upper[1]]

    def _predictions(self, coalitions: BoolArray) -> Predictions:
        sizes = coalitions.sum(axis=1)
        order = np.argsort(-sizes, kind="stable")
        d = self._rows.shape[1]
        first = 0
        while first < len(order):
            # Groups in order of size; the first, largest one decides what is filled up to.
            largest = int(sizes[order[first]])
            rows = 0 if self._products is not None else 2 * largest
            per_coalition = 8 * (self._n_rows + (self.n_valid + d) * self._n_classes + d**2 + rows * (d + 1))
            group = order[first : first + max(1, WORK_BYTES // per_coalition)]
            group = group[2 * sizes[group] >= largest] if rows else group
            first += len(group)
            yield from predicted_or_apart(group, lambda some: self._predict(coalitions[some], sizes[some]))

    def _predict(self, coalitions: BoolArray, sizes: IntArray) -> NDArray[Any]:
        row_weights = self._row_weights(coalitions)
        means = self._class_means(coalitions)
        priors = row_weights @ self._indicator / sizes[:, None]
        directions = self._directions(coalitions, row_weights, means)
        with np.errstate(divide="ignore"):  # a class without rows: log 0, and it never wins
            intercepts = np.log(priors) - 0.5 * np.einsum("kcd,kcd->kc", directions, means)
        scores = self._valid @ directions.reshape(-1, directions.shape[2]).T
        scores = scores.T.reshape(len(coalitions), self._n_classes, -1) + intercepts[:, :, None]
        # Far from the origin the terms are large and their sums are not.
        size = np.where(priors[:, :, None] > 0, 2.0 * np.abs(intercepts[:, :, None]) + np.abs(scores), 0.0).max(axis=1)
        if self.metric.facts.needs == "labels":
            return ties.first_of_the_largest(scores, size)
        if self._n_classes == 2:  # noqa: PLR2004
            margins = scores[:, 1] - scores[:, 0]
            if self.metric.facts.needs == "scores":
                return ties.ranks(margins, size)
            # As scikit-learn has them: the first class's is what the second one's rounding leaves.
            second = probabilities(margins[:, :, None])
            return np.concatenate([1.0 - second, second], axis=2)
        shares = probabilities(np.ascontiguousarray(scores.transpose(0, 2, 1)))
        return ties.ranks_by_class(shares) if self.metric.facts.needs == "scores" else shares

    def _class_means(self, coalitions: BoolArray) -> FloatArray:
        """Mean row of each class, float64 ``(k, classes, d)``; 0 for classes without rows."""
        counts = coalitions.astype(np.float64) @ self._indicator
        sums = np.stack([(coalitions * target) @ self._rows for target in self._indicator.T], axis=1)
        means: FloatArray = sums / np.maximum(counts, 1.0)[:, :, None]
        return means

    def _directions(self, coalitions: BoolArray, row_weights: FloatArray, means: FloatArray) -> FloatArray:
        """``Q m_c`` for every class, float64 ``(k, classes, d)``."""
        sizes = coalitions.sum(axis=1)
        if self._products is None:
            return self._gathered(coalitions, row_weights, means)
        d = means.shape[2]
        scatter = np.empty((len(coalitions), d, d))
        scatter[:, self._upper[0], self._upper[1]] = row_weights @ self._products
        scatter[:, self._upper[1], self._upper[0]] = scatter[:, self._upper[0], self._upper[1]]
        scatter -= (means * (row_weights @ self._indicator)[:, :, None]).transpose(0, 2, 1) @ means
        return self._solve(scatter / sizes[:, None, None], means)

    def _gathered(self, coalitions: BoolArray, row_weights: FloatArray, means: FloatArray) -> FloatArray:
        sizes = coalitions.sum(axis=1)
        rows, indices = gather(self._rows, coalitions)
        for place, members in enumerate(indices):
            rows[place, : len(members)] -= means[place, self._y[members]]
            rows[place, : len(members)] *= np.sqrt(row_weights[place, members])[:, None]
        if rows.shape[1] >= rows.shape[2]:
            return self._solve(rows.transpose(0, 2, 1) @ rows / sizes[:, None, None], means)
        # Fewer rows than features: the inverse of (1 - a)/n R'R + l I, by that of a matrix as large as the rows.
        pooled = np.einsum("ksd,ksd->k", rows, rows) / sizes / rows.shape[2]
        level = self._level(pooled)[:, None, None]
        kernel = (rows @ rows.transpose(0, 2, 1)) * ((1.0 - self._shrinkage) / sizes)[:, None, None]
        diagonal = np.arange(rows.shape[1])
        kernel[:, diagonal, diagonal] += level[:, :, 0]
        inner = np.linalg.solve(kernel, rows @ means.transpose(0, 2, 1))
        inner *= ((1.0 - self._shrinkage) / sizes)[:, None, None]
        return np.asarray((means - (rows.transpose(0, 2, 1) @ inner).transpose(0, 2, 1)) / level)

    def _solve(self, covariance: FloatArray, means: FloatArray) -> FloatArray:
        diagonal = np.arange(covariance.shape[1])
        variances = covariance[:, diagonal, diagonal].mean(axis=1) if len(diagonal) else np.ones(len(means))
        # What products of rows leave of classes that do not vary is rounding, and large beside so small a level.
        covariance[variances < ROUNDING * self._variance_min] = 0.0
        level = self._level(variances)
        covariance *= 1.0 - self._shrinkage
        covariance[:, diagonal, diagonal] += level[:, None]
        return np.asarray(np.linalg.solve(covariance, means.transpose(0, 2, 1)).transpose(0, 2, 1))

    def _level(self, variances: FloatArray) -> FloatArray:
        """What is added to the diagonal: shrinkage times the mean variance, which is never below the least one."""
        level: FloatArray = self._shrinkage * np.maximum(variances, self._variance_min)
        return level
