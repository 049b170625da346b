"""The library's door to HCDV: a game over rows, their embedding, one call."""

import numpy as np
import numpy.typing as npt

from valuation.core.errors import InvalidDataError
from valuation.core.games import FloatVector, Game, IndexVector
from valuation.core.hcdv.attribution import Rows, attribute, node_method
from valuation.core.hcdv.balanced_kmeans import content_order
from valuation.core.hcdv.config import HcdvConfig
from valuation.core.hcdv.dispersion import unit_rows
from valuation.core.hcdv.hierarchy import build_hierarchy
from valuation.core.hcdv.local_game import RowsUtility
from valuation.core.results import HcdvValues


def estimate_hcdv(
    game: Game,
    z: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    config: HcdvConfig,
    rng: np.random.Generator,
    z_valid: npt.ArrayLike | None = None,
    y_valid: npt.ArrayLike | None = None,
) -> HcdvValues:
    """Price every row by local Shapley games down a tree of balanced clusters of a given embedding.

    HCDV (arXiv:2512.19363), stages II and III: clusters of clusters (equation 11), ``v(S) = M(S) + lambda *
    dispersion(S)`` (equations 18 and 20), local Shapley values (equation 13) that divide each node's pot. Owners are
    no input: values of rows do not depend on how sellers split their accounts.

    Args:
        game: The metric ``M`` of coalitions of rows.
        z: Embedding of the rows, finite ``(n_rows, d)``. Rows are taken in content order of ``z``, then ``y``; only
            rows alike in both stay in the order given.
        y: Labels or numbers, ``(n_rows,)``, as ``config.task`` says.
        config: Settings.
        rng: Source of all randomness; the result's seed is its first draw, and starts the generator of all others.
        z_valid: Embedding of the validation rows, ``(m, d)``; needed where a leaf is valued by its neighbours.
        y_valid: Their labels, ``(m,)``.

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
    embedding = np.asarray(z, dtype=np.float64)
    targets = np.asarray(y)
    if embedding.ndim != 2 or len(embedding) != game.n_players or targets.shape != embedding.shape[:1]:  # noqa: PLR2004
        raise InvalidDataError(f"A game of {game.n_players} rows needs as many embeddings and targets.")
    codes, codes_valid = _targets(targets, y_valid, config)
    order = content_order(embedding, codes)
    embedding, codes = embedding[order], codes[order]
    seed = int(rng.integers(2**63))
    draws = np.random.default_rng(seed)
    tree = build_hierarchy(
        embedding, children=config.children, leaf_size=config.leaf_size, rng=draws, hierarchy=config.hierarchy
    )
    valid = None
    if "knn" in {node_method(tree, node, config) for node in range(tree.n_nodes)}:
        if config.task == "regression" or z_valid is None or codes_valid is None:
            raise InvalidDataError(
                "Leaves too large to enumerate are valued by neighbours, which needs labels and validation "
                "embeddings: give them, choose smaller leaves, or divide large leaves uniformly."
            )
        valid = np.asarray(z_valid, dtype=np.float64), codes_valid
    utility = RowsUtility(game, order, config.metric_range)
    found = attribute(tree, Rows(embedding, unit_rows(embedding), codes, valid), utility, config, draws)
    values = np.empty_like(found.values)
    values[order] = found.values
    return HcdvValues(
        values=values[:, 0],
        standard_errors=None,
        evaluations=utility.evaluations,
        seed=seed,
        method_version="hcdv/1",
        metric_values=values[:, 1],
        levels=found.levels,
    )


def _targets(
    y: npt.NDArray[np.generic], y_valid: npt.ArrayLike | None, config: HcdvConfig
) -> tuple[FloatVector | IndexVector, IndexVector | None]:
    """Numbers as they are, or class codes common to training and validation rows."""
    if config.task == "regression":
        numbers = y.astype(np.float64)
        if not np.isfinite(numbers).all():
            raise InvalidDataError("Targets must be finite numbers.")
        return numbers, None
    labels = y if y_valid is None else np.concatenate([y, np.asarray(y_valid)])
    codes = np.unique(labels, return_inverse=True)[1]
    return codes[: len(y)], None if y_valid is None else codes[len(y) :]
