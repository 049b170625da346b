"""The game that each family of models makes of a buyer's rows."""

from typing import Literal

from numpy.typing import ArrayLike

from valuation.core.errors import InvalidSpecError
from valuation.core.models import families
from valuation.core.models.checked_arrays import check_apart, checked_rows
from valuation.core.models.discriminant import DiscriminantUtility
from valuation.core.models.knn import KnnUtility
from valuation.core.models.logistic import LogisticUtility
from valuation.core.models.networks import ConvNetUtility, MlpUtility, NetworkUtility, WideAndDeepUtility
from valuation.core.models.ridge import RidgeUtility
from valuation.core.models.sklearn_loop import SklearnUtility
from valuation.core.models.spec import ModelSpec
from valuation.core.models.utility_game import GameRows, UtilityGame

GAMES: dict[str, type[UtilityGame]] = {
    families.LOGISTIC_REGRESSION.name: LogisticUtility,
    families.RIDGE_REGRESSION.name: RidgeUtility,
    families.LINEAR_DISCRIMINANT.name: DiscriminantUtility,
    families.KNN.name: KnnUtility,
    families.MLP.name: MlpUtility,
    families.WIDE_AND_DEEP.name: WideAndDeepUtility,
    families.CONVNET.name: ConvNetUtility,
    families.SKLEARN.name: SklearnUtility,
}
if GAMES.keys() != families.FAMILIES.keys():
    raise ImportError(f"These are only a family or only a game: {sorted(GAMES.keys() ^ families.FAMILIES.keys())}.")


def is_batched(spec: ModelSpec) -> bool:
    """Whether a batch of coalitions costs less than its coalitions one by one."""
    return families.FAMILIES[spec.family].batched


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
            :func:`~valuation.core.models.topped_up.make_topped_up_utility`.
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
        InvalidDataError: Shapes do not agree, or a value is missing, infinite, beyond 1e50, no number (words, dates,
            complex numbers, sparse or structured arrays) or no class code below 1,000; or a row of the buyer's own is a
            validation row too.
    """
    if device not in {"auto", "cpu"}:
        raise InvalidSpecError("device", device, "auto or cpu")
    rows = checked_rows(spec, X, y, X_valid, y_valid, X_base=X_base, y_base=y_base)
    check_apart(rows)
    return game_of(spec, rows, device=device)


def game_of(spec: ModelSpec, rows: GameRows, *, device: Literal["auto", "cpu"] = "auto") -> UtilityGame:
    """The same game over rows that were checked; see :func:`make_utility`.

    The buyer's own rows and the validation rows are held against each other where they come in: encoded, rows that
    differ may be the same, as numbers far outside a range are cut to it.
    """
    game = GAMES[spec.family]
    return game(spec, rows, device=device) if issubclass(game, NetworkUtility) else game(spec, rows)
