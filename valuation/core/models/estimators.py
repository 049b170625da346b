"""The estimators of scikit-learn that may be asked for, and the steps before them: all that is known of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from valuation.core.metrics.metric import Task
from valuation.core.models.parameters import Check, Parameter, choice, integer, number, or_none, parameter
from valuation.core.models.training_seconds import Seconds


@dataclass(frozen=True, kw_only=True)
class Estimator:
    """One estimator; ``docs/algorithms/models.md`` has how it was measured.

    Attributes:
        name: Its class in scikit-learn.
        module: The module of scikit-learn that has it.
        title: Its name.
        sentence: What it does and when it is a good choice.
        task: What it does.
        parameters: In the order of a form; whatever a spec leaves out is scikit-learn's own.
        seconds: Fixed seconds and seconds a row of one fit, at 105 features; of forests of a tree, of boosting of a
            round.
        grown: What it is made of many of.
    """

    name: str
    module: str
    title: str
    sentence: str
    task: Task
    parameters: tuple[Parameter, ...]
    seconds: tuple[float, float]
    grown: Literal["at once", "trees", "rounds"] = "at once"


@dataclass(frozen=True, kw_only=True)
class PipelineStep:
    """What may stand before an estimator, fitted to each coalition anew.

    Attributes:
        name: Its class in scikit-learn.
        module: The module of scikit-learn that has it.
        seconds: Fixed seconds and seconds a row, at 105 features.
        checks: What its parameters accept; all of them have to be given.
        scales_by: The word of a form for scaling by it; empty for what does not scale.
    """

    name: str
    module: str
    seconds: tuple[float, float]
    checks: Mapping[str, Check] = field(default_factory=dict)
    scales_by: str = ""


_DEPTH = parameter("max_depth", None, or_none(integer(1, 64)))
_LEAF_ROWS = integer(1, 10_000)
_TREE = (_DEPTH, parameter("min_samples_leaf", 5, _LEAF_ROWS))
_FOREST = (
    *_TREE,
    parameter("n_estimators", 50, integer(1, 1000)),
    parameter("max_features", "sqrt", or_none(choice("sqrt", "log2"))),
)
_BOOSTING = (
    parameter("max_iter", 100, integer(1, 1000)),
    parameter("learning_rate", 0.1, number(1e-4, 1.0)),
    parameter("max_leaf_nodes", 31, or_none(integer(2, 1024))),
    _DEPTH,
    parameter("min_samples_leaf", 20, _LEAF_ROWS),
    parameter("l2_regularization", 0.0, number(0.0, 1e6)),
)
_TREE_WORDS = ("Decision tree", "A list of yes-or-no questions; easy to read, unsteady with few rows.")
_EXTRA_WORDS = ("Extra trees", "Like a random forest with random cuts; quicker, sometimes smoother.")
_BOOSTING_WORDS = (
    "Gradient boosting",
    "Trees that mend one another's faults; often the best on tables from some hundreds of rows on, slow to value.",
)
_LISTED = (
    Estimator(
        name="GaussianNB",
        module="naive_bayes",
        title="Naive Bayes",
        sentence="Takes the columns as independent; very quick, rough in its probabilities.",
        task="classification",
        parameters=(parameter("var_smoothing", 1e-9, number(1e-12, 1.0)),),
        seconds=(1.8e-3, 4.7e-7),
    ),
    Estimator(
        name="DecisionTreeClassifier",
        module="tree",
        title=_TREE_WORDS[0],
        sentence=_TREE_WORDS[1],
        task="classification",
        parameters=(*_TREE, parameter("criterion", "gini", choice("gini", "entropy", "log_loss"))),
        seconds=(1e-3, 4.2e-6),
    ),
    Estimator(
        name="RandomForestClassifier",
        module="ensemble",
        title="Random forest",
        sentence="Many trees that vote; strong on tables, slow to value.",
        task="classification",
        parameters=_FOREST,
        seconds=(5e-4, 3.8e-7),
        grown="trees",
    ),
    Estimator(
        name="ExtraTreesClassifier",
        module="ensemble",
        title=_EXTRA_WORDS[0],
        sentence=_EXTRA_WORDS[1],
        task="classification",
        parameters=_FOREST,
        seconds=(5e-4, 3.8e-7),
        grown="trees",
    ),
    Estimator(
        name="HistGradientBoostingClassifier",
        module="ensemble",
        title=_BOOSTING_WORDS[0],
        sentence=_BOOSTING_WORDS[1],
        task="classification",
        parameters=_BOOSTING,
        seconds=(2e-4, 5e-7),
        grown="rounds",
    ),
    Estimator(
        name="LinearDiscriminantAnalysis",
        module="discriminant_analysis",
        title="Linear discriminant of scikit-learn",
        sentence="Nearly the same model as the linear discriminant, trained one coalition at a time; much slower.",
        task="classification",
        parameters=(
            parameter("solver", "svd", choice("svd", "lsqr")),
            parameter("shrinkage", None, or_none(number(0.0, 1.0))),
        ),
        seconds=(1e-3, 4.7e-6),
    ),
    Estimator(
        name="LogisticRegression",
        module="linear_model",
        title="Logistic regression of scikit-learn",
        sentence="The same model as logistic regression, trained by scikit-learn one coalition at a time; much slower.",
        task="classification",
        parameters=(parameter("C", 1.0, number(1e-4, 1e3)), parameter("max_iter", 1_000, integer(1, 10_000))),
        seconds=(2e-3, 3e-6),
    ),
    Estimator(
        name="DecisionTreeRegressor",
        module="tree",
        title=_TREE_WORDS[0],
        sentence=_TREE_WORDS[1],
        task="regression",
        parameters=_TREE,
        seconds=(1e-3, 4.2e-6),
    ),
    Estimator(
        name="RandomForestRegressor",
        module="ensemble",
        title="Random forest",
        sentence="Many trees, averaged; strong on tables, slow to value.",
        task="regression",
        parameters=_FOREST,
        seconds=(5e-4, 3.8e-7),
        grown="trees",
    ),
    Estimator(
        name="ExtraTreesRegressor",
        module="ensemble",
        title=_EXTRA_WORDS[0],
        sentence=_EXTRA_WORDS[1],
        task="regression",
        parameters=_FOREST,
        seconds=(5e-4, 3.8e-7),
        grown="trees",
    ),
    Estimator(
        name="HistGradientBoostingRegressor",
        module="ensemble",
        title=_BOOSTING_WORDS[0],
        sentence=_BOOSTING_WORDS[1],
        task="regression",
        parameters=_BOOSTING,
        seconds=(2e-4, 5e-7),
        grown="rounds",
    ),
    Estimator(
        name="Ridge",
        module="linear_model",
        title="Ridge of scikit-learn",
        sentence="The same model as ridge regression, trained by scikit-learn one coalition at a time; much slower.",
        task="regression",
        parameters=(parameter("alpha", 1.0, number(1e-6, 1e6)),),
        seconds=(8e-4, 5e-7),
    ),
    Estimator(
        name="Lasso",
        module="linear_model",
        title="Lasso",
        sentence="A weighted sum that leaves most columns out; good where few columns matter.",
        task="regression",
        parameters=(parameter("alpha", 1.0, number(1e-6, 1e6)), parameter("max_iter", 10_000, integer(1, 100_000))),
        seconds=(7e-4, 3e-7),
    ),
)
ESTIMATORS = {estimator.name: estimator for estimator in _LISTED}

PCA = PipelineStep(
    name="PCA", module="decomposition", seconds=(5e-4, 3.3e-6), checks={"n_components": integer(1, 1000)}
)
STEPS = {
    step.name: step
    for step in (
        PipelineStep(name="StandardScaler", module="preprocessing", seconds=(5e-4, 1e-6), scales_by="mean_and_spread"),
        PipelineStep(name="MinMaxScaler", module="preprocessing", seconds=(5e-4, 1e-6), scales_by="least_and_greatest"),
        PipelineStep(
            name="RobustScaler", module="preprocessing", seconds=(2e-3, 4e-6), scales_by="median_and_quartiles"
        ),
        PCA,
    )
}

_FEATURES = 105  # of the rows that all were measured on
# Growing the leaves of one boosted tree, of 31 leaves: a row, up to as many as fill them.
_LEAVES_SECONDS, _LEAVES_ROWS, _LEAVES = 1.5e-6, 1_000.0, 31


def estimators_for(task: Task) -> dict[str, Estimator]:
    """The estimators of a task by name, in the order of a form."""
    return {name: estimator for name, estimator in ESTIMATORS.items() if estimator.task == task}


def looped(params: Mapping[str, Any], n_features: int) -> Seconds:
    """Seconds of one evaluation by the coalition's rows: the steps before an estimator, its fit, and its prediction."""
    estimator, settings = ESTIMATORS[params["estimator"]], params["params"]
    features = n_features / _FEATURES
    fixed, a_row = estimator.seconds
    before = [STEPS[step["step"]].seconds for step in params.get("steps", ())]
    times, leaves = 1.0, 0.0
    if estimator.grown == "trees":
        times = settings.get("n_estimators", 100)
        # The default of regressors, and null, try every column at every split; roots are what was measured.
        tried = settings.get("max_features", "sqrt" if estimator.task == "classification" else None)
        a_row *= 1.0 if tried else (features * _FEATURES) ** 0.5
    elif estimator.grown == "rounds":
        times = settings.get("max_iter", 100)
        leaves = _LEAVES_SECONDS * max(1.0, (settings.get("max_leaf_nodes", _LEAVES) or 1024) / _LEAVES)

    def seconds(size: float) -> float:
        each = fixed + features * (a_row * size + leaves * min(size, _LEAVES_ROWS))
        return float(times * each + sum(start + features * row * size for start, row in before))

    return seconds
