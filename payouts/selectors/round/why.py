"""Why a line is what it is, in the words that every page, statement and report shares; never against its figures."""

from collections.abc import Iterable
from math import hypot

from payouts.core.allocation import Reason
from payouts.core.policy import SIGNIFICANT
from payouts.models import PayoutLine, PayoutRound
from valuation.selectors.units import metric_name, unit_of, written

# From which chance on a value is said to be surely, or probably, above 0; below it is perhaps. Surely only where its
# own interval lies above 0 as well: of many alike sellers each may be as good as certain and yet not by itself.
SURELY, PROBABLY = 0.99, 0.8
SCALE_IN_WORDS = (
    "surely from 99 % where the value's own interval of both errors lies above 0, probably from 80 %, else perhaps"
)

REASON_WORDS = {
    "proportional": "In proportion to its value",
    "capped": "At the policy's cap",
    "floored": "At the policy's floor",
    "below_minimum": "Below the minimum: kept for the seller",
    "not_significant": "Its value is above 0, but not beyond chance",
    "not_positive": "Its value is not above 0",
    "nothing_to_share": "All rows together did not beat what the buyer has without them: nothing is shared",
    "rounded_to_nothing": "Its share is less than the smallest amount: rounded to nothing",
    "copies": "All its rows were left out as copies",
    "platform_fee": "The policy's part of the pot",
    "unallocated": "What no seller earned",
    "escrow": "The pot, which the buyer paid in",
}
_OF_ITS_OWNER = "The values of its owner's accounts add up to no more than 0"
_BY_CHANCE = "In proportion to its value times its chance"


def lower_of_both(value: float, lower: float, validation_lower: float | None) -> float:
    """Lower end of a value's 95 % interval of both errors together, from those of its two printed intervals."""
    return value - hypot(value - lower, 0.0 if validation_lower is None else value - validation_lower)


def lower_of(line: PayoutLine) -> float:
    """The same of a line."""
    return lower_of_both(line.value, line.value_lower, line.value_validation_lower)


def chance_in_words(chance: float | None, value: float | None, lower: float | None) -> str:
    """How sure it is that rows are worth more than nothing; nothing is said where the policy did not ask.

    `lower` is the end of the value's own interval, see `lower_of_both`: beside one that holds 0 nothing is sure.
    """
    if chance is None or value is None or lower is None:
        return ""
    if value <= 0:
        return "not above 0"
    if chance >= SURELY and lower > 0:
        return "surely above 0"
    return "probably above 0" if chance >= PROBABLY else "perhaps above 0"


def is_sure_by_likeness(chance: float, lower: float) -> bool:
    """Whether only what the other sellers' rows are worth makes sure what the value's own interval leaves open."""
    return chance >= PROBABLY and lower <= 0


def why(reason: str, *, chance: float | None, value: float | None, lower: float | None) -> str:
    """The reason of a line and, where its value counted by a chance, how sure that is."""
    if reason == Reason.NOT_POSITIVE and value is not None and value > 0:
        return _OF_ITS_OWNER
    words = _BY_CHANCE if reason == Reason.PROPORTIONAL and chance is not None else REASON_WORDS[reason]
    sure = chance_in_words(chance, value, lower)
    is_paid = reason not in {Reason.NOTHING_TO_SHARE, Reason.COPIES}
    return f"{words}; {sure}" if sure and is_paid and value is not None and value > 0 else words


def nothing_shared_among(payout_round: PayoutRound, reasons: Iterable[str]) -> str:
    """The same where the reasons of a round's lines say that nothing is shared, and nothing where they do not."""
    return nothing_shared(payout_round) if Reason.NOTHING_TO_SHARE in reasons else ""


def nothing_shared(payout_round: PayoutRound) -> str:
    """Why the whole pot of a round goes back of which lines say that there is nothing to share, with its figures."""
    figures, metric = payout_round.audit_report.figures, payout_round.request.metric
    gain, error = figures.gain, figures.total_validation_error
    unit = f" {unit_of(metric)}".rstrip()
    found = f"{'+' if gain > 0 else ''}{written(gain, metric)}{unit} of {metric_name(metric)}"
    known = "" if error is None else f" ± {written(SIGNIFICANT * error, metric)}{unit}"
    without = "a model of the buyer's own rows alone" if payout_round.request.base_rows else "a model without rows"
    return (
        f"All rows together did not beat {without} by more than the buyer's validation rows can tell "
        f"({found}{known}), so nothing is shared and the pot returns to the buyer."
    )
