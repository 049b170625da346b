"""Logistic regression on many coalitions at once, equal to a tightly solved scikit-learn ``LogisticRegression``."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from valuation.core.models import logistic_gradients as gradients
from valuation.core.models import ties
from valuation.core.models.frame import EigenFrame
from valuation.core.models.solvers.dual_newton import fit_small
from valuation.core.models.solvers.lbfgs import minimise
from valuation.core.models.spec import ModelSpec
from valuation.core.models.utility_game import BoolArray, FloatArray, GameRows, IntArray, UtilityGame

# Measured on Adult (10,000 x 99): below, Newton in the rows wins; above, limited-memory BFGS in the features.
ROWS_DUAL_MAX = 40
# Above this share of all rows one masked product over every row beats gathering each coalition's own.
SHARE_MASKED_MIN = 0.25
# Gathered rows of a group should stay in the processor's cache.
GATHERED_BYTES = 10_000_000
GROUP_MAX = 64
SCORED_BYTES = 16_000_000
# Ordinary fits take 10 to 100 steps; the rest is left to Newton's method, which takes under 20 unless it is stuck.
STEPS_MAX = 300
NEWTON_STEPS_MAX = 50
NEWTON_SLOPE_MAX = 1e-7  # of the mean loss of the one-by-one fits
TOLERANCE = 4e-7  # of the norm of what is left to go: decision values are then right to about 1e-6 (C at most 1)
# Above, a fit takes so many steps that rounding grows along them: only a tight solution is one answer for any batch.
TOLERANCE_FREE = 1e-9


class LogisticUtility(UtilityGame):
    """L2-regularised binary or multinomial logistic regression with a free intercept.

    A coalition S minimises ``C sum_{i in S} a_i loss(y_i, w x_i + b) + |w|^2 / 2``, ``a_i`` 1 or, with class weights,
    what makes its classes weigh alike. A coalition that lacks some classes is
    fitted to those it has, exactly as scikit-learn would: two classes by one logit, more by a softmax; the classes it
    lacks get probability 0.

    All coalitions are solved in the eigenframe of the grand coalition's Hessian, where the Hessian of S is nearly
    ``|S|/n`` times a diagonal: small coalitions by Newton's method in the rows, the others by limited-memory BFGS from
    the grand coalition's solution.
    """

    cost_note = "One evaluation: a few products with the coalition's rows, then one with the validation rows."

    def __init__(self, spec: ModelSpec, rows: GameRows) -> None:
        """Solve the grand coalition, once, for its frame and as everybody's first guess."""
        super().__init__(spec, rows)
        # With rows times sqrt(C) the objective is C times that of C = 1, for coefficients divided by sqrt(C).
        scale = float(spec.params["C"]) ** 0.5
        self._tolerance = TOLERANCE if scale <= 1.0 else TOLERANCE_FREE / scale
        self._pool_classes = np.unique(rows.y)
        if len(self._pool_classes) > 1:
            self._solve_pool(rows.X * scale)
            self._valid = self._frame.turn(rows.X_valid * scale)

    def coefficients(self, coalitions: BoolArray, classes: IntArray) -> FloatArray:
        """Fit coalitions that hold exactly the given classes.

        Args:
            coalitions: Bool ``(b, n_rows)``.
            classes: Codes of the classes that each of them has, int ``(c,)``, c >= 2, ascending.

        Returns:
            Coefficients in the frame, intercept last, float64 ``(b, columns, p)``: one column for the second of two
            classes, else one a class.
        """
        columns = 1 if len(classes) == 2 else len(classes)  # noqa: PLR2004 - two classes need one logit
        fitted = np.empty((len(coalitions), columns, self._frame.rows.shape[1]))
        sizes = coalitions.sum(axis=1)
        for group in self._groups(sizes):
            fitted[group] = self._fit(coalitions[group], sizes[group], classes, columns)
        return fitted

    def _solve_pool(self, X: FloatArray) -> None:
        """Solve the grand coalition in a first frame, then turn to the frame of its own Hessian."""
        n, classes = len(X), self._pool_classes
        columns = 1 if len(classes) == 2 else len(classes)  # noqa: PLR2004
        everyone, quarter = np.ones((1, n), dtype=bool), np.full(n, 0.25)
        self._take_frame(EigenFrame.of(X, quarter), quarter)
        self._pool_start = np.zeros((columns, self._frame.rows.shape[1]))
        pool = self._fit(everyone, np.array([n]), classes, columns)[0]
        shares = gradients.probabilities(self._frame.rows @ pool.T)
        # Mean over the logits of p (1 - p): for two classes the Hessian's own weights. The floor keeps all rows in.
        steepness = np.maximum((shares * (1.0 - shares)).mean(axis=1), 1e-6)
        frame = EigenFrame.of(X, steepness * self._row_weights(everyone)[0])
        self._pool_start = self._frame.move(pool, frame)
        self._take_frame(frame, steepness)

    def _take_frame(self, frame: EigenFrame, steepness: FloatArray) -> None:
        """Work in a frame from now on; a row's square times its steepness is about what it adds to a Hessian."""
        self._frame, self._steepness = frame, steepness
        self._curvatures = steepness[:, None] * frame.rows**2

    def _groups(self, sizes: IntArray) -> Iterator[IntArray]:
        """Cut a batch, in order of size, into groups alike in size, of one solver each, small enough for the cache."""
        order = np.argsort(-sizes, kind="stable")
        n, p = self._frame.rows.shape
        first = 0
        while first < len(order):
            largest = int(sizes[order[first]])
            if largest > max(SHARE_MASKED_MIN * n, ROWS_DUAL_MAX):
                smallest, most = int(SHARE_MASKED_MIN * n), GROUP_MAX
            else:
                smallest = max(int(0.7 * largest) - 2, ROWS_DUAL_MAX if largest > ROWS_DUAL_MAX else 0)
                most = max(1, min(4 * GROUP_MAX, GATHERED_BYTES // (largest * p * 8)))
            alike = order[first : first + most]
            alike = alike[sizes[alike] > smallest]
            yield alike
            first += len(alike)

    def _fit(self, coalitions: BoolArray, sizes: IntArray, classes: IntArray, columns: int) -> FloatArray:
        if columns == 1 and sizes.max() <= ROWS_DUAL_MAX:
            fitted, solved = self._fit_by_dual(coalitions, classes)
        else:
            fitted, solved = self._fit_by_lbfgs(coalitions, sizes, classes, columns)
        for place in np.flatnonzero(~solved):
            fitted[place] = self._fit_by_newton(coalitions[place], classes, fitted[place])
        return fitted

    def _fit_by_dual(self, coalitions: BoolArray, classes: IntArray) -> tuple[FloatArray, BoolArray]:
        rows, indices = gradients.gather(self._frame.rows, coalitions)
        labels, weights = np.zeros(rows.shape[:2]), np.zeros(rows.shape[:2])
        for place, (members, of_all) in enumerate(zip(indices, self._row_weights(coalitions), strict=True)):
            labels[place, : len(members)] = self._y[members] == classes[1]
            weights[place, : len(members)] = of_all[members]
        fitted, solved = fit_small(rows[:, :, :-1], labels, weights)
        return fitted[:, None, :], solved

    def _fit_by_lbfgs(
        self, coalitions: BoolArray, sizes: IntArray, classes: IntArray, columns: int
    ) -> tuple[FloatArray, BoolArray]:
        frame = self._frame
        targets, weights = gradients.indicators(self._y, classes), self._row_weights(coalitions)
        # Its own diagonal: that of the grand coalition is far off where a few large rows decide it (outliers).
        if sizes.max() > SHARE_MASKED_MIN * self._n_rows:
            gradient = gradients.masked(frame, targets, weights)
            curvature = weights @ self._curvatures
        else:
            rows, indices = gradients.gather(frame.rows, coalitions)
            gradient = gradients.gathered(frame, targets, weights, rows, indices)
            curvature = np.stack(
                [
                    (of_all[members] * self._steepness[members]) @ frame.rows[members] ** 2
                    for members, of_all in zip(indices, weights, strict=True)
                ]
            )
        curvature += frame.penalty
        start = np.tile(self._start(classes).ravel(), (len(coalitions), 1))
        guess = np.tile(1.0 / curvature, (1, columns))
        fitted, solved = minimise(gradient, start, guess, tolerance=self._tolerance, steps_max=STEPS_MAX)
        fitted = fitted.reshape(len(coalitions), columns, -1)
        if columns > 1:
            # A constant added to every intercept changes nothing; without it they sum to 0, as scikit-learn's do.
            fitted[:, :, -1] -= fitted[:, :, -1].mean(axis=1, keepdims=True)
        return fitted, solved

    def _start(self, classes: IntArray) -> FloatArray:
        """The pool's solution, for some of its classes, float64 ``(columns, p)``."""
        if len(classes) == len(self._pool_classes):
            return self._pool_start
        chosen = self._pool_start[np.searchsorted(self._pool_classes, classes)]
        return chosen[1:] - chosen[:1] if len(classes) == 2 else chosen  # noqa: PLR2004

    def _fit_by_newton(self, coalition: BoolArray, classes: IntArray, reached: FloatArray) -> FloatArray:
        """Go on with one coalition that the batched solvers left unsolved: damped Newton steps with a full Hessian.

        Where even they do not arrive in ``NEWTON_STEPS_MAX``, the flatter of both points counts. It is what the stated
        procedure trains, for everybody and at any repetition, and its score is that model's own; a buyer's software
        stops after a bounded number of steps too, and a run that fails would pay nobody.
        """
        weights = self._row_weights(coalition[None])
        model = LogisticRegression(solver="newton-cholesky", tol=1e-9, max_iter=NEWTON_STEPS_MAX)
        with warnings.catch_warnings():
            # It warns of steps it mends itself; whether it arrived is judged by the gradient below.
            warnings.simplefilter("ignore")
            try:
                model.fit(self._frame.rows[coalition, :-1], self._y[coalition], weights[0, coalition])
            except (ValueError, np.linalg.LinAlgError):
                return reached
        fitted = np.column_stack([model.coef_, model.intercept_])
        gradient = gradients.masked(self._frame, gradients.indicators(self._y, classes), weights)
        slopes = [np.abs(gradient(np.array([0]), point.reshape(1, -1))).max() for point in (fitted, reached)]
        # Of large columns rounding alone leaves a slope as many times larger.
        largest = max(1.0, float(np.abs(self._frame.rows[coalition]).max()))
        arrived = slopes[0] <= NEWTON_SLOPE_MAX * int(coalition.sum()) * largest
        return fitted if arrived or slopes[0] <= slopes[1] else reached

    def _predictions(self, coalitions: BoolArray) -> Iterator[tuple[IntArray, NDArray[Any]]]:
        patterns, pattern_of = np.unique(self._classes_present(coalitions), axis=0, return_inverse=True)
        for pattern in range(len(patterns)):
            alike = np.flatnonzero(pattern_of == pattern)
            classes = np.flatnonzero(patterns[pattern])
            fitted = self.coefficients(coalitions[alike], classes)
            # What a solver left without numbers is no model.
            solved = np.isfinite(fitted).all(axis=(1, 2))
            alike, fitted = alike[solved], fitted[solved]
            at_once = max(1, min(GROUP_MAX, SCORED_BYTES // (self.n_valid * fitted.shape[1] * 8)))
            for first in range(0, len(alike), at_once):
                chunk = slice(first, first + at_once)
                yield alike[chunk], self._predict(fitted[chunk], classes)

    def _predict(self, fitted: FloatArray, classes: IntArray) -> NDArray[Any]:
        """What the metric needs, from coefficients, float64 ``(k, columns, p)``."""
        if len(classes) == 2:  # noqa: PLR2004
            margins = fitted[:, 0] @ self._valid.T
            if self.metric.facts.needs == "labels":
                second = ties.is_positive(margins, np.abs(margins))
                return second.view(np.int8) if self._n_classes == 2 else np.where(second, classes[1], classes[0])  # noqa: PLR2004
            if self.metric.facts.needs == "scores" and self._n_classes == 2:  # noqa: PLR2004
                return ties.ranks(margins, np.abs(margins))
            shares = gradients.probabilities(margins[:, :, None])
            shares = np.concatenate([1.0 - shares, shares], axis=2)
        else:
            margins = fitted @ self._valid.T
            if self.metric.facts.needs == "labels":
                labels: NDArray[Any] = classes[ties.first_of_the_largest(margins, np.abs(margins).max(axis=1))]
                return labels
            shares = gradients.probabilities(np.ascontiguousarray(margins.transpose(0, 2, 1)))
        full = np.zeros((len(fitted), self.n_valid, self._n_classes))
        full[:, :, classes] = shares
        return ties.ranks_by_class(full) if self.metric.facts.needs == "scores" else full
