"""Metrics of a buyer's model on the validation rows, for a batch of coalitions at once."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from valuation.core.errors import InvalidDataError, InvalidSpecError
from valuation.core.validation_sample import STRATUM_ROWS_MIN

FloatArray = NDArray[np.float64]
Task = Literal["classification", "regression"]
# What a metric reads: class codes (k, m); probabilities (k, m, classes); a number that ranks rows for the second class
# (k, m), or probabilities where there are more than two classes; predicted numbers (k, m).
Needs = Literal["labels", "probabilities", "scores", "numbers"]

PROBABILITY_MIN = float(np.finfo(np.float64).eps)  # scikit-learn's clip for logarithms


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

    F1 of a class is a ratio ``2 hits / (predicted + true)`` of sums over the rows. Row ``r`` gets the metric plus the
    ratio's influence function (delta method), ``m (2 hit_r - F1 (predicted_r + true_r)) / (predicted + true)`` over the
    number of classes, which sums to 0. Of a class of fewer than four rows that says little: its F1 stands on its own
    rows, which makes it as uncertain as it is large.
    """

    needs = "labels"

    def __init__(self, targets: NDArray[np.int64], n_classes: int) -> None:
        """Bind to class codes, int ``(m,)``."""
        super().__init__(targets, n_classes)
        m, few = len(targets), self._present & (self._class_counts < STRATUM_ROWS_MIN)
        self._everywhere = self._present & ~few
        self._own_rows = np.where(few, m / np.maximum(self._class_counts, 1.0), 0.0)
        constant = np.full((1, m), self._class_counts.argmax())
        self.baseline = float(self.score(constant)[0])
        self.baseline_rows = self.rowwise(constant)[0]

    def score(self, predictions: NDArray[Any]) -> FloatArray:
        """See the base class."""
        mean: FloatArray = self._by_class(predictions)[0][:, self._present].mean(axis=1)
        return mean

    def rowwise(self, predictions: NDArray[Any]) -> FloatArray:
        """See the base class."""
        f1, sizes = self._by_class(predictions)
        reach = len(self._targets) * self._present / sizes  # of a hit; a class without validation rows has none
        true = f1 * (self._own_rows - reach) + (f1 * self._everywhere).sum(axis=1, keepdims=True)
        rows = true[:, self._targets] - np.take_along_axis(f1 * reach, predictions.astype(np.intp), axis=1)
        rows += 2.0 * self._hits(predictions) * reach[:, self._targets]
        return np.asarray(rows / self._present.sum())

    def _by_class(self, predictions: NDArray[Any]) -> tuple[FloatArray, FloatArray]:
        """F1, and rows predicted or true (both counts added, 1 for 0), float64 ``(k, classes)``."""
        hits = self._hits_by_class(predictions)
        predicted = np.stack([np.count_nonzero(predictions == code, axis=1) for code in range(self._n_classes)], axis=1)
        sizes = np.maximum(predicted + self._class_counts, 1.0)
        return 2.0 * hits / sizes, sizes


class RocAuc(_ClassMetric):
    """Chance that a row of the second class ranks above one of the first, ties counting half; 0.5 for a constant.

    With more than two classes: mean over the validation classes of one class against the rest.

    Rows are those of the Hajek projection: ``V_r`` is the share of the rows on the other side that row ``r`` is ranked
    rightly against (DeLong, DeLong & Clarke-Pearson 1988, equations 4 and 5), and row ``r`` of ``m_c`` on its side gets
    ``m V_r / m_c - AUC``. Both sides of ``V`` have the AUC as mean, so that the rows have it too, and their variance
    within classes is DeLong's. More rows of a class do not move it, so how many there are is taken as given.
    """

    needs = "scores"
    baseline = 0.5

    def __init__(self, targets: NDArray[np.int64], n_classes: int) -> None:
        """Bind to class codes, int ``(m,)``, of at least two classes."""
        super().__init__(targets, n_classes)
        if self._present.sum() < 2:  # noqa: PLR2004 - one class is ranked above nothing
            raise InvalidDataError("Every validation row is of the same class, so roc_auc is undefined.")
        self.row_strata = targets.astype(np.intp)
        shape = (1, len(targets)) if n_classes <= 2 else (1, len(targets), n_classes)  # noqa: PLR2004 - see Needs
        self.baseline_rows = self.rowwise(np.zeros(shape))[0]

    def score(self, predictions: NDArray[Any]) -> FloatArray:
        """See the base class."""
        if predictions.ndim == 2:  # noqa: PLR2004 - (k, m): one score a row
            return np.array([_auc(scores, self._targets == 1) for scores in predictions])
        codes = np.flatnonzero(self._present)
        return np.array(
            [np.mean([_auc(scores[:, code], self._targets == code) for code in codes]) for scores in predictions]
        )

    def rowwise(self, predictions: NDArray[Any]) -> FloatArray:
        """See the base class."""
        one_score = predictions.ndim == 2  # noqa: PLR2004 - (k, m): one score a row
        codes = np.array([1]) if one_score else np.flatnonzero(self._present)
        rows = np.zeros(predictions.shape[:2])
        for code in codes:
            positive = self._targets == code
            for at, scores in enumerate(predictions):
                rows[at] += _auc_rows(scores if one_score else scores[:, code], positive)
        return rows / len(codes)


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


def is_mean_of_rows(metric: str) -> bool:
    """Whether the scores of rows may be summed by segment of the rows (see ``Metric``).

    Raises:
        InvalidSpecError: There is no such metric.
    """
    metrics: Mapping[str, type[Metric]] = CLASS_METRICS if task_of(metric) == "classification" else NUMBER_METRICS
    return metrics[metric].mean_of_rows


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


def _auc_rows(scores: FloatArray, positive: NDArray[np.bool_]) -> FloatArray:
    """Linearised scores of the rows, float64 ``(m,)``, whose mean is ``_auc``; see ``RocAuc``."""
    sides = np.flatnonzero(positive), np.flatnonzero(~positive)
    # Sorted rows are looked up among sorted rows three times as fast as unsorted ones.
    wanted, others = (side[np.argsort(scores[side])] for side in sides)
    above = _mean_below(scores[wanted], scores[others])
    rows = np.empty(len(scores))
    rows[wanted] = len(scores) / len(wanted) * above
    rows[others] = len(scores) / len(others) * (1.0 - _mean_below(scores[others], scores[wanted]))
    return np.asarray(rows - above.mean())


def _mean_below(wanted: FloatArray, ordered: FloatArray) -> FloatArray:
    """Share of ``ordered`` numbers below each of ``wanted``, equal ones counting half."""
    below = np.searchsorted(ordered, wanted, side="left") + np.searchsorted(ordered, wanted, side="right")
    return np.asarray(below / (2.0 * len(ordered)))
