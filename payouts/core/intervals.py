"""How uncertain an amount is: from the covariance of values to intervals of shares and of money."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from payouts.core.allocation import Allocation, Entitlement
from payouts.core.policy import bounded_shares
from valuation.core.statistics.confidence import LEVEL

FloatVector = npt.NDArray[np.float64]
FloatMatrix = npt.NDArray[np.float64]

# In units of what is shared; an interval that wide covers every possible share.
_FAR = 1e50
# A tangent is measured over this part of the value's interval to both sides.
_NEARBY = 1e-3


@dataclass(frozen=True)
class Interval:
    """A closed interval in the unit of its point."""

    lower: float
    upper: float


@dataclass(frozen=True)
class MoneyInterval:
    """A closed interval in minor units, rounded outward."""

    lower_minor: int
    upper_minor: int


def value_intervals(values: npt.ArrayLike, covariance: npt.ArrayLike, *, level: float = LEVEL) -> tuple[Interval, ...]:
    """Compute ``v_g +- z sqrt(C_gg)``, normal approximation.

    Args:
        values: Values, float64 ``(P,)``, metric units.
        covariance: Their covariance, float64 ``(P, P)``, metric units squared.
        level: Probability that the interval covers, in (0, 1).

    Returns:
        One interval per value, metric units.

    Raises:
        ValueError: The shapes disagree or a figure is not finite.
    """
    v, c = _checked(values, covariance)
    return _around(v, np.sqrt(np.clip(np.diag(c), 0.0, None)), level)


def sum_by_owner(
    values: npt.ArrayLike, covariance: npt.ArrayLike, owner_keys: Sequence[str]
) -> tuple[tuple[str, ...], FloatVector, FloatMatrix]:
    """Add up accounts of the same owner: ``A v`` and ``A C A^T``, so that covariances between accounts count.

    Args:
        values: Account values, float64 ``(P,)``.
        covariance: Their covariance, float64 ``(P, P)``.
        owner_keys: Owner of each account, length ``P``.

    Returns:
        Owner keys in order, summed values ``(O,)``, their covariance ``(O, O)``.

    Raises:
        ValueError: The shapes disagree or a figure is not finite.
    """
    v, c = _checked(values, covariance)
    owners = tuple(sorted(set(owner_keys)))
    membership = np.array([[float(key == owner) for key in owner_keys] for owner in owners])
    membership = membership.reshape(len(owners), v.size)
    return owners, membership @ v, membership @ c @ membership.T


def share_intervals(
    allocation: Allocation,
    covariance: npt.ArrayLike,
    *,
    floor: Fraction = Fraction(0),
    cap: Fraction = Fraction(1),
    level: float = LEVEL,
) -> tuple[Interval, ...]:
    """Compute intervals of the accounts' shares by the delta method, with the policy's bounds.

    With ``F`` the owners strictly between floor and cap, ``w_o`` what an owner's value counts (under the rule of
    chances its part above 0 times its chance, else the value), ``W`` the sum over ``F`` and ``R`` the part of the pot
    they share, ``u_o = R w_o / W`` has the gradient ``R (w'_o e_o / W - w_o w'_F / W^2)``; its interval is cut to the
    policy's bounds. An account holds the part ``c_i / C`` of its owner, ``c = max(0, v)``, and its gradient follows by
    the product rule. Where nobody is strictly between the bounds, all paid owners count as free.

    A chance moves with its owner's value, and not evenly: an owner's own ``w'`` is the secant to either end of its
    value's interval, so that the share's interval has two unlike sides; in the others' shares it is the tangent. What
    chances are read off is held: one value moves it by about its part of all owners (the tests hold the coverage).

    An owner that is not paid sees how close it was: its interval runs from 0 to what the policy would give it if it
    were paid the upper bound of its value, ``w / (W + w)`` before floor and cap, with the paid owners' values held
    where they are and no other unpaid owner among them. Its accounts split that by their parts.

    Args:
        allocation: The allocation whose accounts are meant.
        covariance: Covariance of the account values, float64 ``(P, P)``, in the allocation's order of accounts.
        floor: The policy's floor.
        cap: The policy's cap.
        level: Probability that the interval covers, in (0, 1).

    Returns:
        One interval per account in the allocation's order; each contains the account's share.

    Raises:
        ValueError: The shapes disagree or a figure is not finite.
    """
    v, c = _checked([float(account.value) for account in allocation.accounts], covariance)
    shares = [account.share for account in allocation.accounts]
    free = [floor < owner.share < cap for owner in allocation.owners]
    if not any(free):
        free = [owner.share > 0 for owner in allocation.owners]
    if not any(free):
        return tuple(Interval(0.0, 0.0) for _ in shares)

    member = np.array([[float(a.owner_key == owner.key) for a in allocation.accounts] for owner in allocation.owners])
    values = member @ v
    reach = _quantile(level) * _deviations_of_sums(member, c)
    secants = [_slopes(allocation, values, values + side * reach) for side in (-1, 1)]
    tangents = _slopes(allocation, values - _NEARBY * reach, values + _NEARBY * reach)
    weights = [_weight(owner) for owner in allocation.owners]
    total = sum((weight for weight, counts in zip(weights, free, strict=True) if counts), Fraction(0))
    pool = float(sum(owner.share for owner, counts in zip(allocation.owners, free, strict=True) if counts))
    v, c = _in_units_of(float(total), v, c)
    # Beside free owners worth next to nothing a capped one may be any number of times larger.
    owner_shares = pool * np.array([float(min(weight / total, Fraction(_FAR))) for weight in weights])
    part, part_gradient = _parts_of_owner(v, member)
    points = part * (member.T @ owner_shares)
    deviations = []
    for own in secants:
        moved = pool * np.diag(own) - np.outer(owner_shares, free * tangents)
        moved += np.diag(owner_shares * free * (tangents - own))
        gradient = part[:, None] * (member.T @ moved @ member) + (member.T @ owner_shares)[:, None] * part_gradient
        deviations.append(np.sqrt(np.clip(((gradient @ c) * gradient).sum(axis=1), 0.0, None)))
    if_paid = part * (member.T @ _shares_if_paid(allocation, values + reach, unit=total, floor=floor, cap=cap))
    is_paid = member.T @ np.array([float(owner.share > 0) for owner in allocation.owners]) > 0
    least = float(floor) * part * np.array([share > 0 for share in shares])
    # A straight line to a value that counts nothing does not end at a share of 0, because the others' shares grow as
    # it goes: there the end is known without it.
    counts = member.T @ (_counted(allocation, values - reach) > 0) > 0
    lower = np.maximum(np.where(counts, points - _quantile(level) * deviations[0], 0.0), least)
    upper = np.minimum(np.where(is_paid, points + _quantile(level) * deviations[1], if_paid), float(cap))
    return tuple(
        Interval(lower=min(low, float(share)), upper=max(high, float(share)))
        for low, high, share in zip(lower.tolist(), upper.tolist(), shares, strict=True)
    )


def money_interval(interval: Interval, *, distributable_minor: int, amount_minor: int) -> MoneyInterval:
    """Turn the interval of a share into money, rounding outward.

    Args:
        interval: Interval of the share, inside [0, 1].
        distributable_minor: What the share is a share of.
        amount_minor: The amount itself; always inside, whatever the largest remainder did to it.

    Returns:
        The interval in minor units.
    """
    lower = Fraction(interval.lower) * distributable_minor
    upper = Fraction(interval.upper) * distributable_minor
    return MoneyInterval(
        lower_minor=min(lower.numerator // lower.denominator, amount_minor),
        upper_minor=max(-(-upper.numerator // upper.denominator), amount_minor),
    )


def _weight(owner: Entitlement) -> Fraction:
    """What a paid owner's value counts, exactly as it was paid; 0 for others."""
    return Fraction(owner.chance) * owner.value if owner.share else Fraction(0)


def _counted(allocation: Allocation, values: FloatVector) -> FloatVector:
    """What the owners' values would count if they were these and all owners were paid."""
    if allocation.worths is None:
        return values
    counted: FloatVector = allocation.worths.chances(values) * np.maximum(values, 0.0)
    return counted


def _slopes(allocation: Allocation, start: FloatVector, end: FloatVector) -> FloatVector:
    """How much more a value counts for each unit that it grows, between two values; its chance where they are one."""
    if allocation.worths is None:
        return np.ones_like(start)
    grown = _counted(allocation, end) - _counted(allocation, start)
    still = end == start
    return np.where(still, allocation.worths.chances(start), grown / np.where(still, 1.0, end - start))


def _shares_if_paid(
    allocation: Allocation, owner_upper: FloatVector, *, unit: Fraction, floor: Fraction, cap: Fraction
) -> FloatVector:
    """What each unpaid owner would take, were it paid the upper bound of its value; 0 for paid ones."""
    paid = {owner.key: _weight(owner) / unit for owner in allocation.owners if owner.share}
    return np.array(
        [
            float(bounded_shares(paid | {owner.key: Fraction(counted) / unit}, floor=floor, cap=cap)[owner.key])
            if owner.share == 0 and counted > 0
            else 0.0
            for owner, counted in zip(allocation.owners, _counted(allocation, owner_upper).tolist(), strict=True)
        ]
    )


def _deviations_of_sums(member: FloatMatrix, c: FloatMatrix) -> FloatVector:
    deviations: FloatVector = np.sqrt(np.clip(((member @ c) * member).sum(axis=1), 0.0, None))
    return deviations


def _parts_of_owner(v: FloatVector, member: FloatMatrix) -> tuple[FloatVector, FloatMatrix]:
    """Each account's part of its owner's share, and the gradient of the parts in the values ``(P, P)``.

    An owner without a positive account is split evenly; nothing is paid there and only the interval is of interest.
    """
    clipped = np.clip(v, 0.0, None)
    same_owner = member.T @ member
    whole = same_owner @ clipped
    known = whole > 1 / _FAR
    safe = np.where(known, whole, 1.0)
    part = np.where(known, clipped / safe, 1.0 / same_owner.sum(axis=1))
    positive = (v > 0).astype(np.float64)
    gradient = (np.diag(positive) - same_owner * np.outer(part, positive)) / safe[:, None] * known[:, None]
    return part, gradient


def _in_units_of(total: float, v: FloatVector, c: FloatMatrix) -> tuple[FloatVector, FloatMatrix]:
    """Divide by the total, cutting what lies absurdly far outside, so that no quotient overflows into a NaN."""
    with np.errstate(over="ignore"):
        return np.clip(v / total, -_FAR, _FAR), np.clip(c / total / total, -_FAR, _FAR)


def _quantile(level: float) -> float:
    return NormalDist().inv_cdf((1 + level) / 2)


def _around(points: FloatVector, deviations: FloatVector, level: float) -> tuple[Interval, ...]:
    z = _quantile(level)
    pairs = zip((points - z * deviations).tolist(), (points + z * deviations).tolist(), strict=True)
    return tuple(Interval(lower, upper) for lower, upper in pairs)


def _checked(values: npt.ArrayLike, covariance: npt.ArrayLike) -> tuple[FloatVector, FloatMatrix]:
    v = np.asarray(values, dtype=np.float64)
    c = np.asarray(covariance, dtype=np.float64)
    if v.ndim != 1 or c.shape != (v.size, v.size):
        raise ValueError("The covariance must be a square matrix with one row per value.")
    if not (np.isfinite(v).all() and np.isfinite(c).all()):
        raise ValueError("Values and covariances must be finite.")
    return v, c
