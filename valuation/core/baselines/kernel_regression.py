"""The regression whose coefficients are Shapley values, over coalitions paired with their complements.

The Shapley value minimises ``sum_S k(S) (U(S) - U(empty) - sum_{i in S} phi_i)^2`` under ``sum phi = pot``, where
``pot = U(N) - U(empty)`` and ``k(S) = 1 / (C(n, s) s (n - s))`` (Charnes et al. 1988). Putting ``phi = pot/n + gamma``
takes the constraint out: gamma is the regression on ``x_S = [i in S] - s/n``. A complement has ``-x_S``, so a pair is
one row with half of the difference as its response, and ``U(empty)`` drops out.
"""

import numpy as np

from valuation.core.games.game import BoolMatrix, FloatMatrix, FloatVector, Game, utilities_of

_ROWS = 1024
# A row that decides its own prediction has a residual of 0, which must not be divided by 0.
_LEVERAGE_LEFT = 1e-9
_SINGULAR = 1e-10


def half_differences(game: Game, coalitions: BoolMatrix) -> FloatVector:
    """``(U(S) - U(N - S)) / 2``, float64 ``(n_coalitions,)``; two evaluations each."""
    return np.asarray((utilities_of(game, coalitions) - utilities_of(game, ~coalitions)) / 2.0)


def paired_responses(game: Game, coalitions: BoolMatrix, pot: float) -> FloatVector:
    """Half differences less what ``pot / n`` a row explains of them, float64 ``(n_coalitions,)``."""
    return np.asarray(half_differences(game, coalitions) - pot * (coalitions.sum(axis=1) / game.n_players - 0.5))


def contrasts(coalitions: BoolMatrix) -> FloatMatrix:
    """``[i in S] - s/n``, float64 ``(n_coalitions, n)``."""
    return np.asarray(coalitions - coalitions.mean(axis=1, keepdims=True))


def regress(
    coalitions: BoolMatrix, responses: FloatVector, weights: FloatVector, unseen: FloatVector
) -> tuple[FloatVector, FloatVector]:
    """Weighted least squares of responses on contrasts, with sandwich standard errors.

    The covariance is ``G^+ sum_t f_t (w_t r_t / (1 - h_t))^2 x_t x_t' G^+`` with ``G = sum w x x'``, residuals ``r``
    and leverages ``h``: the jackknife's, known as HC3 (MacKinnon & White 1985), times the part ``f_t`` of its kind that
    a row was drawn to stand for without being it (1 with replacement).

    Args:
        coalitions: bool ``(n_pairs, n)``.
        responses: float64 ``(n_pairs,)``.
        weights: Positive, float64 ``(n_pairs,)``.
        unseen: ``f``, in [0, 1], float64 ``(n_pairs,)``.

    Returns:
        ``gamma`` and its standard errors, float64 ``(n,)`` each; gamma sums to 0.
    """
    n = coalitions.shape[1]
    gram, moments, squares = np.zeros((n, n)), np.zeros(n), np.zeros(n)
    chunks = [slice(at, at + _ROWS) for at in range(0, len(coalitions), _ROWS)]
    for chunk in chunks:
        x = contrasts(coalitions[chunk])
        weighted = x * weights[chunk, None]
        gram += weighted.T @ x
        moments += weighted.T @ responses[chunk]
    # Contrasts sum to 0, so the gram matrix is singular along (1, ..., 1): rounding there must not be inverted.
    along, scale = np.full((n, n), 1.0 / n), float(np.trace(gram)) / n
    inverse = np.linalg.pinv(gram + scale * along, rcond=_SINGULAR, hermitian=True) - along / scale
    gamma = inverse @ moments
    for chunk in chunks:
        x = contrasts(coalitions[chunk])
        moved = x @ inverse * weights[chunk, None]
        left = np.maximum(1.0 - (moved * x).sum(axis=1), _LEVERAGE_LEFT)
        scores = (responses[chunk] - x @ gamma) / left * np.sqrt(unseen[chunk])
        squares += ((moved * scores[:, None]) ** 2).sum(axis=0)
    return gamma, np.sqrt(squares)
