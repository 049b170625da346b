"""Metrics of predicted numbers, all plain means of the validation rows."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from valuation.core.errors import InvalidDataError
from valuation.core.metrics.metric import FloatArray, Metric, MetricFacts


class NumberMetric(Metric):
    """A metric bound to numbers, float64 ``(m,)``."""

    def __init__(self, targets: FloatArray) -> None:
        """Score the constant predictor, which gives the mean."""
        self._targets = targets
        self.baseline_rows = self.rowwise(np.full((1, len(targets)), targets.mean()))[0]
        self.baseline = float(self.baseline_rows.mean())

    def score(self, predictions: NDArray[Any]) -> FloatArray:
        """See the base class."""
        mean: FloatArray = self.rowwise(predictions).mean(axis=1)
        return mean


class NegMse(NumberMetric):
    """Minus the mean squared error; the constant predictor gives the validation mean."""

    facts = MetricFacts(
        name="neg_mse",
        title="Squared error (negative)",
        definition="Negative mean squared error.",
        one_more="One more: the squared error of a row, in the target's unit squared, is one less on average.",
        task="regression",
        needs="numbers",
        bounds=(-math.inf, 0.0),
        mean_of_rows=True,
    )

    def rowwise(self, predictions: NDArray[Any]) -> FloatArray:
        """See the base class."""
        errors: FloatArray = (predictions - self._targets) ** 2
        return -errors


class R2(NumberMetric):
    """Coefficient of determination, row by row ``1 - (error)^2 / validation variance``; the validation mean has 0.

    The variance is taken as given, which makes validation intervals wide (docs/algorithms/models.md): linearised rows
    would move with it, and would no longer say how a single row fared.
    """

    facts = MetricFacts(
        name="r2",
        title="R²",
        definition="R²: the part of the target's variance that the model explains.",
        one_more="0.01 more: the model explains one more hundredth of how the target varies.",
        task="regression",
        needs="numbers",
        bounds=(-math.inf, 1.0),
        mean_of_rows=True,
    )

    def __init__(self, targets: FloatArray) -> None:
        """Bind to numbers, float64 ``(m,)``, that are not all equal."""
        self._variance = float(targets.var())
        if self._variance == 0.0:
            raise InvalidDataError("Every validation target has the same value, so r2 is undefined; use neg_mse.")
        super().__init__(targets)

    def rowwise(self, predictions: NDArray[Any]) -> FloatArray:
        """See the base class."""
        rows: FloatArray = 1.0 - (predictions - self._targets) ** 2 / self._variance
        return rows
