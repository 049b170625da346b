"""Training the buyer's model as a game: players are rows, a coalition is worth the metric of the model it trains."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from valuation.core.errors import InvalidDataError
from valuation.core.utility.cost import evaluation_seconds
from valuation.core.utility.metric import Metric
from valuation.core.utility.metrics import make_metric
from valuation.core.utility.spec import ModelSpec

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class UtilityGame(ABC):
    """Utility of coalitions of training rows, one model family a subclass.

    A coalition that trains no model is worth the metric of the constant predictor: the empty one and, in
    classification, one whose rows are all of one class (valuation-math section 1).

    Attributes:
        n_players: Number of training rows.
        batched: Whether a batch of coalitions costs less than its coalitions one by one.
        cost_note: What one evaluation costs, in words.
        metric: The metric, bound to the validation targets.
    """

    batched: ClassVar[bool] = True
    cost_note: ClassVar[str]

    def __init__(
        self, spec: ModelSpec, X: FloatArray, y: NDArray[Any], X_valid: FloatArray, y_valid: NDArray[Any]
    ) -> None:
        """Take checked arrays (see ``make_utility``)."""
        self.spec = spec
        self.n_players = len(X)
        self.n_valid = len(X_valid)
        self._X, self._y = X, y
        self._X_valid = X_valid
        self._n_classes = 0
        if spec.task == "classification":
            self._n_classes = int(max(y.max(initial=0), y_valid.max(initial=0))) + 1
        self.metric: Metric = make_metric(spec.metric, y_valid, self._n_classes)

    def __call__(self, coalitions: BoolArray) -> FloatArray:
        """Train and score.

        Args:
            coalitions: Which rows belong, bool ``(b, n_players)``; b may be 0.

        Returns:
            Utilities in metric units, float64 ``(b,)``.

        Raises:
            InvalidDataError: The coalitions have another shape or type.
            FitFailedError: A model could not be trained.
        """
        coalitions = self._checked(coalitions)
        values = np.full(len(coalitions), self.metric.baseline)
        for indices, predictions in self._predicted(coalitions):
            values[indices] = self.metric.score(predictions)
        return values

    def rowwise(self, coalitions: BoolArray) -> FloatArray:
        """Train and score by validation row: float64 ``(b, n_valid)``, whose mean over rows is the utility.

        Where ``metric.mean_of_rows`` is False the scores are linearised; they raise and take what the call does.
        """
        coalitions = self._checked(coalitions)
        rows = np.empty((len(coalitions), self.n_valid))
        rows[:] = self.metric.baseline_rows
        for indices, predictions in self._predicted(coalitions):
            rows[indices] = self.metric.rowwise(predictions)
        return rows

    def seconds(self, size: float) -> float:
        """About how many seconds one evaluation of ``size`` rows takes; see ``cost``."""
        return evaluation_seconds(self.spec, self._X_valid.shape[1])(size)

    @property
    def row_strata(self) -> NDArray[np.intp] | None:
        """Strata of the validation rows, int ``(n_valid,)``, where the metric has them."""
        return self.metric.row_strata

    def _predicted(self, coalitions: BoolArray) -> Iterator[tuple[IntArray, NDArray[Any]]]:
        trained = np.flatnonzero(self._trains(coalitions))
        for indices, predictions in self._predictions(coalitions[trained]):
            yield trained[indices], predictions

    def _trains(self, coalitions: BoolArray) -> BoolArray:
        """Which coalitions train a model, bool ``(b,)``."""
        if self.spec.task == "regression":
            trains: BoolArray = np.asarray(coalitions.any(axis=1))
        else:
            trains = self._classes_present(coalitions).sum(axis=1) > 1
        return trains

    def _classes_present(self, coalitions: BoolArray) -> BoolArray:
        """Which classes each coalition holds, bool ``(b, n_classes)``."""
        return np.stack([(coalitions & (self._y == code)).any(axis=1) for code in range(self._n_classes)], axis=1)

    @abstractmethod
    def _predictions(self, coalitions: BoolArray) -> Iterator[tuple[IntArray, NDArray[Any]]]:
        """Train on coalitions, bool ``(t, n)``, each fit to train, and predict the validation rows.

        Yields:
            Indices into ``coalitions``, int ``(k,)``, and what ``metric.needs``, in chunks that fit the memory.
        """

    def _checked(self, coalitions: BoolArray) -> BoolArray:
        if coalitions.dtype != np.bool_ or coalitions.ndim != 2 or coalitions.shape[1] != self.n_players:  # noqa: PLR2004
            raise InvalidDataError(
                f"Coalitions are {coalitions.dtype} {coalitions.shape}; expected bool (coalitions, {self.n_players})."
            )
        return coalitions
