"""The utility of coalitions of training rows: how well the buyer's model does when it is trained on them."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from valuation.core.errors import InvalidDataError, InvalidSpecError
from valuation.core.games import UTILITY_MAX
from valuation.core.utility.discriminant import DiscriminantUtility
from valuation.core.utility.game import GameRows, UtilityGame
from valuation.core.utility.knn import KnnUtility
from valuation.core.utility.logistic import LogisticUtility
from valuation.core.utility.networks import ConvNetUtility, MlpUtility, NetworkUtility, WideAndDeepUtility
from valuation.core.utility.ridge import RidgeUtility
from valuation.core.utility.sklearn_loop import SklearnUtility
from valuation.core.utility.spec import ModelSpec

__all__ = ["ModelSpec", "UtilityGame", "checked_rows", "is_batched", "make_utility"]

# Squared errors of larger targets pass what a utility may be.
_TARGET_MAX = UTILITY_MAX**0.5

FAMILIES: dict[str, type[UtilityGame]] = {
    "logistic_regression": LogisticUtility,
    "linear_discriminant": DiscriminantUtility,
    "ridge_regression": RidgeUtility,
    "knn": KnnUtility,
    "mlp": MlpUtility,
    "wide_and_deep": WideAndDeepUtility,
    "convnet": ConvNetUtility,
    "sklearn": SklearnUtility,
}


def is_batched(spec: ModelSpec) -> bool:
    """Whether a batch of coalitions costs less than its coalitions one by one."""
    return FAMILIES[spec.family].batched


def make_utility(
    spec: ModelSpec,
    X: ArrayLike,
    y: ArrayLike,
    X_valid: ArrayLike,
    y_valid: ArrayLike,
    *,
    X_base: ArrayLike | None = None,
    y_base: ArrayLike | None = None,
    device: Literal["auto", "cpu"] = "auto",
) -> UtilityGame:
    """Make the game whose players are training rows and whose worth is the metric of the model trained on them.

    Args:
        spec: The buyer's model, metric and terms. ``start_rows`` is not read here: see
            :func:`~valuation.core.fgsv.algorithm_2.make_topped_up_utility`.
        X: Training features, ``(n, d)``, n may be 0.
        y: Training targets, ``(n,)``: class codes 0, 1, ... in declared order, or numbers.
        X_valid: Validation features, ``(m, d)``, m >= 1.
        y_valid: Validation targets, ``(m,)``; in classification of at least two classes.
        X_base: Features of rows that the buyer has already and that belong to every coalition, ``(b, d)``.
        y_base: Their targets, ``(b,)``.
        device: Where networks are trained: ``"auto"`` takes a GPU where there is one, on which last bits are not
            promised. All other families compute on the processor.

    Returns:
        The game.

    Raises:
        InvalidSpecError: ``device`` is unknown.
        InvalidDataError: Shapes do not agree, or a value is missing, infinite, beyond 1e50 or no class code.
    """
    if device not in {"auto", "cpu"}:
        raise InvalidSpecError("device", device, "auto or cpu")
    rows = checked_rows(spec, X, y, X_valid, y_valid, X_base=X_base, y_base=y_base)
    family = FAMILIES[spec.family]
    return family(spec, rows, device=device) if issubclass(family, NetworkUtility) else family(spec, rows)


def checked_rows(
    spec: ModelSpec,
    X: ArrayLike,
    y: ArrayLike,
    X_valid: ArrayLike,
    y_valid: ArrayLike,
    *,
    X_base: ArrayLike | None = None,
    y_base: ArrayLike | None = None,
) -> GameRows:
    """Return what every game is made of, after the checks that ``make_utility`` promises.

    Raises:
        InvalidDataError: See ``make_utility``.
    """
    features, features_valid = _features("X", X), _features("X_valid", X_valid)
    if features.shape[1] != features_valid.shape[1]:
        raise InvalidDataError(f"X has {features.shape[1]} columns and X_valid {features_valid.shape[1]}.")
    targets = _targets("y", y, len(features), spec)
    targets_valid = _targets("y_valid", y_valid, len(features_valid), spec)
    if not len(features_valid):
        raise InvalidDataError("There are no validation rows.")
    if spec.task == "classification" and len(np.unique(targets_valid)) == 1:
        raise InvalidDataError("The validation rows are all of one class, so no model can be told from another.")
    if X_base is None or y_base is None:
        return GameRows(features, targets, features_valid, targets_valid)
    base = _features("X_base", X_base)
    if base.shape[1] != features.shape[1]:
        raise InvalidDataError(f"X_base has {base.shape[1]} columns and X {features.shape[1]}.")
    targets_base = _targets("y_base", y_base, len(base), spec)
    return GameRows(
        np.vstack([base, features]), np.concatenate([targets_base, targets]), features_valid, targets_valid, len(base)
    )


def _features(name: str, values: ArrayLike) -> NDArray[np.float64]:
    array = np.ascontiguousarray(values, dtype=np.float64)
    if array.ndim != 2:  # noqa: PLR2004 - rows and columns
        raise InvalidDataError(f"{name} has shape {array.shape}; expected rows and columns.")
    if not np.isfinite(array).all():
        raise InvalidDataError(f"{name} has missing or infinite values; encode them first.")
    return array


def _targets(name: str, values: ArrayLike, n_rows: int, spec: ModelSpec) -> NDArray[Any]:
    array = np.asarray(values)
    if array.shape != (n_rows,):
        raise InvalidDataError(f"{name} has shape {array.shape}; expected ({n_rows},).")
    numbers = array.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise InvalidDataError(f"{name} has missing or infinite values.")
    if spec.task == "regression":
        if np.abs(numbers).max(initial=0.0) > _TARGET_MAX:
            raise InvalidDataError(f"{name} has values beyond {_TARGET_MAX:g}; give the target a larger unit.")
        return numbers
    codes = numbers.astype(np.int64)
    if (codes != numbers).any() or (codes < 0).any():
        raise InvalidDataError(f"{name} has values that are no class codes 0, 1, ...")
    return codes
