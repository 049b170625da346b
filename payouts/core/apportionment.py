"""Splitting whole minor units in exact proportion: the largest-remainder method with a fair, repeatable tie-break."""

import hashlib
from collections.abc import Mapping
from fractions import Fraction


def largest_remainder(total: int, weights: Mapping[str, Fraction], *, salt: str) -> dict[str, int]:
    """Split ``total`` units in proportion to weights (Hamilton's method).

    Every quota ``q_k = total * w_k / sum(w)`` is floored and the units still missing go, one each, to the largest
    remainders ``q_k - floor(q_k)``. Equal remainders are ordered by ``SHA-256(salt ":" key)``: the same round always
    gives the same answer, the order of sellers plays no part, and since each round brings another salt nobody is first
    over time. Zero weights get nothing.

    Args:
        total: Units to split, not negative.
        weights: Weight of each key, not negative.
        salt: Names the occasion, for instance the round's id.

    Returns:
        Units per key, in the order of ``weights``; they sum to ``total``, each less than one unit from its quota.

    Raises:
        ValueError: ``total`` or a weight is negative, or units are to be split over no positive weight.
    """
    if total < 0 or any(weight < 0 for weight in weights.values()):
        raise ValueError("Only amounts and weights of at least 0 can be apportioned.")
    whole = sum(weights.values(), Fraction(0))
    if whole == 0:
        if total:
            raise ValueError("Nobody has a positive weight, so nothing can be apportioned.")
        return dict.fromkeys(weights, 0)
    quotas = {key: total * weight / whole for key, weight in weights.items()}
    units = {key: quota.numerator // quota.denominator for key, quota in quotas.items()}
    missing = total - sum(units.values())
    by_remainder = sorted(quotas, key=lambda key: (units[key] - quotas[key], _draw(salt, key)))
    for key in by_remainder[:missing]:
        units[key] += 1
    return units


def _draw(salt: str, key: str) -> bytes:
    return hashlib.sha256(f"{salt}:{key}".encode()).digest()
