"""How equally a pot is shared: the Gini coefficient and the Lorenz curve."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatVector = npt.NDArray[np.float64]


class LorenzPoint(NamedTuple):
    """One corner of a Lorenz curve: the poorest ``sellers`` (a fraction) hold ``shares`` (a fraction) of the total."""

    sellers: float
    shares: float


def gini(shares: npt.ArrayLike) -> float | None:
    """Compute the Gini coefficient.

    ``G = sum_{g,h} |x_g - x_h| / (2 P^2 mean(x))`` (docs/mathematics.md section 4), evaluated over the sorted
    shares in O(P log P). It lies between 0 (all equal) and ``(P - 1) / P`` (one seller holds everything), not 1.

    Args:
        shares: Shares or amounts, ``(P,)``, not negative, in any unit.

    Returns:
        The coefficient, or None where it is undefined: no seller, or nothing shared.

    Raises:
        ValueError: A share is negative or not finite.
    """
    x = _sorted_shares(shares)
    total = float(x.sum())
    if total == 0.0:
        return None
    count = x.size
    ranks = np.arange(1, count + 1)
    # sum_{g,h} |x_g - x_h| = 2 sum_i (2 i - P - 1) x_(i) for ascending x_(i). Equal shares may miss 0 by a rounding
    # error below it, which would be printed as -0.00.
    return max(0.0, float(((2 * ranks - count - 1) * x).sum() / (count * total)))


def lorenz_curve(shares: npt.ArrayLike) -> tuple[LorenzPoint, ...]:
    """Compute the corners of the Lorenz curve, poorest seller first.

    Args:
        shares: Shares or amounts, ``(P,)``, not negative, in any unit.

    Returns:
        ``P + 1`` points from ``(0, 0)`` to ``(1, 1)``; empty where nothing is shared.

    Raises:
        ValueError: A share is negative or not finite.
    """
    x = _sorted_shares(shares)
    total = float(x.sum())
    if total == 0.0:
        return ()
    held = np.concatenate(([0.0], np.cumsum(x) / total))
    held[-1] = 1.0  # the cumulative sum may miss 1 by a rounding error
    return tuple(LorenzPoint(index / x.size, float(part)) for index, part in enumerate(held))


def _sorted_shares(shares: npt.ArrayLike) -> FloatVector:
    x = np.sort(np.asarray(shares, dtype=np.float64))
    if not np.isfinite(x).all() or (x < 0).any():
        raise ValueError("Shares must be finite and not negative.")
    return x
