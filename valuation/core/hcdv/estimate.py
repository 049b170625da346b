"""The library's door to HCDV: a game over rows, what they hold, one call."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from valuation.core.errors import InvalidDataError
from valuation.core.games import Game
from valuation.core.hcdv.config import HcdvConfig
from valuation.core.hcdv.plan import HcdvPlan
from valuation.core.plan import PlanState, run_plan
from valuation.core.results import HcdvValues
from valuation.core.rows import PooledRows


def estimate_hcdv(
    game: Game,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    config: HcdvConfig,
    rng: np.random.Generator,
    X_valid: npt.ArrayLike | None = None,
    y_valid: npt.ArrayLike | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> HcdvValues:
    """Price every row by local Shapley games down a tree of balanced clusters of an embedding.

    HCDV (arXiv:2512.19363): an encoder (equation 10), or an embedding that is given; clusters of clusters (equation
    11); ``v(S) = M(S) + lambda * dispersion(S)`` (equations 18 and 20); local Shapley values (equation 13) that divide
    each node's pot. Owners are no input: values of rows do not depend on how sellers split their accounts. The blocks
    are those of a marketplace run (:class:`~valuation.core.hcdv.plan.HcdvPlan`), run in this process.

    Args:
        game: The metric ``M`` of coalitions of rows.
        X: Features of the rows, finite ``(n_rows, f)``; with ``config.embedding`` "given" they are the embedding. Rows
            are taken in content order, and rows alike in ``X`` and ``y`` get the same value.
        y: Labels or numbers, ``(n_rows,)``, as ``config.task`` says.
        config: Settings.
        rng: Source of all randomness; the result's seed is its first draw, and starts the generators of all others.
        X_valid: Features of the validation rows, ``(m, f)``; needed where a leaf is valued by its neighbours.
        y_valid: Their labels, ``(m,)``.
        progress: Told evaluations spent and most to be spent after every block.

    Returns:
        Values of rows, with ``lambda`` and with ``lambda = 0``; each sums to its ``v(N) - v(empty)`` to float
        precision.

    Raises:
        InvalidDataError: Shapes do not fit, or leaves need neighbours that cannot be had; nothing is spent by then.
        InvalidSpecError: A setting is out of range.
        UtilityNotFiniteError: The game answered NaN or infinity.

    Note:
        Departs from the paper where docs/algorithms/hcdv.md says so, with reasons.
    """
    features, targets = np.asarray(X, dtype=np.float64), np.asarray(y)
    if features.ndim != 2 or len(features) != game.n_players or targets.shape != features.shape[:1]:  # noqa: PLR2004
        raise InvalidDataError(f"A game of {game.n_players} rows needs as many rows of features and targets.")
    if X_valid is None or y_valid is None:
        rows = PooledRows(features, targets, np.zeros((0, features.shape[1])), targets[:0])
    else:
        rows = PooledRows(features, targets, np.asarray(X_valid, dtype=np.float64), np.asarray(y_valid))
    seed = int(rng.integers(2**63))
    plan = HcdvPlan(len(features), config)
    most = config.evaluations(len(features))

    def tell(state: PlanState) -> None:
        if progress is not None:
            progress(state.evaluations, most)

    return plan.estimate(run_plan(plan, game, [], seed, rows=rows, progress=tell), seed)
