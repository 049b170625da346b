"""The families of models: all that is known of each before it is trained.

The game of each, which loads what trains it, is told in :mod:`~valuation.core.models.family_games`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from valuation.core.metrics.metric import Task
from valuation.core.models.estimators import looped
from valuation.core.models.parameters import Parameter, integer, number, or_none, parameter
from valuation.core.models.training_seconds import Seconds, batched, convolutional_network, layered_network


@dataclass(frozen=True, kw_only=True)
class ModelFamily:
    """One family of models.

    Attributes:
        name: As a spec has it.
        title: Its name.
        sentence: What it does and when it is a good choice.
        tasks: What it can do.
        parameters: In the order of a form; a spec fills in their defaults.
        seconds: Seconds of one evaluation by the coalition's rows, from parameters and the number of features.
        batched: Whether a batch of coalitions costs less than its coalitions one by one.
    """

    name: str
    title: str
    sentence: str
    tasks: tuple[Task, ...]
    parameters: tuple[Parameter, ...]
    seconds: Callable[[Mapping[str, Any], int], Seconds]
    batched: bool = True


_BOTH: tuple[Task, ...] = ("classification", "regression")
# Bounds keep one training to seconds, whatever a spec asks for. Far stronger or weaker penalties are a mistake more
# often than a wish.
_EPOCHS = integer(1, 300)
_LAYERS = (parameter("hidden_units", 32, integer(1, 128)), parameter("hidden_layers", 1, integer(1, 2)))
_ADAM = (parameter("learning_rate", 0.01, number(1e-4, 0.3)), parameter("alpha", 1.0, number(0.0, 1e6)))

LOGISTIC_REGRESSION = ModelFamily(
    name="logistic_regression",
    title="Logistic regression",
    sentence="Weighs every column and adds up; steady with few rows, quick, and easy to explain. A good first choice.",
    tasks=("classification",),
    parameters=(parameter("C", 1.0, number(1e-4, 1e3)),),
    seconds=batched,
)
RIDGE_REGRESSION = ModelFamily(
    name="ridge_regression",
    title="Ridge regression",
    sentence="A weighted sum of the columns, held back from extremes; steady with few rows and quick. A good first "
    "choice.",
    tasks=("regression",),
    parameters=(parameter("alpha", 1.0, number(1e-6, 1e6)),),
    seconds=batched,
)
LINEAR_DISCRIMINANT = ModelFamily(
    name="linear_discriminant",
    title="Linear discriminant",
    sentence="Takes each class as a cloud of one shape and draws straight borders; steady with few rows, and quick.",
    tasks=("classification",),
    parameters=(parameter("shrinkage", 0.1, number(1e-3, 1.0)),),
    seconds=batched,
)
KNN = ModelFamily(
    name="knn",
    title="Nearest neighbours",
    sentence="Answers like the most similar rows it has seen; good where likeness says more than any single column.",
    tasks=_BOTH,
    parameters=(parameter("n_neighbors", 5, integer(1, 1000)),),
    seconds=batched,
)
MLP = ModelFamily(
    name="mlp",
    title="Neural network",
    sentence="Layers of simple units; finds what columns say together. Wants some hundreds of rows, and is slow to "
    "value.",
    tasks=_BOTH,
    parameters=(*_LAYERS, parameter("epochs", 100, _EPOCHS), *_ADAM),
    seconds=layered_network,
)
WIDE_AND_DEEP = ModelFamily(
    name="wide_and_deep",
    title="Wide and deep network",
    sentence="A weighted sum of the columns beside a neural network, trained as one; slow to value.",
    tasks=_BOTH,
    parameters=MLP.parameters,
    seconds=layered_network,
)
CONVNET = ModelFamily(
    name="convnet",
    title="Small image network",
    sentence="For columns that are the pixels of an image, row by row, and nothing else; the slowest to value.",
    tasks=_BOTH,
    parameters=(
        parameter("image_height", None, or_none(integer(4, 128))),
        parameter("image_channels", 1, integer(1, 4)),
        parameter("filters", 8, integer(1, 32)),
        parameter("epochs", 60, _EPOCHS),
        *_ADAM,
    ),
    seconds=convolutional_network,
)
# Its parameters are those of the estimator and of the steps before it (:mod:`~valuation.core.models.estimators`).
SKLEARN = ModelFamily(
    name="sklearn",
    title="An estimator of scikit-learn",
    sentence="Trained by scikit-learn, one coalition at a time.",
    tasks=_BOTH,
    parameters=(),
    seconds=looped,
    batched=False,
)
FAMILIES: dict[str, ModelFamily] = {
    family.name: family
    for family in (
        LOGISTIC_REGRESSION,
        RIDGE_REGRESSION,
        LINEAR_DISCRIMINANT,
        KNN,
        MLP,
        WIDE_AND_DEEP,
        CONVNET,
        SKLEARN,
    )
}
