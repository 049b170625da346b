"""Ridge regression on many coalitions at once, equal to scikit-learn's ``Ridge`` with a free intercept."""

import numpy as np

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
# Up to this much, products of features are kept a row, and a batch's normal equations are one matrix product.
PRODUCTS_BYTES = 64_000_000


class RidgeUtility(UtilityGame):
    """A coalition S minimises ``sum_{i in S} (y_i - w x_i - b)^2 + alpha |w|^2``, by normal equations of centred rows.

    Few features: every row's products ``x x'`` are computed once and summed by the mask. Many features: rows are
    gathered, and systems have as many unknowns as rows where those are fewer than features.
    """

    cost_note = "One evaluation: a linear system of the smaller of rows and features, one product with validation rows."

    def __init__(self, spec: ModelSpec, rows: GameRows) -> None:
        """Centre once: sums of squares then lose no digits to a far origin."""
        super().__init__(spec, rows)
        X, y = rows.X, rows.y
        n, d = X.shape
        self._alpha = float(spec.params["alpha"])
        self._mean_x = X.mean(axis=0) if n else np.zeros(d)
        self._mean_y = float(y.mean()) if n else 0.0
        # The target rides along as the last column: its products with the features are the right-hand side.
        self._rows = np.column_stack([X - self._mean_x, y - self._mean_y])
        self._valid = rows.X_valid - self._mean_x
        self._upper = np.triu_indices(d + 1)
        self._products: FloatArray | None = None
        if n * len(self._upper[0]) * 8 <= PRODUCTS_BYTES:
            self._products = self._rows[:, self._upper[0]] * self._rows[:, self._upper[1]]

    def _predictions(self, coalitions: BoolArray) -> Predictions:
        sizes = coalitions.sum(axis=1)
        order = np.argsort(sizes, kind="stable")
        d = self._valid.shape[1]
        first = 0
        while first < len(order):
            # Groups in order of size, so that little is filled up; the group's largest coalition decides its memory.
            rows = 0 if self._products is not None else 2 * int(sizes[order[first]])
            per_coalition = 8 * (self._n_rows + self.n_valid + (d + 1) ** 2 + rows * (d + 1))
            group = order[first : first + max(1, WORK_BYTES // per_coalition)]
            group = group[sizes[group] <= max(rows, 2)] if rows else group
            first += len(group)
            yield from predicted_or_apart(group, lambda some: self._predict(*self._fit(coalitions[some], sizes[some])))

    def _fit(self, coalitions: BoolArray, sizes: IntArray) -> tuple[FloatArray, FloatArray]:
        """Coefficients, float64 ``(k, d)``, and intercepts ``(k,)``, for centred features and targets."""
        means = coalitions @ self._rows / sizes[:, None]
        if self._products is not None:
            coefficients = self._solve(self._summed(self._products, coalitions, sizes, means))
        else:
            coefficients = self._gathered(coalitions, sizes, means)
        return coefficients, means[:, -1] - np.einsum("kd,kd->k", coefficients, means[:, :-1])

    def _summed(self, products: FloatArray, coalitions: BoolArray, sizes: IntArray, means: FloatArray) -> FloatArray:
        """Scatter matrices of features and target, float64 ``(k, d + 1, d + 1)``, from the products of every row."""
        moments = np.empty((len(coalitions), means.shape[1], means.shape[1]))
        moments[:, self._upper[0], self._upper[1]] = coalitions @ products
        moments[:, self._upper[1], self._upper[0]] = moments[:, self._upper[0], self._upper[1]]
        return moments - sizes[:, None, None] * means[:, :, None] * means[:, None, :]

    def _gathered(self, coalitions: BoolArray, sizes: IntArray, means: FloatArray) -> FloatArray:
        rows = np.zeros((len(coalitions), int(sizes.max()), means.shape[1]))
        for place, coalition, mean in zip(rows, coalitions, means, strict=True):
            members = np.flatnonzero(coalition)
            place[: len(members)] = self._rows[members] - mean
        if rows.shape[1] >= rows.shape[2]:
            return self._solve(rows.transpose(0, 2, 1) @ rows)
        features, targets = rows[:, :, :-1], rows[:, :, -1:]
        kernel = features @ features.transpose(0, 2, 1)
        diagonal = np.arange(rows.shape[1])
        kernel[:, diagonal, diagonal] += self._alpha
        dual = np.linalg.solve(kernel, targets)
        coefficients: FloatArray = (features.transpose(0, 2, 1) @ dual)[:, :, 0]
        return coefficients

    def _solve(self, scatter: FloatArray) -> FloatArray:
        d = scatter.shape[1] - 1
        diagonal = np.arange(d)
        scatter[:, diagonal, diagonal] += self._alpha
        solution: FloatArray = np.linalg.solve(scatter[:, :d, :d], scatter[:, :d, d:]).astype(np.float64, copy=False)
        return solution[:, :, 0]

    def _predict(self, coefficients: FloatArray, intercepts: FloatArray) -> FloatArray:
        return coefficients @ self._valid.T + (intercepts + self._mean_y)[:, None]
