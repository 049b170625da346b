"""What a metric of a buyer's model is, for a batch of coalitions at once."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Task = Literal["classification", "regression"]
# What a metric reads: class codes (k, m); probabilities (k, m, classes); a number that ranks rows for the second class
# (k, m), or probabilities where there are more than two classes; predicted numbers (k, m).
Needs = Literal["labels", "probabilities", "scores", "numbers"]


@dataclass(frozen=True, kw_only=True)
class MetricFacts:
    """All that is known of a metric before it meets any row; nothing of it is kept anywhere else.

    A fact whose change alters values of rows (``bounds``, ``classes_alike``) or the training of requests that leave
    the class weights open (``class_weights``) needs a new method version: rounds in progress would be valued by both.

    Attributes:
        name: As a spec has it.
        title: As a form has it.
        definition: What it measures, the sentence that sellers read.
        one_more: What one more of it means, the sentence that buyers choose by.
        task: What it judges.
        needs: What it reads.
        bounds: Least and greatest score, infinite where there is none.
        mean_of_rows: Whether a row's score says how that row fared, whatever the others did. Else scores are
            linearised: they show how the metric moves with the sample of validation rows, and their sums over a
            segment of the rows mean nothing.
        counts_hits: Whether a row's score is above 0 where the model names its class, and else 0.
        classes_alike: Whether it counts every class alike, however few its rows are.
        class_weights: Whether a model has to be fitted with class weights to aim at it, so that they are its default.
    """

    name: str
    title: str
    definition: str
    one_more: str
    task: Task
    needs: Needs
    bounds: tuple[float, float]
    mean_of_rows: bool
    counts_hits: bool = False
    classes_alike: bool = False
    class_weights: bool = False

    @property
    def in_words(self) -> str:
        """Its name within a sentence: ``balanced accuracy``."""
        return self.name.replace("_", " ")

    @property
    def in_points(self) -> bool:
        """Whether differences are read as points of a hundred, as those of scores between 0 and 1 are."""
        return self.bounds == (0.0, 1.0)

    @property
    def digits(self) -> int:
        """How many decimals a score is written with, in its unit."""
        return 2 if self.in_points else 4

    @property
    def is_loss(self) -> bool:
        """Whether it is minus a loss: 0 at best, and no bound to how bad it gets."""
        return self.bounds == (-math.inf, 0.0)

    @property
    def names_classes(self) -> bool:
        """Whether it looks at the classes that a model names; else one that never names some can score well."""
        return self.needs == "labels"


class Metric(ABC):
    """One metric, bound to the validation targets.

    Attributes:
        facts: What is known of it.
        baseline: Metric of the constant predictor, the utility of coalitions that train no model.
        baseline_rows: The rows of ``baseline``, float64 ``(m,)``.
        row_strata: Of metrics that do not move with how many rows each stratum has, the strata, int ``(m,)``.
    """

    facts: ClassVar[MetricFacts]
    baseline: float
    baseline_rows: FloatArray
    row_strata: NDArray[np.intp] | None = None

    @abstractmethod
    def score(self, predictions: NDArray[Any]) -> FloatArray:
        """Metric of each of k predictions (see ``Needs`` for the shape), float64 ``(k,)``."""

    @abstractmethod
    def rowwise(self, predictions: NDArray[Any]) -> FloatArray:
        """Per validation row, float64 ``(k, m)``; its mean over rows is ``score``."""
