"""What a metric of a buyer's model is, for a batch of coalitions at once."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Task = Literal["classification", "regression"]
# What a metric reads: class codes (k, m); probabilities (k, m, classes); a number that ranks rows for the second class
# (k, m), or probabilities where there are more than two classes; predicted numbers (k, m).
Needs = Literal["labels", "probabilities", "scores", "numbers"]


class Metric(ABC):
    """One metric, bound to the validation targets.

    Attributes:
        mean_of_rows: Whether a row's score says how that row fared, whatever the others did. Else scores are
            linearised: they show how the metric moves with the sample of validation rows, and their sums over a
            segment of the rows mean nothing.
        baseline: Metric of the constant predictor, the utility of coalitions that train no model.
        baseline_rows: The rows of ``baseline``, float64 ``(m,)``.
        row_strata: Of metrics that do not move with how many rows each stratum has, the strata, int ``(m,)``.
    """

    task: ClassVar[Task]
    needs: ClassVar[Needs]
    mean_of_rows: ClassVar[bool] = False
    baseline: float
    baseline_rows: FloatArray
    row_strata: NDArray[np.intp] | None = None

    @abstractmethod
    def score(self, predictions: NDArray[Any]) -> FloatArray:
        """Metric of each of k predictions (see ``Needs`` for the shape), float64 ``(k,)``."""

    @abstractmethod
    def rowwise(self, predictions: NDArray[Any]) -> FloatArray:
        """Per validation row, float64 ``(k, m)``; its mean over rows is ``score``."""
