"""What an attack on a round would gain, in minor units, with the interval of that difference."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from payouts.core.allocation import Account, allocate
from payouts.core.chances import fit
from payouts.core.intervals import sum_by_owner
from payouts.core.policy import SIGNIFICANT, Policy, Rule
from valuation.core.statistics.confidence import LEVEL

FloatVector = npt.NDArray[np.float64]
FloatMatrix = npt.NDArray[np.float64]

SIMULATIONS = 2_000
# Under the rule of chances every draw is a fit of its own: a half-width then is known to a twenty-eighth of itself.
FITTED_SIMULATIONS = 400
# Enough to reach the precision of a float from the highest level that any owner needs.
_BISECTIONS = 100


@dataclass(frozen=True, eq=False)
class Cells:
    """Values of the smallest pieces that any account of an attack consists of, all from the same draws.

    Attributes:
        values: float64 ``(C,)``, metric units.
        covariance: Both errors together, computation and validation, float64 ``(C, C)``.
        rows: How many rows each cell has, ``(C,)``; None where all have as many. Only the rule of chances asks.
    """

    values: FloatVector
    covariance: FloatMatrix
    rows: npt.NDArray[np.int64] | None = None

    def sizes(self) -> npt.NDArray[np.int64]:
        """Rows of each cell; 1 for cells of one size, because only ratios matter."""
        return np.ones(self.values.size, dtype=np.int64) if self.rows is None else self.rows


@dataclass(frozen=True)
class Gain:
    """What the attacker earns honestly and by the attack.

    Attributes:
        before_minor: Minor units without the attack.
        after_minor: Minor units with it, all its accounts together.
        half_width_minor: Half-width of the interval of the difference, minor units, adjusted for the number of attacks;
            a minor unit for each account that rounding may have favoured is part of it.
    """

    before_minor: int
    after_minor: int
    half_width_minor: float

    @property
    def gain_minor(self) -> int:
        """What the attack adds."""
        return self.after_minor - self.before_minor

    @property
    def pays(self) -> bool:
        """Whether the attack adds more than the interval of the difference."""
        return self.gain_minor > self.half_width_minor


def gain(
    cells: Cells,
    *,
    before: Sequence[str | None],
    after: Sequence[str | None],
    controlled: frozenset[str],
    pot_minor: int,
    policy: Policy,
    salt: str,
    comparisons: int,
    rng: np.random.Generator,
) -> Gain:
    """Price the same cells under the owners before and after an attack.

    Both prices come from the same values, so what the draws did to both cancels; the half-width is
    ``z sd(after* - before*)`` over 2,000 normal draws of the cells' values, ``z`` for ``comparisons`` attacks at 95 %
    together (Bonferroni). Under a faithful rule the sum of an owner's cells does not depend on how they are split: what
    is left is what clipping at 0, the rule of pay, the cap and the floor do to the parts. Under the rule of chances 400
    draws have to do, each with its own fit; holding the fit would understate what a split may gain by a fifth.

    Args:
        cells: Values and covariance of the cells.
        before: Beneficial owner of each cell without the attack; ``None`` where the cell is not there yet.
        after: The same with the attack.
        controlled: Owners whose money the attacker gets.
        pot_minor: The pot.
        policy: The policy, which acts on owners.
        salt: Names the round in the tie-break.
        comparisons: How many attacks are judged together.
        rng: Simulates.

    Returns:
        Amounts of the attacker and the interval of their difference.

    Raises:
        AllocationError: A value is not finite.
    """
    honest, attacked = (
        _paid(cells, owners, controlled, merged=merged, pot_minor=pot_minor, policy=policy, salt=salt)
        for owners, merged in ((before, True), (after, False))
    )
    drawn = rng.multivariate_normal(
        cells.values,
        cells.covariance,
        size=FITTED_SIMULATIONS if policy.rule is Rule.CHANCE else SIMULATIONS,
        check_valid="ignore",
        method="eigh",
    )
    difference = _drawn_shares(drawn, cells, after, controlled, policy)
    difference -= _drawn_shares(drawn, cells, before, controlled, policy)
    distributable = pot_minor - policy.fee_of(pot_minor)
    z = NormalDist().inv_cdf(1 - (1 - LEVEL) / (2 * comparisons))
    rounded = sum(owner in controlled for owner in after)
    return Gain(honest, attacked, float(z * difference.std(ddof=1) * distributable) + rounded)


def _paid(
    cells: Cells,
    owners: Sequence[str | None],
    controlled: frozenset[str],
    *,
    merged: bool,
    pot_minor: int,
    policy: Policy,
    salt: str,
) -> int:
    """What the attacker's owners are paid, each with one account (merged) or with one account a cell."""
    present = [place for place, owner in enumerate(owners) if owner is not None]
    keys = [str(owners[place]) for place in present]
    values, sizes = cells.values[present], cells.sizes()[present]
    names, totals, covariance = sum_by_owner(values, cells.covariance[np.ix_(present, present)], keys)
    parts = [
        (str(at), key, float(value), int(size))
        for at, key, value, size in zip(present, keys, values, sizes, strict=True)
    ]
    if merged:
        held = {name: sum(size for _, key, _, size in parts if key == name) for name in names}
        parts = [(name, name, float(total), held[name]) for name, total in zip(names, totals, strict=True)]
    errors = np.sqrt(np.clip(np.diag(covariance), 0.0, None))
    allocation = allocate(
        [Account(*part) for part in parts],
        owner_errors=dict(zip(names, errors.tolist(), strict=True)),
        pot_minor=pot_minor,
        policy=policy,
        salt=salt,
    )
    return sum(owner.amount_minor for owner in allocation.owners if owner.key in controlled)


def _drawn_shares(
    drawn: FloatMatrix,
    cells: Cells,
    owners: Sequence[str | None],
    controlled: frozenset[str],
    policy: Policy,
) -> FloatVector:
    """The attacker's share in every simulated draw ``(simulations,)``: rule, clip, floor and cap as in a round."""
    names = sorted({owner for owner in owners if owner is not None})
    member = np.array([[float(owner == name) for name in names] for owner in owners])
    values = drawn @ member
    errors = np.sqrt(np.clip(((member.T @ cells.covariance) * member.T).sum(axis=1), 0.0, None))
    if policy.rule is Rule.CHANCE:
        weights = fit(values, errors, cells.sizes() @ member).chances(values) * values
    else:
        weights = np.where(values > (SIGNIFICANT * errors if policy.rule is Rule.GATE else 0.0), values, 0.0)
    shares = bounded_in_floats(np.maximum(weights, 0.0), policy.floor, policy.cap)
    mine = np.array([name in controlled for name in names])
    return np.asarray(shares[:, mine].sum(axis=1))


def bounded_in_floats(values: FloatMatrix, floor: Fraction, cap: Fraction) -> FloatMatrix:
    """Proportional shares between floor and cap by bisection of the water level, for every row at once.

    The same as ``policy.bounded_shares``, whose exact fractions would be too slow for thousands of draws.

    Args:
        values: Weight of each owner in each draw, float64 ``(draws, owners)``; what is not above 0 is not paid.
        floor: Least share of a paid owner.
        cap: Most share.

    Returns:
        Shares, float64 ``(draws, owners)``, within 1e-9 of the exact ones.
    """
    paid = values > 0
    totals = values.sum(axis=1, keepdims=True)
    proportional = np.divide(values, totals, out=np.zeros_like(values), where=totals > 0)
    if floor == 0 and cap == 1:
        return np.asarray(proportional)
    counts = np.maximum(paid.sum(axis=1, keepdims=True), 1)
    least = np.minimum(float(floor), 1 / counts) * paid
    smallest = np.min(proportional, axis=1, keepdims=True, where=paid, initial=1.0)
    low, high = np.zeros_like(totals), float(cap) / np.maximum(smallest, np.finfo(np.float64).tiny)
    for _ in range(_BISECTIONS):
        level = (low + high) / 2
        spent = (np.clip(level * proportional, least, float(cap)) * paid).sum(axis=1, keepdims=True)
        low, high = np.where(spent <= 1, level, low), np.where(spent <= 1, high, level)
    return np.asarray(np.clip(low * proportional, least, float(cap)) * paid)
