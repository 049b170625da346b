"""The metrics a buyer may choose from, by name, in the order of a form."""

from typing import Any

from numpy.typing import NDArray

from valuation.core.errors import InvalidSpecError
from valuation.core.metrics.class_metrics import Accuracy, BalancedAccuracy, ClassMetric, NegLogLoss
from valuation.core.metrics.linearised_metrics import MacroF1, RocAuc
from valuation.core.metrics.metric import Metric, MetricFacts, Task
from valuation.core.metrics.number_metrics import R2, NegMse, NumberMetric

_OF_CLASSES: tuple[type[ClassMetric], ...] = (Accuracy, BalancedAccuracy, RocAuc, MacroF1, NegLogLoss)
_OF_NUMBERS: tuple[type[NumberMetric], ...] = (R2, NegMse)
CLASS_METRICS = {metric.facts.name: metric for metric in _OF_CLASSES}
NUMBER_METRICS = {metric.facts.name: metric for metric in _OF_NUMBERS}
METRICS: dict[str, type[Metric]] = {**CLASS_METRICS, **NUMBER_METRICS}


def facts_of(metric: str) -> MetricFacts:
    """All that is known of a metric.

    Raises:
        InvalidSpecError: There is no such metric.
    """
    if not (isinstance(metric, str) and metric in METRICS):
        raise InvalidSpecError("metric", metric, "one of " + ", ".join(METRICS))
    return METRICS[metric].facts


def metrics_for(task: Task) -> tuple[MetricFacts, ...]:
    """Every metric that judges a task, in the order of a form."""
    return tuple(metric.facts for metric in METRICS.values() if metric.facts.task == task)


def make_metric(name: str, targets: NDArray[Any], n_classes: int) -> Metric:
    """Bind a metric to the validation targets.

    Args:
        name: One of ``METRICS``.
        targets: Class codes, int ``(m,)``, or numbers, float64 ``(m,)``.
        n_classes: Number of classes; unused for numbers.

    Returns:
        The metric.

    Raises:
        InvalidSpecError: There is no such metric.
        InvalidDataError: The metric is undefined for these targets.
    """
    if facts_of(name).task == "classification":
        return CLASS_METRICS[name](targets, n_classes)
    return NUMBER_METRICS[name](targets)
