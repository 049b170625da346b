"""A seller's own result: the amount, and the chain that leads to it in plain sentences. Nobody else's figures."""

from django.db.models import QuerySet

from marketplace.models import Role, User
from marketplace.selectors.access import organizations_of
from payouts.core.allocation import Reason
from payouts.core.money import format_amount
from payouts.models import PayoutLine, PayoutRound
from payouts.models.policies import policy_from_snapshot

# Metrics between 0 and 1, whose differences people read as points of a hundred.
_IN_POINTS = {"accuracy", "balanced_accuracy", "roc_auc", "macro_f1"}
_PERCENT = 100


def own_lines(user: User) -> QuerySet[PayoutLine]:
    """Lines of settled rounds that belong to an organisation the person sells for."""
    return (
        PayoutLine.objects.filter(
            organization__in=organizations_of(user, Role.SELLER), round__state__in=PayoutRound.SETTLED
        )
        .select_related("round__request", "organization")
        .order_by("-round__posted_at", "number")
    )


def chain(line: PayoutLine) -> list[tuple[str, str]]:
    """From the pot to the amount, one step a sentence."""
    payout_round = line.round
    return [
        ("Pot", _pot_sentence(payout_round)),
        ("Value", _value_sentence(line)),
        ("Share", _share_sentence(line)),
        ("Amount", _amount_sentence(line)),
    ]


def _pot_sentence(payout_round: PayoutRound) -> str:
    currency = payout_round.currency
    pot = format_amount(payout_round.pot_minor, currency)
    if not payout_round.fee_minor:
        return f"The pot of this round is {pot}. All of it is for the sellers."
    fee = format_amount(payout_round.fee_minor, currency)
    rest = format_amount(payout_round.distributable_minor, currency)
    return f"The pot of this round is {pot}. The platform's fee is {fee}, which leaves {rest} for the sellers."


def _value_sentence(line: PayoutLine) -> str:
    metric = line.round.request.metric
    name, unit = metric.replace("_", " "), " points" if metric in _IN_POINTS else ""
    value, lower, upper = (_bare(figure, metric) for figure in (line.value, line.value_lower, line.value_upper))
    verb = "raise" if line.value >= 0 else "change"
    sentence = f"Your {line.rows:,} rows {verb} the buyer's {name} by {value}{unit} (between {lower} and {upper})."
    if line.value_validation_lower is None or line.value_validation_upper is None:
        return sentence
    lower, upper = (_bare(figure, metric) for figure in (line.value_validation_lower, line.value_validation_upper))
    return f"{sentence} With other validation rows of the same kind it could have been between {lower} and {upper}."


def _share_sentence(line: PayoutLine) -> str:
    share = f"{float(line.share) * _PERCENT:.1f} %"
    policy = policy_from_snapshot(line.round.policy_snapshot)
    sentences = {
        Reason.PROPORTIONAL: f"Your share is {share}: your value divided by the values of all paid sellers.",
        Reason.CAPPED: f"Your share is {share}: the policy lets no owner take more than {float(policy.cap):.0%}.",
        Reason.FLOORED: f"Your share is {share}: the policy gives every paid owner at least {float(policy.floor):.0%}.",
        Reason.BELOW_MINIMUM: f"Your share is {share}: your value divided by the values of all paid sellers.",
        Reason.NOT_SIGNIFICANT: "Your share is 0 %: the value is so small that it could be chance, "
        "and the policy pays only where the lower end of the interval is above 0.",
        Reason.NOT_POSITIVE: "Your share is 0 %: your rows did not raise the buyer's score. You owe nothing.",
    }
    return sentences[Reason(line.reason)]


def _amount_sentence(line: PayoutLine) -> str:
    currency = line.round.currency
    amount, lower, upper = (
        format_amount(minor, currency)
        for minor in (line.amount_minor, line.amount_lower_minor, line.amount_upper_minor)
    )
    if line.reason == Reason.BELOW_MINIMUM:
        minimum = format_amount(line.round.policy_snapshot["minimum_minor"], currency)
        return f"You earned {amount}. It stays yours, but is not sent yet: the policy sends nothing below {minimum}."
    return f"You earned {amount} (between {lower} and {upper}); all amounts of the round add up to its pot."


def _bare(figure: float, metric: str) -> str:
    return f"{figure * _PERCENT:.2f}" if metric in _IN_POINTS else f"{figure:.4g}"
