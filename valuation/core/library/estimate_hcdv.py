"""The library's door to HCDV: a game over rows, what they hold, one call."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from valuation.core.errors import InvalidDataError
from valuation.core.games.game import Game
from valuation.core.games.rows import PooledRows
from valuation.core.plans.plan import PlanState, SavedBlocks
from valuation.core.results import HcdvValues
from valuation.core.rows.config import HcdvConfig
from valuation.core.rows.encoder.frozen import FrozenEmbedding
from valuation.core.rows.encoder.inputs import checked_features
from valuation.core.rows.plan import HcdvPlan
from valuation.core.rows.repetitions import RepeatedHcdvPlan
from valuation.core.runner import run_plan
from valuation.core.sampling.seeds import seed_from


def estimate_hcdv(
    game: Game,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    config: HcdvConfig,
    rng: np.random.Generator,
    X_valid: npt.ArrayLike | None = None,
    y_valid: npt.ArrayLike | None = None,
    embedding: FrozenEmbedding | None = None,
    repetitions: int = 1,
    progress: Callable[[int, int], None] | None = None,
    saved: SavedBlocks | None = None,
) -> HcdvValues:
    """Price every row by local Shapley games down a tree of balanced clusters of an embedding.

    HCDV (arXiv:2512.19363): an encoder (equation 10), or an embedding that is given; clusters of clusters (equation
    11); ``v(S) = M(S) + lambda * dispersion(S)`` (equations 18 and 20); local Shapley values (equation 13) that divide
    each node's pot. Owners are no input: values of rows do not depend on how sellers split their accounts. The blocks
    are those of a marketplace run (:class:`~valuation.core.rows.repetitions.RepeatedHcdvPlan`), run in this process.

    Args:
        game: The metric ``M`` of coalitions of rows.
        X: Features of the rows, finite ``(n_rows, f)``, or images ``(n_rows, h, w)`` or ``(n_rows, h, w, c)``; with
            ``config.embedding`` "given" they are the embedding. Rows are taken in content order, and rows alike in
            ``X`` and ``y`` get the same value.
        y: Labels or numbers, ``(n_rows,)``, as ``config.task`` says.
        config: Settings; the encoder's architecture is ``config.encoder.architecture``.
        rng: Source of all randomness; the result's seed is its first draw, and starts the generators of all others.
        X_valid: Features of the validation rows, shaped as ``X``; needed where a leaf is valued by its neighbours.
        y_valid: Their labels, ``(m,)``.
        embedding: A frozen one in place of ``config.embedding``: nothing is fitted here, and rows with equal embeddings
            and targets get the same value.
        repetitions: Independent encoders and trees to average over: 1, the paper's, without standard errors; or at
            least 4, from whose scatter they come. Each spends as much as one.
        progress: Told evaluations spent and most to be spent after every block. What it raises passes through: that
            cancels.
        saved: Keeps the blocks (:class:`~valuation.core.plans.block_folder.BlockFolder`); a call with the same
            arguments, the generator started anew, goes on from them and ends at the same bits.

    Returns:
        Values of rows, with ``lambda`` and with ``lambda = 0``; each sums to its ``v(N) - v(empty)`` to float
        precision. Sums by group with their errors:
        :func:`~valuation.core.rows.repetitions.hcdv_group_sums`.

    Raises:
        InvalidDataError: Shapes do not fit, or leaves need neighbours that cannot be had; nothing is spent by then.
        InvalidSpecError: A setting is out of range.
        UtilityNotFiniteError: The game answered NaN or infinity.
        SavedBlocksError: What is saved belongs to another run.

    Note:
        Departs from the paper where docs/algorithms/hcdv.md says so, with reasons.
    """
    rows = _rows(X, y, X_valid, y_valid, embedding)
    if len(rows.X) != game.n_players or rows.y.shape != (len(rows.X),):
        raise InvalidDataError(f"A game of {game.n_players} rows needs as many rows of features and targets.")
    seed = seed_from(rng)
    settings = config if embedding is None else replace(config, embedding="given")
    plan = RepeatedHcdvPlan(HcdvPlan(len(rows.X), settings), repetitions)

    def tell(state: PlanState) -> None:
        if progress is not None:
            progress(state.evaluations, plan.evaluations_max)

    state = run_plan(plan, game, [], seed, rows=rows, progress=tell, saved=saved)
    found = plan.estimate(state, seed)
    return found if embedding is None else replace(found, encoder_refused=embedding.encoder_refused)


def _rows(
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    X_valid: npt.ArrayLike | None,
    y_valid: npt.ArrayLike | None,
    embedding: FrozenEmbedding | None,
) -> PooledRows:
    """What the rows hold, or their embeddings where these are frozen."""
    shaped = _shaped if embedding is None else embedding.embed
    features, targets = shaped(X), np.asarray(y)
    if X_valid is None or y_valid is None:
        return PooledRows(features, targets, features[:0], targets[:0])
    return PooledRows(features, targets, shaped(X_valid), np.asarray(y_valid))


def _shaped(X: npt.ArrayLike) -> npt.NDArray[np.float64]:
    features = np.asarray(X, dtype=np.float64)
    # A table may have no columns: then every row is alike.
    return features if features.ndim == 2 else checked_features(features)  # noqa: PLR2004
