"""How many draws each stratum gets next: Neyman allocation by sd / sqrt(cost), filled up from what is drawn."""

import numpy as np

from valuation.core.games.game import FloatMatrix, FloatVector

_BISECTIONS = 60
# A neighbour's noise is a hint of one's own: a pilot that saw a constant utility by luck must not end a stratum.
_NEIGHBOUR_PART = 0.2
_ROUNDS = 8


def wanted_draws(
    per_draw: FloatMatrix,
    drawn: FloatVector,
    cost: FloatVector,
    evaluations: FloatVector,
    *,
    variance_target: float | None,
    evaluations_max: float,
) -> FloatVector:
    """Total draws of each stratum, at least ``drawn``, that reach the target variance or the limit most cheaply.

    Minimises cost subject to ``max_g sum_k per_draw[k, g] / draws[k] <= variance_target``: draws proportional to
    ``sqrt(sum_g weight_g per_draw[k, g] / cost[k])`` where that exceeds what is drawn, the weights moved toward the
    worst group in a few multiplicative rounds.

    Args:
        per_draw: Variance of every group's value if the stratum had one draw, float64 ``(n_strata, n_groups)``.
        drawn: Draws so far, float64 ``(n_strata,)``.
        cost: Cost of one draw in any unit, float64 ``(n_strata,)``.
        evaluations: Utility evaluations of one draw, float64 ``(n_strata,)``.
        variance_target: Largest allowed variance; ``None`` spends the whole limit.
        evaluations_max: Most evaluations to add.

    Returns:
        float64 ``(n_strata,)``, not rounded.
    """
    weights = np.full(per_draw.shape[1], 1.0 / per_draw.shape[1])
    draws = drawn
    for _ in range(_ROUNDS):
        intensity = np.sqrt(_smoothed(per_draw @ weights) / cost)
        level = _level(
            per_draw,
            drawn,
            evaluations,
            intensity=intensity,
            variance_target=variance_target,
            evaluations_max=evaluations_max,
        )
        draws = np.maximum(drawn, level * intensity)
        variances = (per_draw / draws[:, None]).sum(axis=0)
        if variances.max() <= 0:
            return drawn
        weights = weights * np.sqrt(np.maximum(variances, 1e-12 * variances.max()))
        weights /= weights.sum()
    return draws


def _level(
    per_draw: FloatMatrix,
    drawn: FloatVector,
    evaluations: FloatVector,
    *,
    intensity: FloatVector,
    variance_target: float | None,
    evaluations_max: float,
) -> float:
    """Smallest multiple of ``intensity`` that meets the target, cut where added evaluations would pass the limit."""
    if not intensity.any():
        return 0.0
    low, high = 0.0, float(((drawn + evaluations_max / evaluations)[intensity > 0] / intensity[intensity > 0]).max())
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        draws = np.maximum(drawn, middle * intensity)
        too_dear = float((draws - drawn) @ evaluations) > evaluations_max
        precise = variance_target is not None and (per_draw / draws[:, None]).sum(axis=0).max() <= variance_target
        low, high = (low, middle) if too_dear or precise else (middle, high)
    return low


def _smoothed(variance: FloatVector) -> FloatVector:
    padded = np.pad(variance, 1)
    return np.maximum(variance, _NEIGHBOUR_PART**2 * np.maximum(padded[:-2], padded[2:]))
