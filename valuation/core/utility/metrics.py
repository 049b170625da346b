"""Metrics of a buyer's model on the validation rows, for a batch of coalitions at once."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from valuation.core.errors import InvalidDataError, InvalidSpecError

FloatArray = NDArray[np.float64]
Task = Literal["classification", "regression"]
# What a metric reads: class codes (k, m); probabilities (k, m, classes); a number that ranks rows for the second class
# (k, m), or probabilities where there are more than two classes; predicted numbers (k, m).
Needs = Literal["labels", "probabilities", "scores", "numbers"]

PROBABILITY_MIN = float(np.finfo(np.float64).eps)  # scikit-learn's clip for logarithms


class Metric(ABC):
    """One metric, bound to the validation targets.

    Attributes:
        baseline: Metric of the constant predictor, the utility of coalitions that train no model.
        baseline_rows: For means of rows, the rows of ``baseline``, float64 ``(m,)``.
        row_strata: For means of rows whose weights follow from how many rows each stratum has, the strata, int
            ``(m,)``.
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

    def rowwise(self, predictions: NDArray[Any]) -> FloatArray:
        """Per validation row, float64 ``(k, m)``; its mean over rows is ``score``. Only where ``mean_of_rows``."""
        raise NotImplementedError


class _ClassMetric(Metric):
    task = "classification"

    def __init__(self, targets: NDArray[np.int64], n_classes: int) -> None:
        self._targets = targets
        self._n_classes = n_classes
        self._class_counts = np.bincount(targets, minlength=n_classes).astype(np.float64)
        self._present = self._class_counts > 0
        # float32 counts whole numbers exactly up to 2^24 rows and multiplies twice as fast as float64.
        self._indicator = (targets[:, None] == np.arange(n_classes)).astype(np.float32)

    def _hits(self, labels: NDArray[Any]) -> NDArray[np.bool_]:
        hits: NDArray[np.bool_] = labels == self._targets.astype(labels.dtype)
        return hits

    def _hits_by_class(self, labels: NDArray[Any]) -> FloatArray:
        counts: FloatArray = (self._hits(labels).astype(np.float32) @ self._indicator).astype(np.float64)
        return counts


class Accuracy(_ClassMetric):
    """Share of rows predicted right. The constant predictor names the most frequent validation class."""

    needs = "labels"
    mean_of_rows = True

    def __init__(self, targets: NDArray[np.int64], n_classes: int) -> None:
        """Bind to class codes, int ``(m,)``."""
        super().__init__(targets, n_classes)
        self.baseline_rows = (targets == self._class_counts.argmax()).astype(np.float64)
        self.baseline = float(self._class_counts.max() / len(targets))

    def score(self, predictions: NDArray[Any]) -> FloatArray:
        """See the base class."""
        share: FloatArray = self._hits_by_class(predictions).sum(axis=1) / len(self._targets)
        return share

    def rowwise(self, predictions: NDArray[Any]) -> FloatArray:
        """See the base class."""
        return self._hits(predictions).astype(np.float64)


class BalancedAccuracy(_ClassMetric):
    """Mean over the validation classes of the share predicted right; a row weighs m / (classes * rows of its class).

    Every constant predictor scores 1/classes; its rows are those of a guess among the classes with equal chances, so
    that none of them is favoured.
    """

    needs = "labels"
    mean_of_rows = True

    def __init__(self, targets: NDArray[np.int64], n_classes: int) -> None:
        """Bind to class codes, int ``(m,)``."""
        super().__init__(targets, n_classes)
        n_present = int(self._present.sum())
        self.row_strata = targets.astype(np.intp)
        self._row_weights = len(targets) / (n_present * self._class_counts[targets])
        self.baseline_rows = self._row_weights / n_present
        self.baseline = 1.0 / n_present

    def score(self, predictions: NDArray[Any]) -> FloatArray:
        """See the base class."""
        recalls = self._hits_by_class(predictions)[:, self._present] / self._class_counts[self._present]
        mean: FloatArray = recalls.mean(axis=1)
        return mean

    def rowwise(self, predictions: NDArray[Any]) -> FloatArray:
        """See the base class."""
        return self._hits(predictions) * self._row_weights


class MacroF1(_ClassMetric):
    """Mean over the validation classes of F1, 0 for a class that is never predicted right.

    The constant predictor names the most frequent validation class.
    """

    needs = "labels"

    def __init__(self, targets: NDArray[np.int64], n_classes: int) -> None:
        """Bind to class codes, int ``(m,)``."""
        super().__init__(targets, n_classes)
        self.baseline = float(self.score(np.full((1, len(targets)), self._class_counts.argmax()))[0])

    def score(self, predictions: NDArray[Any]) -> FloatArray:
        """See the base class."""
        hits = self._hits_by_class(predictions)
        predicted = np.stack([np.count_nonzero(predictions == code, axis=1) for code in range(self._n_classes)], axis=1)
        f1 = 2.0 * hits / np.maximum(predicted + self._class_counts, 1.0)
        mean: FloatArray = f1[:, self._present].mean(axis=1)
        return mean


class RocAuc(_ClassMetric):
    """Chance that a row of the second class ranks above one of the first, ties counting half; 0.5 for a constant.

    With more than two classes: mean over the validation classes of one class against the rest.
    """

    needs = "scores"
    baseline = 0.5

    def score(self, predictions: NDArray[Any]) -> FloatArray:
        """See the base class."""
        if predictions.ndim == 2:  # noqa: PLR2004 - (k, m): one score a row
            return np.array([_auc(scores, self._targets == 1) for scores in predictions])
        codes = np.flatnonzero(self._present)
        return np.array(
            [np.mean([_auc(scores[:, code], self._targets == code) for code in codes]) for scores in predictions]
        )


class NegLogLoss(_ClassMetric):
    """Mean log probability of the true class, probabilities clipped at machine epsilon as in scikit-learn.

    The constant predictor gives the validation frequencies.
    """

    needs = "probabilities"
    mean_of_rows = True

    def __init__(self, targets: NDArray[np.int64], n_classes: int) -> None:
        """Bind to class codes, int ``(m,)``."""
        super().__init__(targets, n_classes)
        self.baseline_rows = np.log(self._class_counts[targets] / len(targets))
        self.baseline = float(self.baseline_rows.mean())

    def score(self, predictions: NDArray[Any]) -> FloatArray:
        """See the base class."""
        mean: FloatArray = self.rowwise(predictions).mean(axis=1)
        return mean

    def rowwise(self, predictions: NDArray[Any]) -> FloatArray:
        """See the base class."""
        true = np.take_along_axis(predictions, self._targets[None, :, None], axis=2)[:, :, 0]
        logarithms: FloatArray = np.log(np.clip(true, PROBABILITY_MIN, 1.0 - PROBABILITY_MIN))
        return logarithms


class _NumberMetric(Metric):
    task = "regression"
    needs = "numbers"
    mean_of_rows = True

    def __init__(self, targets: FloatArray) -> None:
        self._targets = targets
        self.baseline_rows = self.rowwise(np.full((1, len(targets)), targets.mean()))[0]
        self.baseline = float(self.baseline_rows.mean())

    def score(self, predictions: NDArray[Any]) -> FloatArray:
        """See the base class."""
        mean: FloatArray = self.rowwise(predictions).mean(axis=1)
        return mean


class NegMse(_NumberMetric):
    """Minus the mean squared error; the constant predictor gives the validation mean."""

    def rowwise(self, predictions: NDArray[Any]) -> FloatArray:
        """See the base class."""
        errors: FloatArray = (predictions - self._targets) ** 2
        return -errors


class R2(_NumberMetric):
    """Coefficient of determination, row by row ``1 - (error)^2 / validation variance``; the validation mean has 0."""

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


CLASS_METRICS: dict[str, type[_ClassMetric]] = {
    "accuracy": Accuracy,
    "balanced_accuracy": BalancedAccuracy,
    "roc_auc": RocAuc,
    "macro_f1": MacroF1,
    "neg_log_loss": NegLogLoss,
}
NUMBER_METRICS: dict[str, type[_NumberMetric]] = {"r2": R2, "neg_mse": NegMse}


def task_of(metric: str) -> Task:
    """Say whether a metric judges a classification or a regression.

    Raises:
        InvalidSpecError: There is no such metric.
    """
    if metric in CLASS_METRICS:
        return "classification"
    if metric in NUMBER_METRICS:
        return "regression"
    raise InvalidSpecError("metric", metric, "one of " + ", ".join([*CLASS_METRICS, *NUMBER_METRICS]))


def make_metric(name: str, targets: NDArray[Any], n_classes: int) -> Metric:
    """Bind a metric to the validation targets.

    Args:
        name: One of ``CLASS_METRICS`` or ``NUMBER_METRICS``.
        targets: Class codes, int ``(m,)``, or numbers, float64 ``(m,)``.
        n_classes: Number of classes; unused for numbers.

    Returns:
        The metric.

    Raises:
        InvalidSpecError: There is no such metric.
        InvalidDataError: The metric is undefined for these targets.
    """
    if task_of(name) == "classification":
        return CLASS_METRICS[name](targets, n_classes)
    return NUMBER_METRICS[name](targets)


def _auc(scores: FloatArray, positive: NDArray[np.bool_]) -> float:
    """Mann-Whitney count over pairs, exact under ties."""
    negatives = np.sort(scores[~positive])
    wanted = scores[positive]
    below = np.searchsorted(negatives, wanted, side="left").sum()
    not_above = np.searchsorted(negatives, wanted, side="right").sum()
    return float((below + not_above) / (2.0 * len(negatives) * len(wanted)))
