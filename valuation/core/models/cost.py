"""What one evaluation of a model costs, from its parameters alone: for sizing work before anything is trained.

Seconds of one thread of the processor that the figures of ``docs/algorithms/models.md`` were measured on, with 5,000
validation rows. They steer how work is cut and spread, never a value; another machine is some factor away.
"""

from collections.abc import Callable, Mapping
from typing import Any

from valuation.core.errors import InvalidSpecError
from valuation.core.models.spec import ModelSpec

Seconds = Callable[[float], float]

# One training on all rows may take this long. Blocks hold some dozens, and a block has to end within its lease.
EVALUATION_SECONDS_MAX = 5.0

# Seconds of an epoch of a network that is trained beside others, whatever its size, and of a multiplication.
_EPOCH_SECONDS = 2e-4
_MULTIPLICATION_SECONDS = 2e-10
_PATCHES = 4  # of convolutions, whose patches are copied
_VALIDATION_ROWS = 5_000
_FEATURES = 105  # of the rows that the others were measured on

# Fixed seconds and seconds a row, at 105 features. Of forests a tree, of boosting a round.
_ESTIMATORS = {
    "GaussianNB": (1.8e-3, 4.7e-7),
    "DecisionTreeClassifier": (1e-3, 4.2e-6),
    "DecisionTreeRegressor": (1e-3, 4.2e-6),
    "RandomForestClassifier": (5e-4, 3.8e-7),
    "RandomForestRegressor": (5e-4, 3.8e-7),
    "ExtraTreesClassifier": (5e-4, 3.8e-7),
    "ExtraTreesRegressor": (5e-4, 3.8e-7),
    "HistGradientBoostingClassifier": (2e-4, 5e-7),
    "HistGradientBoostingRegressor": (2e-4, 5e-7),
    "LinearDiscriminantAnalysis": (1e-3, 4.7e-6),
    "LogisticRegression": (2e-3, 3e-6),
    "Ridge": (8e-4, 5e-7),
    "Lasso": (7e-4, 3e-7),
}
_STEPS = {
    "StandardScaler": (5e-4, 1e-6),
    "MinMaxScaler": (5e-4, 1e-6),
    "RobustScaler": (2e-3, 4e-6),
    "PCA": (5e-4, 3.3e-6),
}
# Growing the leaves of one boosted tree, of 31 leaves: a row, up to as many as fill them.
_LEAVES_SECONDS, _LEAVES_ROWS, _LEAVES = 1.5e-6, 1_000.0, 31


def evaluation_seconds(spec: ModelSpec, n_features: int) -> Seconds:
    """Seconds of one evaluation by the coalition's rows.

    Args:
        spec: The buyer's model.
        n_features: Encoded features of a row.

    Returns:
        A function of the number of rows; linear families as in
        :func:`batched_model_seconds`.
    """
    if spec.family in {"mlp", "wide_and_deep", "convnet"}:
        return _network(spec, n_features)
    if spec.family == "sklearn":
        return _looped(spec.params, n_features / _FEATURES)
    return batched_model_seconds


def batched_model_seconds(size: float) -> float:
    """Seconds of one evaluation of a batched linear model by coalition size, measured on Adult (5,000 validation rows).

    Most of a small coalition's cost is scoring; above about 1,500 rows warm starts make the fit as dear as it gets.
    """
    return 1e-4 + 8e-7 * min(size, 1500.0)


def check_affordable(spec: ModelSpec, *, n_rows: int, n_features: int) -> None:
    """Refuse a model that would keep a worker on one training for too long.

    Raises:
        InvalidSpecError: One training on all rows would take longer than ``EVALUATION_SECONDS_MAX``.
    """
    seconds = evaluation_seconds(spec, n_features)(n_rows)
    if seconds > EVALUATION_SECONDS_MAX:
        raise InvalidSpecError(
            "params",
            dict(spec.params),
            f"a quicker model: training it once on {n_rows} rows takes about {seconds:.0f} seconds, and at most "
            f"{EVALUATION_SECONDS_MAX:.0f} are allowed",
        )


def _network(spec: ModelSpec, n_features: int) -> Seconds:
    params = spec.params
    multiplications = _convnet(params, n_features) if spec.family == "convnet" else _layers(params, n_features)

    def seconds(size: float) -> float:
        # Forth, and back to weights and to inputs; the validation rows only forth.
        rows = params["epochs"] * size + _VALIDATION_ROWS / 3
        return float(params["epochs"] * _EPOCH_SECONDS + rows * multiplications * _MULTIPLICATION_SECONDS)

    return seconds


def _layers(params: Mapping[str, Any], n_features: int) -> float:
    units, layers = float(params["hidden_units"]), int(params["hidden_layers"])
    return n_features * (units + 1) + (layers - 1) * units**2 + units


def _convnet(params: Mapping[str, Any], n_features: int) -> float:
    channels, filters = int(params["image_channels"]), float(params["filters"])
    places = n_features / channels / 4
    return _PATCHES * (places * 9 * channels * filters + places / 4 * 9 * filters * 2 * filters)


def _looped(params: Mapping[str, Any], features: float) -> Seconds:
    fixed, a_row = _ESTIMATORS[params["estimator"]]
    settings = params["params"]
    before = [_STEPS[step["step"]] for step in params.get("steps", ())]
    times, leaves = 1.0, 0.0
    if "Forest" in params["estimator"] or "ExtraTrees" in params["estimator"]:
        times = settings.get("n_estimators", 100)
        # The default of regressors, and null, try every column at every split; roots are what was measured.
        tried = settings.get("max_features", "sqrt" if params["estimator"].endswith("Classifier") else None)
        a_row *= 1.0 if tried else (features * _FEATURES) ** 0.5
    elif params["estimator"].startswith("HistGradientBoosting"):
        times = settings.get("max_iter", 100)
        leaves = _LEAVES_SECONDS * max(1.0, (settings.get("max_leaf_nodes", _LEAVES) or 1024) / _LEAVES)

    def seconds(size: float) -> float:
        each = fixed + features * (a_row * size + leaves * min(size, _LEAVES_ROWS))
        return float(times * each + sum(start + features * row * size for start, row in before))

    return seconds
