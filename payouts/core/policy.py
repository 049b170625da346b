"""What a payout policy may say, and how a cap and a floor change proportional shares: exact water-filling."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Literal

from valuation.core.statistics.confidence import normal_quantile

BASIS_POINTS = 10_000
# How many standard errors above 0 a value must lie to be above 0 beyond chance: the lower end of its 95 % interval.
SIGNIFICANT = normal_quantile()


class Rule(StrEnum):
    """What an owner's value is paid by: its part above 0 in full, only beyond both errors, or times a chance."""

    CLIP = "clip"
    GATE = "gate"
    CHANCE = "chance"


@dataclass(frozen=True)
class Policy:
    """Rules that turn values into shares; they all act on beneficial owners, never on single accounts.

    Attributes:
        negative: What a negative value earns. ``clip``: nothing, and nobody ever owes.
        rule: ``clip``: every value above 0 is paid, so that worthless accounts collect whatever noise leaves above 0
            (docs/mathematics.md section 4). ``gate``: only values whose lower bound is above 0 (ADR 0004). ``chance``:
            every value above 0, times the chance that the owner's rows are not worth nothing (ADR 0011).
        cap: Most an owner may take of the distributable pot, in (0, 1].
        floor: Least a paid owner takes of it, in [0, cap]; where the paid owners are too many, they share equally.
        minimum_minor: Amounts below this stay owed to their owner instead of being paid out.
        fee_basis_points: Platform fee, hundredths of a percent of the pot, rounded down.
    """

    negative: Literal["clip"] = "clip"
    rule: Rule = Rule.CHANCE
    cap: Fraction = Fraction(1)
    floor: Fraction = Fraction(0)
    minimum_minor: int = 0
    fee_basis_points: int = 0

    def __post_init__(self) -> None:
        """Refuse contradictions before any money is looked at.

        Raises:
            ValueError: A parameter is out of range, or the policy for negative values is not known.
        """
        if self.negative != "clip":
            raise ValueError(f"The policy for negative values must be 'clip', not {self.negative!r}.")
        if not 0 <= self.floor <= self.cap <= 1 or self.cap == 0:
            raise ValueError("Floor and cap must satisfy 0 <= floor <= cap <= 1 and cap > 0.")
        if self.minimum_minor < 0 or not 0 <= self.fee_basis_points < BASIS_POINTS:
            raise ValueError("The minimum must be at least 0 and the fee between 0 and 9999 basis points.")

    def fee_of(self, pot_minor: int) -> int:
        """Platform fee of a pot, both in minor units: rounded down, so that sellers never pay for a rounding."""
        return pot_minor * self.fee_basis_points // BASIS_POINTS


def bounded_shares(values: Mapping[str, Fraction], *, floor: Fraction, cap: Fraction) -> dict[str, Fraction]:
    """Share in proportion to values, no share below the floor or above the cap.

    Finds the water level ``t`` with ``sum_k min(max(t * v_k, floor), cap) = 1``. The sum grows with ``t`` and is linear
    between the levels where an owner meets a bound, so the level is found exactly, in Fractions.

    Args:
        values: Positive value per owner, in any unit.
        floor: Least share, lowered to ``1 / count`` where the owners are too many for it.
        cap: Most share.

    Returns:
        Share per owner. They sum to 1, or to ``count * cap`` where even the cap for everyone does not use the pot up.
    """
    if not values:
        return {}
    count = len(values)
    if count * cap <= 1:
        return dict.fromkeys(values, cap)
    if not floor and cap == 1:  # what the search below finds too, of a thousand owners a hundred times slower
        whole = sum(values.values(), Fraction(0))
        return {key: value / whole for key, value in values.items()}
    least = min(floor, Fraction(1, count))

    def level_shares(level: Fraction) -> dict[str, Fraction]:
        return {key: min(max(level * value, least), cap) for key, value in values.items()}

    # Bisect the sorted bends of the sum: the last one that does not overspend has the answer on its right.
    bends = sorted({bound / value for value in values.values() for bound in (least, cap)} | {Fraction(0)})
    low, high = 0, len(bends) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if sum(level_shares(bends[middle]).values()) <= 1:
            low = middle
        else:
            high = middle - 1
    start = bends[low]
    missing = 1 - sum(level_shares(start).values(), Fraction(0))
    rising = sum((v for v in values.values() if least <= start * v < cap), Fraction(0))
    return level_shares(start + missing / rising if missing else start)
