"""What floating point cannot tell from 0 is 0: rounding must neither keep a run going nor decide who is paid."""

import numpy as np

from valuation.core.games.game import FloatMatrix, FloatVector

# Values are sums of many weighted utilities. On constant utilities of 3 to 50 sellers rounding left up to 60 machine
# epsilons of the utility; anything that a market could mean lies far above a thousand.
_EPSILONS = 1000.0


def rounding_of(scale: float) -> float:
    """What rounding may leave of a sum of numbers up to ``scale`` in absolute value, in the unit of ``scale``."""
    return _EPSILONS * float(np.finfo(np.float64).eps) * scale


def settled_values(values: FloatVector, total: float, noise: float) -> FloatVector:
    """Values with those within ``noise`` of 0 set to exactly 0, and their sum kept.

    Args:
        values: float64 ``(n_groups,)``, in metric units.
        total: What the values sum to, ``U(N) - U(empty)``.
        noise: Largest absolute value that rounding may have left.

    Returns:
        float64 ``(n_groups,)``: what the zeroed ones held is spread over the others; all 0 where all are noise.
    """
    kept = np.abs(values) > noise
    if kept.all() or not kept.any():
        return values * kept
    settled = values * kept
    settled[kept] += (total - settled.sum()) / kept.sum()
    return settled


def settled_covariance(covariance: FloatMatrix, noise: float) -> FloatMatrix:
    """A covariance without the rows and columns whose standard error is within ``noise``.

    A variance computed as a difference may come out a little below 0; it is within any noise, so that no standard
    error is ever NaN.

    Args:
        covariance: float64 ``(..., n_groups, n_groups)``, in squared metric units.
        noise: Largest standard error that rounding may have left.
    """
    kept = np.einsum("...gg->...g", covariance) > noise**2
    return np.asarray(covariance * (kept[..., :, None] & kept[..., None, :]))
