"""Training the buyer's model as a game: players are rows, a coalition is worth the metric of the model it trains."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from valuation.core.games.game import as_coalitions
from valuation.core.metrics.metric import Metric
from valuation.core.metrics.registry import make_metric
from valuation.core.models.cost import evaluation_seconds
from valuation.core.models.families import FAMILIES
from valuation.core.models.spec import ModelSpec

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Predictions = Iterator[tuple[IntArray, NDArray[Any]]]


@dataclass(frozen=True, eq=False)
class GameRows:
    """What a game is made of: encoded rows that train, and encoded rows that score.

    Attributes:
        X: Features, float64 ``(n_base + n_players, d)``; the buyer's own rows come first.
        y: Their class codes, int, or numbers, float64.
        X_valid: Features of the validation rows, float64 ``(m, d)``.
        y_valid: Their targets, ``(m,)``.
        n_base: How many rows are the buyer's own and belong to every coalition.
    """

    X: FloatArray
    y: NDArray[Any]
    X_valid: FloatArray
    y_valid: NDArray[Any]
    n_base: int = 0


@dataclass(frozen=True, eq=False)
class Floor:
    """What is had without any player: a score, and the scores of the validation rows, float64 ``(m,)``."""

    score: float
    rows: FloatArray


class UtilityGame(ABC):
    """Utility of coalitions of training rows, one model family a subclass.

    A coalition that trains no model is worth the metric of the constant predictor: the empty one, in classification
    one whose rows are all of one class, and one that the family cannot be fitted to (docs/mathematics.md section 1).
    With free disposal a model worse than what is had without any player is not used:
    ``U(S) = max(metric(S), U(empty))``, and its validation rows score what they score there. The buyer's own rows
    belong to every coalition; ``U(empty)`` is then the better of the model they train and the constant predictor.

    Attributes:
        n_players: Number of training rows that are valued.
        n_valid: Number of validation rows.
        cost_note: What one evaluation costs, in words.
        metric: The metric, bound to the validation targets.
    """

    cost_note: ClassVar[str]

    def __init__(self, spec: ModelSpec, rows: GameRows) -> None:
        """Take checked rows (see ``make_utility``)."""
        self.spec = spec
        self.n_players = len(rows.X) - rows.n_base
        self.n_valid = len(rows.X_valid)
        self._n_base, self._n_rows = rows.n_base, len(rows.X)
        self._X, self._y = rows.X, rows.y
        self._X_valid = rows.X_valid
        self._n_classes = 0
        if spec.task == "classification":
            self._n_classes = int(max(rows.y.max(initial=0), rows.y_valid.max(initial=0))) + 1
        self.metric: Metric = make_metric(spec.metric, rows.y_valid, self._n_classes)

    @property
    def batched(self) -> bool:
        """Whether a batch of coalitions costs less than its coalitions one by one."""
        return FAMILIES[self.spec.family].batched

    def __call__(self, coalitions: BoolArray) -> FloatArray:
        """Train and score.

        Args:
            coalitions: Which rows belong, bool ``(b, n_players)``; b may be 0.

        Returns:
            Utilities in metric units, float64 ``(b,)``.

        Raises:
            InvalidDataError: The coalitions have another shape or type.
        """
        values = self._scores(self._with_base(coalitions))
        return np.maximum(values, self._floor.score) if self.spec.free_disposal else values

    def rowwise(self, coalitions: BoolArray) -> FloatArray:
        """Train and score by validation row: float64 ``(b, n_valid)``, whose mean over rows is the utility.

        Where ``metric.facts.mean_of_rows`` is False the scores are linearised; they raise and take what the call does.
        """
        rows = self._scores_by_row(self._with_base(coalitions))
        if self.spec.free_disposal:
            rows[rows.mean(axis=1) < self._floor.score] = self._floor.rows
        return rows

    def trains(self, coalitions: BoolArray) -> BoolArray:
        """Which coalitions, bool ``(b, n_players)``, a model can be trained on, bool ``(b,)``; it trains them."""
        coalitions = self._with_base(coalitions)
        found = np.zeros(len(coalitions), dtype=np.bool_)
        for indices, _ in self._predicted(coalitions):
            found[indices] = True
        return found

    def seconds(self, size: float) -> float:
        """About how many seconds one evaluation of ``size`` players takes; see ``cost``."""
        return evaluation_seconds(self.spec, self._X_valid.shape[1])(size + self._n_base)

    @property
    def row_strata(self) -> NDArray[np.intp] | None:
        """Strata of the validation rows, int ``(n_valid,)``, where the metric has them."""
        return self.metric.row_strata

    @cached_property
    def row_ranks(self) -> NDArray[np.intp]:
        """Ranks of the players by what their rows hold, int ``(n_players,)``; rows that hold the same rank alike."""
        held = np.column_stack([self._X[self._n_base :], self._y[self._n_base :]])
        return np.unique(held, axis=0, return_inverse=True)[1].reshape(-1).astype(np.intp)

    @cached_property
    def _floor(self) -> Floor:
        constant = Floor(self.metric.baseline, self.metric.baseline_rows)
        if not self._n_base:
            return constant
        alone = self._with_base(np.zeros((1, self.n_players), dtype=np.bool_))
        score = float(self._scores(alone)[0])
        return Floor(score, self._scores_by_row(alone)[0]) if score > constant.score else constant

    def _scores(self, coalitions: BoolArray) -> FloatArray:
        values = np.full(len(coalitions), self.metric.baseline)
        for indices, predictions in self._predicted(coalitions):
            values[indices] = self.metric.score(predictions)
        return values

    def _scores_by_row(self, coalitions: BoolArray) -> FloatArray:
        rows = np.empty((len(coalitions), self.n_valid))
        rows[:] = self.metric.baseline_rows
        for indices, predictions in self._predicted(coalitions):
            rows[indices] = self.metric.rowwise(predictions)
        return rows

    def _predicted(self, coalitions: BoolArray) -> Predictions:
        trained = np.flatnonzero(self._can_train(coalitions))
        for indices, predictions in self._predictions(coalitions[trained]):
            yield trained[indices], predictions

    def _can_train(self, coalitions: BoolArray) -> BoolArray:
        """Which coalitions have what a model is trained on, bool ``(b,)``."""
        if self.spec.task == "regression":
            enough: BoolArray = np.asarray(coalitions.any(axis=1))
        else:
            enough = self._classes_present(coalitions).sum(axis=1) > 1
        return enough

    def _classes_present(self, coalitions: BoolArray) -> BoolArray:
        """Which classes each coalition holds, bool ``(b, n_classes)``."""
        return np.stack([(coalitions & (self._y == code)).any(axis=1) for code in range(self._n_classes)], axis=1)

    def _row_weights(self, coalitions: BoolArray) -> FloatArray:
        """Weight of every row in training, float64 ``(b, n_rows)``: 0 outside of the coalition, 1 on average inside."""
        members = coalitions.astype(np.float64)
        if not self.spec.class_weights:
            return members
        of_class = self._y[:, None] == np.arange(self._n_classes)
        counts = members @ of_class
        weights = counts.sum(axis=1, keepdims=True) / (counts > 0).sum(axis=1, keepdims=True) / np.maximum(counts, 1.0)
        return np.asarray(members * weights[:, self._y])

    @abstractmethod
    def _predictions(self, coalitions: BoolArray) -> Predictions:
        """Train on coalitions, bool ``(t, n_rows)``, that have what it takes, and predict the validation rows.

        Yields:
            Indices into ``coalitions``, int ``(k,)``, and what ``metric.facts.needs``, in chunks that fit the memory.
            Coalitions that could not be fitted all the same are left out.
        """

    def _with_base(self, coalitions: BoolArray) -> BoolArray:
        """The coalitions with the buyer's own rows, bool ``(b, n_rows)``, after a check of their shape."""
        coalitions = as_coalitions(coalitions, self.n_players)
        if not self._n_base:
            return coalitions
        return np.hstack([np.ones((len(coalitions), self._n_base), dtype=np.bool_), coalitions])


def predicted_or_apart(indices: IntArray, predict: Callable[[IntArray], NDArray[Any]]) -> Predictions:
    """Predict after training a group together; one that cannot be fitted so is halved, until the culprits are alone.

    Args:
        indices: The group.
        predict: Trains some of the group and predicts, ``(k, ...)``; raises ``LinAlgError`` or answers no numbers where
            one of them cannot be fitted.

    Yields:
        Indices and predictions of those that could be fitted.
    """
    try:
        predictions = predict(indices)
        fitted = np.isfinite(predictions).reshape(len(indices), -1).all(axis=1)
    except np.linalg.LinAlgError:
        if len(indices) == 1:
            return
        for half in np.array_split(indices, 2):
            yield from predicted_or_apart(half, predict)
        return
    if fitted.any():
        yield indices[fitted], predictions[fitted]
