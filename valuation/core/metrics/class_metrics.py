"""Metrics of classes that are plain means of the validation rows."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from valuation.core.metrics.metric import FloatArray, Metric, MetricFacts

PROBABILITY_MIN = float(np.finfo(np.float64).eps)  # scikit-learn's clip for logarithms


class ClassMetric(Metric):
    """A metric bound to class codes, int ``(m,)``, and what is counted once of them."""

    def __init__(self, targets: NDArray[np.int64], n_classes: int) -> None:
        """Count the classes of the validation rows."""
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


class Accuracy(ClassMetric):
    """Share of rows predicted right. The constant predictor names the most frequent validation class."""

    facts = MetricFacts(
        name="accuracy",
        title="Accuracy",
        definition="Accuracy: the share of validation rows that the model gets right.",
        one_more="One point more: one more of a hundred validation rows is right.",
        task="classification",
        needs="labels",
        bounds=(0.0, 1.0),
        mean_of_rows=True,
        counts_hits=True,
    )

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


class BalancedAccuracy(ClassMetric):
    """Mean over the validation classes of the share predicted right; a row weighs m / (classes * rows of its class).

    Every constant predictor scores 1/classes; its rows are those of a guess among the classes with equal chances, so
    that none of them is favoured. A model fitted without class weights does not aim at it.
    """

    facts = MetricFacts(
        name="balanced_accuracy",
        title="Balanced accuracy",
        definition="Balanced accuracy: the share it gets right within each class, averaged over the classes.",
        one_more="One point more: one more of a hundred rows is right, every class counting alike however rare it is.",
        task="classification",
        needs="labels",
        bounds=(0.0, 1.0),
        mean_of_rows=True,
        counts_hits=True,
        classes_alike=True,
        class_weights=True,
    )

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


class NegLogLoss(ClassMetric):
    """Mean log probability of the true class, probabilities clipped at machine epsilon as in scikit-learn.

    The constant predictor gives the validation frequencies.
    """

    facts = MetricFacts(
        name="neg_log_loss",
        title="Probability of the truth (negative log loss)",
        definition="Negative log loss: how probable the model thought the right answers.",
        one_more="0.01 more: the model gives the true class about one per cent more probability.",
        task="classification",
        needs="probabilities",
        bounds=(-math.inf, 0.0),
        mean_of_rows=True,
    )

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
