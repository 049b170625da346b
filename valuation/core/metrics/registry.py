"""The metrics a buyer may choose from, by name."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from valuation.core.errors import InvalidSpecError
from valuation.core.metrics.class_metrics import Accuracy, BalancedAccuracy, ClassMetric, NegLogLoss
from valuation.core.metrics.linearised_metrics import MacroF1, RocAuc
from valuation.core.metrics.metric import Metric, Task
from valuation.core.metrics.number_metrics import R2, NegMse, NumberMetric

CLASS_METRICS: dict[str, type[ClassMetric]] = {
    "accuracy": Accuracy,
    "balanced_accuracy": BalancedAccuracy,
    "roc_auc": RocAuc,
    "macro_f1": MacroF1,
    "neg_log_loss": NegLogLoss,
}
NUMBER_METRICS: dict[str, type[NumberMetric]] = {"r2": R2, "neg_mse": NegMse}


def task_of(metric: str) -> Task:
    """Say whether a metric judges a classification or a regression.

    Raises:
        InvalidSpecError: There is no such metric.
    """
    if isinstance(metric, str) and metric in CLASS_METRICS:
        return "classification"
    if isinstance(metric, str) and metric in NUMBER_METRICS:
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
