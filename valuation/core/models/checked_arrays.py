"""What a utility is made of, checked: arrays of numbers, or a sentence that says what is amiss."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from valuation.core.errors import InvalidDataError
from valuation.core.games.game import UTILITY_MAX
from valuation.core.models.spec import ModelSpec
from valuation.core.models.utility_game import GameRows

# Squared errors of larger numbers pass what a utility may be, and sums of squares of features what a float holds.
NUMBER_MAX = UTILITY_MAX**0.5
# Every class costs a column of each row's indicator; a larger code is an identifier and no class.
CLASSES_MAX = 1_000


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
    if (X_base is None) != (y_base is None):
        raise InvalidDataError("X_base and y_base belong together; give both or neither.")
    if X_base is None or y_base is None:
        return GameRows(features, targets, features_valid, targets_valid)
    base = _features("X_base", X_base)
    if base.shape[1] != features.shape[1]:
        raise InvalidDataError(f"X_base has {base.shape[1]} columns and X {features.shape[1]}.")
    targets_base = _targets("y_base", y_base, len(base), spec)
    return GameRows(
        np.vstack([base, features]), np.concatenate([targets_base, targets]), features_valid, targets_valid, len(base)
    )


def check_apart(rows: GameRows) -> None:
    """Refuse rows of the buyer's own that are validation rows too.

    Raises:
        InvalidDataError: A row is in both, equal in every feature and the target.
    """
    if not rows.n_base:
        return
    # Adding 0 makes -0 and 0 the same bytes.
    base = np.column_stack([rows.X[: rows.n_base], rows.y[: rows.n_base]]) + 0.0
    scored = {row.tobytes() for row in np.column_stack([rows.X_valid, rows.y_valid]) + 0.0}
    shared = np.array([row.tobytes() in scored for row in base])
    _refuse(
        shared,
        f"{shared.sum()} of {rows.n_base} rows of X_base are validation rows too",
        "a model would be scored on what it was trained on, so leave them out of one of the two",
    )


def _features(name: str, values: ArrayLike) -> NDArray[np.float64]:
    array = np.ascontiguousarray(_numbers(name, values, "encode them as numbers first"))
    if array.ndim != 2:  # noqa: PLR2004 - rows and columns
        raise InvalidDataError(f"{name} has shape {array.shape}; expected rows and columns.")
    _refuse(~np.isfinite(array), f"{name} has missing or infinite values", "encode them first")
    _refuse(np.abs(array) > NUMBER_MAX, f"{name} has values beyond {NUMBER_MAX:g}", "give the column a larger unit")
    return array


def _targets(name: str, values: ArrayLike, n_rows: int, spec: ModelSpec) -> NDArray[Any]:
    is_number = spec.task == "regression"
    numbers = _numbers(name, values, "give numbers" if is_number else "give class codes 0, 1, ...")
    if numbers.shape != (n_rows,):
        raise InvalidDataError(f"{name} has shape {numbers.shape}; expected ({n_rows},).")
    _refuse(~np.isfinite(numbers), f"{name} has missing or infinite values", "give one target a row")
    if is_number:
        largest = f"{name} has values beyond {NUMBER_MAX:g}"
        _refuse(np.abs(numbers) > NUMBER_MAX, largest, "give the target a larger unit")
        return numbers
    no_codes = f"{name} has values that are no class codes 0, 1, ..."
    found = np.unique(numbers)[:5]
    remedy = f"it holds {', '.join(f'{number:g}' for number in found)}; number the classes from 0"
    _refuse((numbers != np.floor(numbers)) | (numbers < 0), no_codes, remedy)
    too_many = (
        f"{name} has the class code {numbers.max(initial=0.0):.0f}, and at most {CLASSES_MAX} classes are possible"
    )
    _refuse(numbers >= CLASSES_MAX, too_many, "number the classes from 0")
    return numbers.astype(np.int64)


def _numbers(name: str, values: ArrayLike, remedy: str) -> NDArray[np.float64]:
    """Read anything like an array as float64, and refuse what would be changed or lost on the way."""
    given: Any = values
    if type(given).__module__.startswith("scipy.sparse"):
        raise InvalidDataError(f"{name} is a sparse matrix; give {name}.toarray().")
    if getattr(given, "requires_grad", False):
        raise InvalidDataError(f"{name} is a tensor with gradients; give {name}.detach().numpy().")
    try:
        array = np.asarray(given)
    except (ValueError, TypeError, RuntimeError) as error:  # ragged rows, a tensor on another device
        raise InvalidDataError(f"{name} is no array: {error}") from error
    if array.dtype.names is not None:
        raise InvalidDataError(f"{name} has the fields {', '.join(array.dtype.names)}; give one array of numbers.")
    if array.dtype.kind == "c":
        raise InvalidDataError(f"{name} holds complex numbers; give real ones.")
    if array.dtype.kind in "mM":
        raise InvalidDataError(f"{name} holds dates or times; give numbers, such as days since a day of your choice.")
    words = (
        next((item for item in array.flat if isinstance(item, str | bytes)), None)
        if array.dtype.kind in "OSTU"
        else None
    )
    if words is not None:
        raise InvalidDataError(f"{name} holds words such as {str(words)!r}; {remedy}.")
    try:
        return np.asarray(array, dtype=np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidDataError(f"{name} holds something other than numbers: {error}.") from error


def _refuse(wrong: NDArray[np.bool_], what: str, remedy: str) -> None:
    """Raise where anything is wrong, and say where first."""
    if wrong.any():
        place = np.argwhere(wrong)[0]
        where = f"row {place[0]}" + (f", column {place[1]}" if len(place) > 1 else "")
        raise InvalidDataError(f"{what}, the first in {where} (counted from 0); {remedy}.")
