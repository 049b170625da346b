"""What an estimate with an interval lets one say: of an attack on a round, and of a property that the rule promises."""

from collections.abc import Iterable
from enum import StrEnum


class AttackVerdict(StrEnum):
    """What is known of an attack."""

    PAYS = "pays"
    NOTHING_CAN_BE_SAID = "nothing_can_be_said"
    NOT_TRIED = "not_tried"
    GAINS_NOTHING = "gains_nothing"


class PropertyVerdict(StrEnum):
    """What is known of a property."""

    DOES_NOT_HOLD = "does_not_hold"
    NOTHING_CAN_BE_SAID = "nothing_can_be_said"
    NOT_TRIED = "not_tried"
    HOLDS = "holds"


def of_gain(gain_minor: int, *, half_width_minor: float, amount_minor: int) -> AttackVerdict:
    """Judge what an attack would gain.

    It pays where its gain is beyond the interval of the difference. Otherwise it gains nothing beyond that interval,
    which says something only where the interval is no wider than the amount at stake: ± 500 beside an amount of 300
    would hide an attack that doubles it.

    Args:
        gain_minor: What the attack adds, minor units.
        half_width_minor: Half-width of the interval of that difference, minor units.
        amount_minor: The amount at stake, minor units.

    Returns:
        ``PAYS``, ``NOTHING_CAN_BE_SAID`` or ``GAINS_NOTHING``.
    """
    if gain_minor > half_width_minor:
        return AttackVerdict.PAYS
    if half_width_minor > amount_minor:
        return AttackVerdict.NOTHING_CAN_BE_SAID
    return AttackVerdict.GAINS_NOTHING


def amount_at_stake(before_minor: int, after_minor: int, *, even_share_minor: int, pieces: int, honest: bool) -> int:
    """The amount that the interval of an attack is compared with, minor units.

    Of somebody who sells honestly otherwise, the larger of the amounts without and with the attack. A stranger gets
    nothing without it, and somebody unpaid gets nothing either way: for them an even share of what there is to share is
    at stake, if that is more. What rounding alone may move, a minor unit a piece, hides nothing.

    Args:
        before_minor: Without the attack.
        after_minor: With it.
        even_share_minor: What there is to share, over the number of sellers.
        pieces: Accounts that rounding may favour.
        honest: Whether the attacker has rows of its own in the round.

    Returns:
        Minor units.
    """
    amount = max(before_minor, after_minor)
    if not honest or amount == 0:
        amount = max(amount, even_share_minor)
    return max(amount, pieces)


def of_kind(tries: Iterable[AttackVerdict]) -> AttackVerdict:
    """Judge an attack by all who tried it: the first verdict in the order of :class:`AttackVerdict` that any gives.

    Returns:
        ``NOT_TRIED`` where nobody did: what was not tried has not passed.
    """
    found = set(tries) or {AttackVerdict.NOT_TRIED}
    return next(verdict for verdict in AttackVerdict if verdict in found)


def of_distances(distances: Iterable[tuple[float, float, float]]) -> PropertyVerdict:
    """Judge a property that promises that something is 0, or not above 0.

    Args:
        distances: Of each comparison the distance from what is promised, the half-width of its interval, and the
            magnitude beside which that interval says something, all in metric units.

    Returns:
        ``DOES_NOT_HOLD`` where any distance is beyond its interval, else ``NOTHING_CAN_BE_SAID`` where any interval is
        wider than its magnitude, else ``HOLDS``; ``NOT_TRIED`` where nothing was compared.
    """
    compared = list(distances)
    if not compared:
        return PropertyVerdict.NOT_TRIED
    if any(distance > half for distance, half, _ in compared):
        return PropertyVerdict.DOES_NOT_HOLD
    if any(half > magnitude for _, half, magnitude in compared):
        return PropertyVerdict.NOTHING_CAN_BE_SAID
    return PropertyVerdict.HOLDS
