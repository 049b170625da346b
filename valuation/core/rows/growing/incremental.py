"""HCDV-Inc: values of rows kept up to date as rows arrive, by playing only the local games that changed."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from valuation.core.errors import BudgetTooSmallError, InvalidDataError
from valuation.core.games.game import FloatMatrix, FloatVector, Game, scores
from valuation.core.results import HcdvValues
from valuation.core.rows.blocks import bounded_ends, bounds
from valuation.core.rows.config import ENDS_EVALUATIONS
from valuation.core.rows.dispersion import unit_rows
from valuation.core.rows.encoder.frozen import FrozenEmbedding
from valuation.core.rows.games.attribution import attribute, node_method, summaries
from valuation.core.rows.games.cached_games import Content, Metric, played, unknown_evaluations
from valuation.core.rows.games.local_game import RowsUtility
from valuation.core.rows.games.neighbor_values import neighbor_values, shared_codes
from valuation.core.rows.growing.growth import Builder, grown, tree_of_branch
from valuation.core.rows.growing.incremental_state import IncrementalConfig, IncrementalState
from valuation.core.rows.growing.row_keys import ByteMatrix, row_keys
from valuation.core.sampling.seeds import seed_from

METHOD_VERSION = "hcdv-inc/1"
# The metric of no row may move by rounding alone.
_EMPTY_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class IncrementalValues(HcdvValues):
    """Values of all rows after an update.

    Attributes:
        evaluations_saved: What the games taken from the last state would have cost: ``evaluations`` and these are what
            playing the whole tree takes.
        games_played: Local games played.
        games_reused: Local games taken from the last state.
        leaves_founded: Leaves that new rows founded.
        rebalanced: Whether the tree was put back into balance.
    """

    evaluations_saved: int = 0
    games_played: int = 0
    games_reused: int = 0
    leaves_founded: int = 0
    rebalanced: bool = False


def start_incremental(
    game: Game,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    config: IncrementalConfig,
    rng: np.random.Generator,
    X_valid: npt.ArrayLike | None = None,
    y_valid: npt.ArrayLike | None = None,
    embedding: FrozenEmbedding | None = None,
) -> tuple[IncrementalValues, IncrementalState]:
    """Value the first rows, and keep what later updates build on: HCDV with a frozen embedding and named games.

    Args:
        game: The metric ``M`` of coalitions of these rows.
        X: Features, ``(n, f)`` or images; ``n >= 1``.
        y: Labels (numbers or texts) or numbers, ``(n,)``.
        config: Settings.
        rng: Source of the seed, its only draw.
        X_valid: Features of the validation rows; needed where a leaf is valued by its neighbours.
        y_valid: Their labels.
        embedding: A frozen one; fitted to the rows where it is ``None``.

    Returns:
        Values, and the state. Values are those of :func:`valuation.core.estimate_hcdv` up to its draws.

    Raises:
        InvalidDataError: Shapes do not fit, or leaves need neighbours that cannot be had; nothing is spent by then.
        UtilityNotFiniteError: The game answered NaN or infinity.
    """
    seed = seed_from(rng)
    targets = np.asarray(y)
    if embedding is None:
        embedding = FrozenEmbedding.fit(X, targets, config=config.hcdv, rng=np.random.default_rng([seed, 0]))
    z = embedding.embed(X)
    if len(z) != game.n_players or targets.shape != (len(z),):
        raise InvalidDataError(f"A game of {game.n_players} rows needs as many rows of features and targets.")
    keys = row_keys(np.asarray(X, dtype=np.float64), targets)
    has_valid = X_valid is not None and y_valid is not None
    state = IncrementalState(
        config,
        seed,
        embedding,
        keys,
        z,
        targets,
        embedding.embed(X_valid) if has_valid and X_valid is not None else z[:0],
        np.asarray(y_valid) if has_valid else targets[:0],
        tree_of_branch(Builder(z, keys, config.hcdv, seed).built(np.arange(len(z)))),
        {},
        0.0,
    )
    asked = _asked(state)
    ends = _ends(game)
    return _valued(game, replace(state, empty=float(ends[0])), asked, ends)


def update_incremental(
    state: IncrementalState, game: Game, X_new: npt.ArrayLike, y_new: npt.ArrayLike, *, budget: int | None = None
) -> tuple[IncrementalValues, IncrementalState]:
    """Value all rows after some have arrived, playing the leaves they fall into, these leaves' ancestors, and no more.

    HCDV-Inc (arXiv:2512.19363, "Valuation in Streaming Settings"): a new row is embedded by the frozen encoder and
    joins the leaf whose centroid is nearest by cosine, or founds one where that is farther than ``tau``; all other
    local games are those of the last state; pots are divided anew down the whole tree. Every ``m``-th update puts the
    tree back into balance, where it is out of it.

    A game is named by what its parts contain and draws from a generator started by that name, so that the result is
    what :func:`recompute` gets on the same tree: to the last bit where the game's own answers do not depend on which
    other coalitions it is asked about, and to its rounding otherwise.

    Args:
        state: What the last update returned. It stays as it is: an update may be asked for again.
        game: The metric of coalitions of all rows: the old ones in the order of the state, then the new ones. Model,
            metric and validation rows must be those of before.
        X_new: Features of the new rows, shaped as the first were; there may be none.
        y_new: Their targets.
        budget: Most evaluations to spend; what it takes at most is known beforehand.

    Returns:
        Values of all rows, and the next state.

    Raises:
        InvalidDataError: Shapes do not fit, or the empty coalition is worth something else than before.
        BudgetTooSmallError: The update may take more than the budget; nothing is spent by then.
        UtilityNotFiniteError: The game answered NaN or infinity.
    """
    features, targets = np.asarray(X_new, dtype=np.float64), np.asarray(y_new)
    z_new = state.embedding.embed(features)
    if targets.shape != (len(z_new),) or game.n_players != len(state.z) + len(z_new):
        raise InvalidDataError(
            f"{len(state.z)} rows and {len(z_new)} new ones need as many new targets and a game of all of them."
        )
    if len(targets) and (targets.dtype.kind == "U") != (state.y.dtype.kind == "U"):
        raise InvalidDataError("Targets were numbers or texts before and must be the same now.")
    # An array of no target has a type of its own, which must not turn numbers into texts.
    y = np.concatenate([state.y, targets]) if len(targets) else state.y
    z = np.concatenate([state.z, z_new])
    keys = np.concatenate([state.keys, row_keys(features, targets)])
    branch, founded = grown(state.tree, z, keys, state.config.spawn_distance)
    updates, config = state.updates + 1, state.config
    balance = updates % config.rebalance_every == 0
    if balance:
        branch = Builder(z, keys, config.hcdv, state.seed).rebalanced(branch, config.imbalance_max)
    now = replace(state, keys=keys, z=z, y=y, tree=tree_of_branch(branch), updates=updates)
    asked = _asked(now)
    most = ENDS_EVALUATIONS + unknown_evaluations(now.tree, asked.content, now.games)
    if budget is not None and most > budget:
        raise BudgetTooSmallError(budget, most)
    values, now = _valued(game, now, asked, _ends(game))
    return replace(values, leaves_founded=founded, rebalanced=balance), now


def recompute(state: IncrementalState, game: Game) -> IncrementalValues:
    """The values of the state's tree with every local game played again: what an update is measured against."""
    return _valued(game, replace(state, games={}), _asked(state), _ends(game))[0]


@dataclass(frozen=True, eq=False)
class _Asked:
    """What can be had of a state without an evaluation."""

    content: Content
    neighbors: FloatVector


def _asked(state: IncrementalState) -> _Asked:
    codes, codes_valid = _codes(state)
    content = Content(state.keys, unit_rows(state.z), codes, state.config.hcdv, state.seed)
    return _Asked(content, _neighbor_values(state, content, codes_valid))


def _ends(game: Game) -> FloatVector:
    """The metric of no row and of all, float64 ``(2,)``."""
    return scores(game, np.repeat([[False], [True]], game.n_players, axis=1))[0]


def _valued(
    game: Game, state: IncrementalState, asked: _Asked, ends: FloatVector
) -> tuple[IncrementalValues, IncrementalState]:
    """Values of the state's rows down its tree, and the state with all games of this tree."""
    tree, config = state.tree, state.config.hcdv
    metric = _metric(game, state, asked.content, ends)
    found = played(tree, asked.content, metric, asked.neighbors, state.games)
    attribution = attribute(tree, found.sums, metric.pot, config)
    values = _shared(attribution.values, state.keys)
    spent = {**found.spent, 0: found.spent[0] + ENDS_EVALUATIONS}
    return IncrementalValues(
        values=values[:, 0],
        standard_errors=None,
        evaluations=metric.utility.evaluations + ENDS_EVALUATIONS,
        seed=state.seed,
        method_version=METHOD_VERSION,
        metric_values=values[:, 1],
        levels=summaries(tree, attribution, config, spent),
        encoder_refused=state.embedding.encoder_refused,
        evaluations_saved=found.saved,
        games_played=found.nodes_played,
        games_reused=found.nodes_reused,
    ), replace(state, games=found.games)


def _metric(game: Game, state: IncrementalState, content: Content, ends: FloatVector) -> Metric:
    """What the games are about, which must be what those of the state were about."""
    if abs(ends[0] - state.empty) > _EMPTY_TOLERANCE * max(1.0, abs(state.empty)):
        raise InvalidDataError(
            f"No row was worth {state.empty:g} and is worth {ends[0]:g} now: with another model, metric or other "
            "validation rows all values must be computed anew."
        )
    # As it was to the last bit, which known games were played with.
    ends = np.array([state.empty, ends[1]])
    empty, full = bounded_ends(ends, content.config)
    weight = content.config.dispersion_weight * content.config.unit(state.empty)
    in_order = np.argsort(content.ranks)
    together = content.dispersion(in_order, np.zeros(len(in_order), dtype=np.intp), 1)
    gain = weight * float(together(np.ones((1, 1), dtype=np.bool_))[0])
    utility = RowsUtility(game, np.arange(game.n_players), bounds(ends, content.config))
    return Metric(utility, empty, weight, np.array([full + gain - empty, full - empty]))


def _codes(state: IncrementalState) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Numbers as they are, or class codes common to rows and validation rows."""
    if state.config.hcdv.task == "classification":
        return shared_codes(state.y, state.y_valid)
    numbers = state.y.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise InvalidDataError("Targets must be finite numbers.")
    return numbers, numbers[:0]


def _neighbor_values(state: IncrementalState, content: Content, codes_valid: npt.NDArray[Any]) -> FloatVector:
    """KNN-Shapley values of all rows where a leaf asks for them, else zeros; anew every time."""
    if "knn" not in {node_method(state.tree, node, content.config) for node in range(state.tree.n_nodes)}:
        return np.zeros(len(state.z))
    order = np.argsort(content.ranks)
    return neighbor_values(state.z, content.codes, state.z_valid, codes_valid, order=order, config=content.config)


def _shared(values: FloatMatrix, keys: ByteMatrix) -> FloatMatrix:
    """Values with those of equal rows replaced by their mean, float64 ``(n, 2)``."""
    alike, counts = np.unique(keys, axis=0, return_inverse=True, return_counts=True)[1:]
    means = np.zeros((len(counts), 2))
    np.add.at(means, alike.reshape(-1), values)
    return np.asarray((means / counts[:, None])[alike.reshape(-1)])
