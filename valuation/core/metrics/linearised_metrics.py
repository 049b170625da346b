"""Metrics of classes that are no means of rows: each row's score is what it has to do with the metric's luck."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from valuation.core.errors import InvalidDataError
from valuation.core.metrics.class_metrics import ClassMetric
from valuation.core.metrics.metric import FloatArray, MetricFacts
from valuation.core.statistics.validation_sample import STRATUM_ROWS_MIN


class MacroF1(ClassMetric):
    """Mean over the validation classes of F1, 0 for a class that is never predicted right.

    The constant predictor names the most frequent validation class.

    F1 of a class is a ratio ``2 hits / (predicted + true)`` of sums over the rows. Row ``r`` gets the metric plus the
    ratio's influence function (delta method), ``m (2 hit_r - F1 (predicted_r + true_r)) / (predicted + true)`` over the
    number of classes, which sums to 0. Of a class of fewer than four rows that says little: its F1 stands on its own
    rows, which makes it as uncertain as it is large.
    """

    facts = MetricFacts(
        name="macro_f1",
        title="Macro F1",
        definition="Macro F1: the F1 score of each class, averaged over the classes.",
        one_more="One point more: hits and false alarms together, averaged over the classes, are one of a hundred "
        "better.",
        task="classification",
        needs="labels",
        bounds=(0.0, 1.0),
        mean_of_rows=False,
        classes_alike=True,
    )

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


class RocAuc(ClassMetric):
    """Chance that a row of the second class ranks above one of the first, ties counting half; 0.5 for a constant.

    With more than two classes: mean over the validation classes of one class against the rest.

    Rows are those of the Hajek projection: ``V_r`` is the share of the rows on the other side that row ``r`` is ranked
    rightly against (DeLong, DeLong & Clarke-Pearson 1988, equations 4 and 5), and row ``r`` of ``m_c`` on its side gets
    ``m V_r / m_c - AUC``. Both sides of ``V`` have the AUC as mean, so that the rows have it too, and their variance
    within classes is DeLong's. More rows of a class do not move it, so how many there are is taken as given.
    """

    facts = MetricFacts(
        name="roc_auc",
        title="ROC AUC",
        definition="ROC AUC: how often a row of the class scores above a row outside it.",
        one_more="One point more: of a hundred pairs, one row of the class and one outside it, one more is ordered "
        "right.",
        task="classification",
        needs="scores",
        bounds=(0.0, 1.0),
        mean_of_rows=False,
        classes_alike=True,
    )
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
