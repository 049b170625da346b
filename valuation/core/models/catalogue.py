"""The models that a buyer may ask for, in words; what they accept is ``spec``'s to say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from valuation.core.metrics.metric import Task
from valuation.core.models.spec import (
    ESTIMATORS,
    FAMILY_PARAMETERS,
    FAMILY_TASKS,
    TRANSFORMERS,
    Check,
    choice,
    or_none,
)


@dataclass(frozen=True)
class Parameter:
    """One parameter of a model.

    Attributes:
        name: As the spec has it.
        label: As a form has it.
        sentence: What it does, plainly.
        default: A value that is seldom wrong.
        check: What is accepted.
    """

    name: str
    label: str
    sentence: str
    default: Any
    check: Check


@dataclass(frozen=True)
class Model:
    """One model that can be asked for: a family, or an estimator of scikit-learn.

    Attributes:
        key: The family, or ``sklearn:`` and the estimator.
        title: Its name.
        sentence: What it does and when it is a good choice.
        parameters: In the order of a form.
    """

    key: str
    title: str
    sentence: str
    parameters: tuple[Parameter, ...]

    def spec(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return family and params of a ``ModelSpec`` with these parameters."""
        family, _, estimator = self.key.partition(":")
        if not estimator:
            return {"family": family, "params": dict(values), "seed": 0}
        own = {name: value for name, value in values.items() if name not in {_SCALING.name, _COMPONENTS.name}}
        params: dict[str, Any] = {"estimator": estimator, "params": own}
        steps = _steps(values)
        return {"family": family, "params": {**params, "steps": steps} if steps else params, "seed": 0}

    def values_of(self, model_spec: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters that a spec of this model has, defaults where it says nothing."""
        params: Mapping[str, Any] = model_spec["params"]
        if "estimator" not in params:
            return {**self.defaults, **params}
        values = {**self.defaults, **params.get("params", {})}
        for step in params.get("steps", ()):
            if step["step"] == "PCA":
                values[_COMPONENTS.name] = step["params"]["n_components"]
            else:
                values[_SCALING.name] = next(words for words, scaler in _SCALERS.items() if scaler == step["step"])
        return values

    @property
    def defaults(self) -> dict[str, Any]:
        """Every parameter's default."""
        return {parameter.name: parameter.default for parameter in self.parameters}


_FAMILIES = {
    "logistic_regression": (
        "Logistic regression",
        "Weighs every column and adds up; steady with few rows, quick, and easy to explain. A good first choice.",
    ),
    "linear_discriminant": (
        "Linear discriminant",
        "Takes each class as a cloud of one shape and draws straight borders; steady with few rows, and quick.",
    ),
    "ridge_regression": (
        "Ridge regression",
        "A weighted sum of the columns, held back from extremes; steady with few rows and quick. A good first choice.",
    ),
    "knn": (
        "Nearest neighbours",
        "Answers like the most similar rows it has seen; good where likeness says more than any single column.",
    ),
    "mlp": (
        "Neural network",
        "Layers of simple units; finds what columns say together. Wants some hundreds of rows, and is slow to value.",
    ),
    "wide_and_deep": (
        "Wide and deep network",
        "A weighted sum of the columns beside a neural network, trained as one; slow to value.",
    ),
    "convnet": (
        "Small image network",
        "For columns that are the pixels of an image, row by row, and nothing else; the slowest to value.",
    ),
}
_ESTIMATORS = {
    "GaussianNB": ("Naive Bayes", "Takes the columns as independent; very quick, rough in its probabilities."),
    "DecisionTreeClassifier": ("Decision tree", "A list of yes-or-no questions; easy to read, unsteady with few rows."),
    "DecisionTreeRegressor": ("Decision tree", "A list of yes-or-no questions; easy to read, unsteady with few rows."),
    "RandomForestClassifier": ("Random forest", "Many trees that vote; strong on tables, slow to value."),
    "RandomForestRegressor": ("Random forest", "Many trees, averaged; strong on tables, slow to value."),
    "ExtraTreesClassifier": ("Extra trees", "Like a random forest with random cuts; quicker, sometimes smoother."),
    "ExtraTreesRegressor": ("Extra trees", "Like a random forest with random cuts; quicker, sometimes smoother."),
    "HistGradientBoostingClassifier": (
        "Gradient boosting",
        "Trees that mend one another's faults; often the best on tables from some hundreds of rows on, slow to value.",
    ),
    "HistGradientBoostingRegressor": (
        "Gradient boosting",
        "Trees that mend one another's faults; often the best on tables from some hundreds of rows on, slow to value.",
    ),
    "LinearDiscriminantAnalysis": (
        "Linear discriminant of scikit-learn",
        "Nearly the same model as the linear discriminant, trained one coalition at a time; much slower.",
    ),
    "LogisticRegression": (
        "Logistic regression of scikit-learn",
        "The same model as logistic regression, trained by scikit-learn one coalition at a time; much slower.",
    ),
    "Ridge": (
        "Ridge of scikit-learn",
        "The same model as ridge regression, trained by scikit-learn one coalition at a time; much slower.",
    ),
    "Lasso": ("Lasso", "A weighted sum that leaves most columns out; good where few columns matter."),
}
# Label, sentence, default; scikit-learn's own default where it is sane.
_PARAMETERS: dict[str, tuple[str, str, Any]] = {
    "C": ("Freedom (C)", "Larger lets the weights follow the rows more closely, smaller holds them back.", 1.0),
    "alpha": ("Restraint (alpha)", "Larger holds the weights back more, smaller follows the rows more closely.", 1.0),
    "n_neighbors": ("Neighbours", "How many similar rows are asked; more is smoother and coarser.", 5),
    "var_smoothing": ("Smoothing", "Widens every column's spread a little, against divisions by almost nothing.", 1e-9),
    "max_depth": ("Questions in a row at most", "How deep a tree may grow; empty means until it cannot split.", None),
    "min_samples_leaf": ("Rows in a leaf at least", "Larger makes a tree coarser and steadier.", 5),
    "criterion": ("What a split improves", "Gini and entropy seldom differ much.", "gini"),
    "n_estimators": ("Trees", "More is steadier and slower in proportion.", 50),
    "max_features": ("Columns tried a split", "Fewer makes the trees differ more; empty means all columns.", "sqrt"),
    "max_iter": ("Rounds of training at most", "Training stops earlier when nothing improves.", 100),
    "learning_rate": ("Step of a round", "Smaller learns more slowly and needs more rounds.", 0.1),
    "max_leaf_nodes": ("Leaves of a tree at most", "How fine one tree may be; empty means no limit.", 31),
    "l2_regularization": ("Restraint", "Larger holds the trees' answers back.", 0.0),
    "solver": ("Method", "Only lsqr can shrink.", "svd"),
    "shrinkage": ("Shrinkage", "Larger assumes simpler classes, good with few rows; empty means none.", None),
    "hidden_units": ("Units of a layer", "More can learn finer patterns, needs more rows, and is slower.", 32),
    "hidden_layers": ("Layers of units", "One is enough for most tables.", 1),
    "epochs": ("Passes over the rows", "More fits closer, and is slower in proportion.", 100),
    "image_height": ("Height of the image, pixels", "Empty means that images are square.", None),
    "image_channels": ("Colours", "1 for grey, 3 for colour: then all red columns come first.", 1),
    "filters": ("Filters", "How many small patterns are looked for; more is finer and slower.", 8),
}
_DEFAULTS = {
    ("HistGradientBoostingClassifier", "min_samples_leaf"): 20,
    ("HistGradientBoostingRegressor", "min_samples_leaf"): 20,
    ("LogisticRegression", "max_iter"): 1_000,
    ("Lasso", "max_iter"): 10_000,
}
_SCALERS = {
    "none": None,
    "mean_and_spread": "StandardScaler",
    "least_and_greatest": "MinMaxScaler",
    "median_and_quartiles": "RobustScaler",
}
_SCALING = Parameter(
    "scaling",
    "Scale the columns first, by",
    "Columns are in units of your validation rows already; this takes those of the sellers' rows. Seldom needed.",
    "none",
    choice(*_SCALERS),
)
_COMPONENTS = Parameter(
    "components",
    "Sum the columns up first, into",
    "So many principal components are made of all columns; empty means none, and the columns as they are.",
    None,
    or_none(TRANSFORMERS["PCA"]["n_components"]),
)


def family_title(family: str) -> str:
    """The name of a family that is no estimator of scikit-learn."""
    return _FAMILIES[family][0]


def models_for(task: Task) -> tuple[Model, ...]:
    """Every model that can do a task, those that are valued in batches first."""
    families = [_family(key) for key in _FAMILIES if task in FAMILY_TASKS[key]]
    return (*families, *(_estimator(name, task) for name in ESTIMATORS[task]))


def model_of(model_spec: Mapping[str, Any], task: Task) -> Model | None:
    """The model that a spec asks for; None where it asks for none of this task."""
    family, params = model_spec.get("family"), model_spec.get("params", {})
    key = f"sklearn:{params.get('estimator')}" if family == "sklearn" else family
    return next((model for model in models_for(task) if model.key == key), None)


def _family(key: str) -> Model:
    title, sentence = _FAMILIES[key]
    allowed = FAMILY_PARAMETERS[key]
    parameters = tuple(_parameter(name, check, default) for name, (default, check) in allowed.items())
    return Model(key, title, sentence, parameters)


def _estimator(name: str, task: Task) -> Model:
    title, sentence = _ESTIMATORS[name]
    allowed = ESTIMATORS[task][name]
    parameters = tuple(
        _parameter(parameter, check, _DEFAULTS.get((name, parameter), _PARAMETERS[parameter][2]))
        for parameter, check in allowed.items()
    )
    return Model(f"sklearn:{name}", title, sentence, (*parameters, _SCALING, _COMPONENTS))


def _steps(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The steps before an estimator: scaling, then components, each where it is wanted."""
    scaler, components = _SCALERS[values.get(_SCALING.name, "none")], values.get(_COMPONENTS.name)
    steps: list[dict[str, Any]] = [{"step": scaler, "params": {}}] if scaler else []
    if components is not None:
        steps.append({"step": "PCA", "params": {"n_components": components}})
    return steps


def _parameter(name: str, check: Check, default: Any) -> Parameter:
    label, sentence, _ = _PARAMETERS[name]
    return Parameter(name, label, sentence, default, check)
