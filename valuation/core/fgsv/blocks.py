"""What one block of a stratum computes: sums that add up over blocks, and the same per validation row; the largest |U|.

The plain sum of the utilities goes along (``"utilities"``): their mean over a stratum is a point of the learning curve.
Sums per validation row (``"rows"``) are kept of two halves of the draws, which share no row order: only so does their
noise cancel where the spread over validation rows is asked (:mod:`~valuation.core.statistics.validation_sample`).

With ``p_g = s_g / n`` and ``k`` the composition of a coalition, the sum of T_g(s) over a stratum of ``L`` sizes is

- covariance form (lemma 1): the mean over draws of ``L n / (s (n - s)) (k_g - s p_g) (U(S) - c)``, ``c`` what a
  learning curve fitted to the other draws of the block predicts for the size, which is exactly unbiased;
- pairs: ``L n / (n - 1) p_g m_g``, where the slopes ``m`` solve ``y = x m`` by least squares over pairs that share
  all rows they can, ``x = (k_plus - k_minus) / r(s)``, ``y = (U_plus - U_minus) / r(s)``. In a *coupled* pair the
  compositions are those of independent uniform coalitions and the slopes those of lemma 1 at any curvature of mu; in
  a *weighing* pair they deviate by a fixed part, which is theorem 2. The reach ``r(s)`` makes every size of the
  stratum count alike: weighting by the difference itself would be biased where the slope changes with the size.
"""

from collections.abc import Callable, Sequence
from itertools import combinations, islice
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

from valuation.core.fgsv.draws import (
    balanced_counts,
    hypergeometric_counts,
    masks_of,
    paired_coalitions,
    sizes_in,
    uniform_coalitions,
)
from valuation.core.games.game import FloatMatrix, FloatVector, Game, IndexVector, group_labels, scores, slice_length

Arrays = dict[str, npt.NDArray[Any]]


class OfStratum(TypedDict):
    """The stratum that a block belongs to, and its sizes ``low..high``. The names are stored with blocks."""

    stratum: int
    low: int
    high: int


class Enumerated(OfStratum):
    """Coalitions ``first..last-1`` of a stratum of one size."""

    first: int
    last: int


class Drawn(OfStratum):
    """How many coalitions, or pairs, are drawn."""

    draws: int


Counts = npt.NDArray[np.int64]
CountsDraw = Callable[[Counts, Counts, np.random.Generator], tuple[Counts, Counts, FloatVector]]

# A block's own least squares removes the signal from its residuals once it has this many pairs a slope; with fewer
# the residuals are the differences themselves, which only overstates the error.
_PAIRS_PER_SLOPE = 3
# The learning curve inside a stratum, which centres the covariance form: near the full set of SOU it is steep and bent.
_CURVE_DEGREE = 2
# A draw that the curve all but passes through (leverage 1) has no other draws to be predicted from: the centring
# would divide by 0. In blocks of a few draws the curve is therefore stiffened until no leverage exceeds this.
_LEVERAGE_MAX = 0.9


def _evaluate(
    game: Game, members: Sequence[IndexVector], *weights: FloatMatrix
) -> tuple[FloatVector, FloatMatrix | None]:
    """Utilities of the coalitions, and ``weights @ row scores`` for each weights, ``(n_weights, n_groups, n_rows)``."""
    step = slice_length(game.n_players)
    utilities = np.empty(len(members))
    stacked = np.vstack(weights)
    rows: FloatMatrix | None = None
    for at in range(0, len(members), step):
        part, row_scores = scores(game, masks_of(members[at : at + step], game.n_players))
        utilities[at : at + step] = part
        if row_scores is not None:
            weighted = stacked[:, at : at + step] @ row_scores
            rows = weighted if rows is None else rows + weighted
    return utilities, None if rows is None else rows.reshape(len(weights), len(weights[0]), -1)


def _halves(draws: int) -> npt.NDArray[np.float64]:
    """How many of the draws belong to each half."""
    return np.array([(draws + 1) // 2, draws // 2], dtype=np.float64)


def _with_rows(arrays: Arrays, rows: FloatMatrix | None) -> Arrays:
    if rows is not None:
        arrays["rows"] = rows
    return arrays


def _lemma_1_weights(
    members: Sequence[IndexVector], groups: Sequence[IndexVector], n: int, n_sizes: int
) -> FloatMatrix:
    """Weights ``L n / (s (n - s)) (k_g - s p_g)`` of lemma 1, float64 ``(n_groups, n_coalitions)``."""
    labels, n_groups = group_labels(groups, n), len(groups)
    counts = np.array([np.bincount(labels[rows], minlength=n_groups) for rows in members], dtype=np.float64)
    sizes = counts.sum(axis=1)
    parts = np.array([len(group) for group in groups]) / n
    return np.asarray(((counts - np.outer(sizes, parts)) * (n_sizes * n / (sizes * (n - sizes)))[:, None]).T)


def _size_curve(sizes: npt.NDArray[np.int64]) -> FloatMatrix:
    """Orthonormal polynomials of the sizes up to degree 2, float64 ``(n_draws, degree + 1)``.

    The degree is lowered until every draw's leverage (its row's squared length) is at most 0.9; a single draw gets no
    column, its term stays uncentred. The choice looks at sizes alone, which keeps the estimate unbiased.
    """
    for degree in range(min(_CURVE_DEGREE, len(np.unique(sizes)) - 1), -1, -1):
        powers = (sizes - sizes.mean())[:, None] ** np.arange(degree + 1)
        curve = np.asarray(np.linalg.qr(powers.astype(np.float64))[0])
        if (curve**2).sum(axis=1).max() <= _LEVERAGE_MAX:
            return curve
    return np.empty((len(sizes), 0))


def enumeration(
    game: Game, groups: Sequence[IndexVector], params: Enumerated, rng: np.random.Generator
) -> tuple[Arrays, int]:
    """Coalitions ``first..last-1`` of size ``low`` in lexicographic order: their terms of the exact T(s)."""
    del rng
    listed = islice(combinations(range(game.n_players), params["low"]), params["first"], params["last"])
    members = [np.array(rows, dtype=np.intp) for rows in listed]
    weights = _lemma_1_weights(members, groups, game.n_players, 1)
    utilities, rows = _evaluate(game, members, weights)
    arrays: Arrays = {
        "draws": np.array(float(len(members))),
        "moment": weights @ utilities,
        "utilities": utilities.sum(),
        "largest": np.abs(utilities).max(),
    }
    return _with_rows(arrays, rows), len(members)


def covariance(
    game: Game, groups: Sequence[IndexVector], params: Drawn, rng: np.random.Generator
) -> tuple[Arrays, int]:
    """``draws`` uniform coalitions of sizes ``low..high`` in the covariance form of lemma 1.

    The coalitions depend on the generator, the number of rows and ``params`` alone, not on the groups.
    """
    n, draws = game.n_players, params["draws"]
    sizes = sizes_in(params["low"], params["high"], draws, rng)
    halves = _halves(draws)
    first = int(halves[0])
    members = [*uniform_coalitions(n, sizes[:first], rng), *uniform_coalitions(n, sizes[first:], rng)]
    weights = _lemma_1_weights(members, groups, n, params["high"] - params["low"] + 1)
    curve = _size_curve(sizes)
    # a (U - its prediction from the other draws) = a / (1 - leverage) * least-squares residual: linear in U and
    # unbiased
    weights = weights / (1.0 - (curve**2).sum(axis=1))
    in_first = np.arange(draws) < first
    # A half is predicted from all other draws too: that the halves meet there, their common part knows only as the
    # square of a leverage.
    centred = [half - (half @ curve) @ curve.T for half in (weights * in_first, weights * ~in_first)]
    utilities, rows = _evaluate(game, members, *centred)
    # `weights` hold the factor that turns residuals of least squares into errors of prediction.
    residuals = utilities - curve @ (curve.T @ utilities)
    terms = weights * residuals
    errors = residuals / (1.0 - (curve**2).sum(axis=1))
    arrays: Arrays = {
        "draws": np.array(float(draws)),
        "halves": halves,
        "moment": terms.sum(axis=1),
        "outer": terms @ terms.T,
        "squares": (errors**2).sum(),
        "fourths": (errors**4).sum(),
        "utilities": utilities.sum(),
        "largest": np.abs(utilities).max(),
    }
    return _with_rows(arrays, rows), draws


def coupled(game: Game, groups: Sequence[IndexVector], params: Drawn, rng: np.random.Generator) -> tuple[Arrays, int]:
    """``draws`` pairs of sizes ``low..high`` whose compositions are those of independent uniform coalitions."""
    return _pairs(game, groups, params, rng, hypergeometric_counts)


def weighing(game: Game, groups: Sequence[IndexVector], params: Drawn, rng: np.random.Generator) -> tuple[Arrays, int]:
    """``draws`` balanced pairs of sizes ``low..high``."""
    return _pairs(game, groups, params, rng, balanced_counts)


def _pairs(
    game: Game,
    groups: Sequence[IndexVector],
    params: Drawn,
    rng: np.random.Generator,
    draw_counts: CountsDraw,
) -> tuple[Arrays, int]:
    """Normal matrix and moment of the least squares over pairs, and the meat of its covariance."""
    n, draws, n_groups = game.n_players, params["draws"], len(groups)
    group_sizes = np.array([len(group) for group in groups], dtype=np.int64)
    plus, minus, reach = draw_counts(group_sizes, sizes_in(params["low"], params["high"], draws, rng), rng)
    labels, halves = group_labels(groups, n), _halves(draws)
    first = int(halves[0])
    pairs = [
        *paired_coalitions(labels, plus[:first], minus[:first], rng),
        *paired_coalitions(labels, plus[first:], minus[first:], rng),
    ]
    x = (plus - minus) / reach[:, None]
    weights = x.T / reach
    members = [rows for pair in pairs for rows in pair]
    signed = np.repeat(weights, 2, axis=1) * np.tile([1.0, -1.0], draws)
    in_first = np.arange(2 * draws) < 2 * first
    utilities, rows = _evaluate(game, members, signed * in_first, signed * ~in_first)
    y = (utilities[0::2] - utilities[1::2]) / reach
    arrays: Arrays = {
        "draws": np.array(float(draws)),
        "halves": halves,
        "moment": x.T @ y,
        "normal": np.stack([x[:first].T @ x[:first], x[first:].T @ x[first:]]),
        "steepness": (1.0 / reach**2).sum(),
        "utilities": utilities.sum(),
        "largest": np.abs(utilities).max(),
    }
    residuals = y
    if draws >= _PAIRS_PER_SLOPE * n_groups:
        inverse = np.linalg.pinv(arrays["normal"].sum(axis=0), hermitian=True)
        leverage = np.einsum("ji,ik,jk->j", x, inverse, x)
        # Residuals of least squares are too small by their leverage (MacKinnon and White 1985, HC2).
        residuals = (y - x @ (inverse @ arrays["moment"])) / np.sqrt(np.maximum(1.0 - leverage, 1.0 / draws))
    arrays["outer"] = (x.T * residuals**2) @ x
    arrays |= {"squares": ((residuals * reach) ** 2).sum(), "fourths": ((residuals * reach) ** 4).sum()}
    return _with_rows(arrays, rows), 2 * draws
