"""Blocks over whole sellers: the two ends, all seller coalitions, leave-one-out coalitions, circles of sellers.

Group Shapley value and leave-one-out are linear in the utilities of seller coalitions, so a block returns weighted
sums and a run never stores a score per coalition and validation row.
"""

from collections.abc import Sequence
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

from valuation.core.games.game import (
    BoolMatrix,
    FloatMatrix,
    FloatVector,
    Game,
    IndexVector,
    group_game,
    is_rowwise,
    row_strata,
    scores,
    slice_length,
)
from valuation.core.sampling.circles import arcs, evaluations_of_circle

Arrays = dict[str, npt.NDArray[Any]]

# All coalitions of so many groups at most are evaluated where the budget allows it: by an estimator, and in a run,
# which keeps the utility of each in its state. The second alters stored rounds.
EXACT_GROUPS_MAX = 18
EXACT_GROUPS_OF_RUNS_MAX = 12


class Nothing(TypedDict):
    """No parameters: a block that is always the same."""


class Span(TypedDict):
    """Which of the coalitions, sellers or circles a block looks at: ``first..last-1``. The names are stored."""

    first: int
    last: int


def coalitions_from_codes(codes: npt.NDArray[np.int64], n_players: int) -> BoolMatrix:
    """Coalitions whose member ``g`` is bit ``g`` of the code, bool ``(n_codes, n_players)``."""
    return ((codes[:, None] >> np.arange(n_players)) & 1).astype(np.bool_)


def shapley_weights(coalitions: BoolMatrix) -> FloatMatrix:
    """Weight of each coalition's utility in each player's Shapley value, float64 ``(n_players, n_coalitions)``.

    ``phi_g = sum_A w_g(A) V(A)`` with ``w_g(A) = 1 / (|A| C(P, |A|))`` for members and ``-1 / ((P - |A|) C(P, |A|))``
    for the others, which is Shapley's formula with the terms collected by coalition.
    """
    n = coalitions.shape[1]
    sizes = coalitions.sum(axis=1)
    binomials = np.array([_binomial(n, size) for size in range(n + 1)])[sizes]
    inside = np.divide(1.0, sizes * binomials, out=np.zeros(len(sizes)), where=sizes > 0)
    outside = np.divide(1.0, (n - sizes) * binomials, out=np.zeros(len(sizes)), where=sizes < n)
    return np.asarray(np.where(coalitions.T, inside, -outside))


def _binomial(n: int, k: int) -> float:
    value = 1.0
    for step in range(1, k + 1):
        value = value * (n - k + step) / step
    return value


def _weighted(game: Game, coalitions: BoolMatrix, weights: FloatMatrix, name: str) -> tuple[Arrays, FloatVector]:
    """Sums ``weights @ utilities`` (and of row scores), evaluated in slices; and the utilities."""
    sums, found = np.zeros(len(weights)), np.zeros(len(coalitions))
    rows: FloatMatrix | None = None
    step = slice_length(game.n_players)
    for at in range(0, len(coalitions), step):
        utilities, row_scores = scores(game, coalitions[at : at + step])
        part = weights[:, at : at + step]
        found[at : at + step] = utilities
        sums = sums + part @ utilities
        if row_scores is not None:
            rows = part @ row_scores if rows is None else rows + part @ row_scores
    arrays: Arrays = {name: sums}
    if rows is not None:
        arrays[f"{name}_rows"] = rows
    return arrays, found


def ends(game: Game, groups: Sequence[IndexVector], params: Nothing, rng: np.random.Generator) -> tuple[Arrays, int]:
    """``V(none)`` and ``V(all)``: two evaluations, returned in this order under ``"ends"``, and strata of rows."""
    del params, rng
    sellers = np.zeros((2, len(groups)), dtype=np.bool_)
    sellers[1] = True
    arrays, strata = _weighted(group_game(game, groups), sellers, np.eye(2), "ends")[0], row_strata(game)
    if strata is not None and "ends_rows" in arrays:
        arrays["strata_rows"] = strata
    return arrays, 2


def coalitions(game: Game, groups: Sequence[IndexVector], params: Span, rng: np.random.Generator) -> tuple[Arrays, int]:
    """Seller coalitions with codes ``first..last-1``: their part of the Shapley values and leave-one-out drops.

    And the utility of each in its place among all ``2^P``, 0 elsewhere: removal curves read it off.
    """
    del rng
    codes = np.arange(params["first"], params["last"], dtype=np.int64)
    sellers = coalitions_from_codes(codes, len(groups))
    lifted = group_game(game, groups)
    drops = np.where((sellers.sum(axis=1) == len(groups) - 1)[None, :] & ~sellers.T, -1.0, 0.0)
    arrays, found = _weighted(lifted, sellers, np.vstack([shapley_weights(sellers), drops]), "sellers")
    utilities = np.zeros(2 ** len(groups))
    utilities[codes] = found
    return arrays | {"coalition_utilities": utilities}, len(codes)


def without_one(
    game: Game, groups: Sequence[IndexVector], params: Span, rng: np.random.Generator
) -> tuple[Arrays, int]:
    """``-V(N - g)`` for sellers ``first..last-1``, the part of leave-one-out that is not ``V(N)``."""
    del rng
    chosen = np.eye(len(groups), dtype=np.bool_)[params["first"] : params["last"]]
    return _weighted(group_game(game, groups), ~chosen, np.where(chosen.T, -1.0, 0.0), "drops")[0], len(chosen)


def circles(game: Game, groups: Sequence[IndexVector], params: Span, rng: np.random.Generator) -> tuple[Arrays, int]:
    """Mean marginal contributions of sellers on random circles ``first..last-1``, without what the ends add.

    Every seller is the first of two of the ``2 P`` orders round a circle and the last of two, so that ``V(all)`` and
    ``V(empty)`` add ``(V(all) - V(empty)) / P`` to each, whatever the circle. Sums per validation row are kept of the
    even and of the odd circles (:func:`~valuation.core.statistics.validation_sample.validation_covariance`).
    """
    n_groups = len(groups)
    lifted = group_game(game, groups)
    total, outer, halves = np.zeros(n_groups), np.zeros((n_groups, n_groups)), np.zeros(2)
    by_half: list[FloatMatrix | float] = [0.0, 0.0]
    for number in range(params["first"], params["last"]):
        half = number % 2
        circle, gains = rng.permutation(n_groups), np.zeros(n_groups)
        for members, starts, sizes in arcs(circle):
            weights = _arc_weights(circle, starts, sizes)
            utilities, row_scores = scores(lifted, members)
            gains = gains + weights @ utilities
            if row_scores is not None:
                by_half[half] = by_half[half] + weights @ row_scores
        total, outer = total + gains, outer + np.outer(gains, gains)
        halves[half] += 1.0
    arrays: Arrays = {"circles": halves, "circle_sum": total, "circle_outer": outer}
    if is_rowwise(lifted):
        m = max(np.size(rows) for rows in by_half) // n_groups
        arrays["circle_rows"] = np.stack([np.broadcast_to(rows, (n_groups, m)) for rows in by_half])
    return arrays, evaluations_of_circle(n_groups) * int(halves.sum())


def _arc_weights(circle: IndexVector, starts: IndexVector, sizes: IndexVector) -> FloatMatrix:
    """Weights of the arcs' utilities in each seller's mean marginal contribution, float64 ``(P, n_arcs)``.

    The sellers at both ends of an arc were the last to join it, the one behind it and the one before it join next.
    """
    n, at = len(circle), np.arange(len(starts))
    weights = np.zeros((n, len(starts)))
    for seats, sign in ((starts, 1), (starts + sizes - 1, 1), (starts + sizes, -1), (starts - 1, -1)):
        weights[circle[seats % n], at] += sign / (2 * n)
    return weights
