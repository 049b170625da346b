"""Whether a seller's labels say what the buyer's say: a plain model of the validation rows is asked about each row."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge

from valuation.core.games.game import FloatMatrix, FloatVector, IndexVector
from valuation.core.games.rows import PooledRows
from valuation.core.metrics.metric import Task
from valuation.core.statistics.confidence import normal_quantile

# Fewer rows of a class are a few odd rows of it, and no opinion.
_CLASS_ROWS_MIN = 5
# Of fewer rows no error can be told.
_ROWS_MIN = 20


@dataclass(frozen=True)
class Agreement:
    """How one seller's labels agree with the buyer's.

    Attributes:
        score: Of classes the mean over the seller's classes of the share of its rows that a model of the validation
            rows names as the seller does; of numbers the correlation of what the model predicts with what it says.
        chance: What labels drawn by lot over the same rows would score: a seller of one class cannot contradict.
        error: Standard error of the score.
    """

    score: float
    chance: float
    error: float

    @property
    def contradicts(self) -> bool:
        """Whether the labels say the opposite of the buyer's: agreement below chance beyond its error."""
        return self.score + normal_quantile() * self.error < self.chance


def label_agreement(rows: PooledRows, groups: Sequence[IndexVector], *, task: Task) -> tuple[Agreement | None, ...]:
    """Ask a logistic or ridge regression of the validation rows what each seller's rows should be labelled.

    The buyer's own model may be slow, and may ignore a class: neither matters for telling turned labels from right
    ones, so a plain model with class weights is asked. The validation rows and not the other sellers' decide: of three
    sellers two may have turned their labels.

    Args:
        rows: Encoded rows of all sellers and the validation rows, whose targets are class codes or numbers.
        groups: Row indices of each seller.
        task: What the targets are.

    Returns:
        One a seller; None where its rows are too few, or all predictions alike, to say anything.
    """
    X, y = np.asarray(rows.X), np.asarray(rows.y)
    model = _classifier(rows) if task == "classification" else Ridge().fit(rows.X_valid, rows.y_valid)
    if task == "classification":
        return tuple(_of_classes(model, X[group], y[group]) for group in groups)
    return tuple(_of_numbers(model, X[group], y[group]) for group in groups)


def _classifier(rows: PooledRows) -> LogisticRegression:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # some steps short of the solution tells labels apart too
        return LogisticRegression(class_weight="balanced", max_iter=200).fit(rows.X_valid, rows.y_valid)


def _of_classes(model: LogisticRegression, X: FloatMatrix, y: FloatVector) -> Agreement | None:
    codes, counts = np.unique(y, return_counts=True)
    codes = codes[(counts >= _CLASS_ROWS_MIN) & np.isin(codes, model.classes_)]
    if np.isin(y, codes).sum() < _ROWS_MIN:
        return None
    named = model.predict(X)
    shares, by_lot, variances = [], [], []
    for code in codes:
        own = named[y == code] == code
        shares.append(own.mean())
        by_lot.append((named == code).mean())
        # One more hit and one more miss than were seen: a share of 0 or 1 is not certain.
        smoothed = (own.sum() + 1.0) / (len(own) + 2.0)
        variances.append(smoothed * (1.0 - smoothed) / len(own))
    return Agreement(float(np.mean(shares)), float(np.mean(by_lot)), float(np.sqrt(np.sum(variances)) / len(shares)))


def _of_numbers(model: Ridge, X: FloatMatrix, y: FloatVector) -> Agreement | None:
    if len(y) < _ROWS_MIN:
        return None
    predicted = model.predict(X)
    if np.ptp(predicted) == 0.0 or np.ptp(y) == 0.0:
        return None
    score = float(np.corrcoef(predicted, y)[0, 1])
    # Of labels drawn by lot; 3 as Fisher's transformation has it.
    return Agreement(score, 0.0, 1.0 / float(np.sqrt(len(y) - 3.0)))
