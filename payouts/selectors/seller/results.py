"""A seller's own result: the amount, and the chain that leads to it in plain sentences. Nobody else's figures."""

from dataclasses import dataclass

from django.db.models import QuerySet

from marketplace.basics.figures import count, percent
from marketplace.basics.money import format_amount
from marketplace.models import Role, User
from marketplace.selectors.access import organizations_of
from payouts.core.allocation import Reason
from payouts.models import PayoutLine, PayoutRound
from payouts.selectors.round.amount_checks import wobble_of
from payouts.selectors.round.terms import basis_points, policy_in_words
from payouts.selectors.round.why import SCALE_IN_WORDS, chance_in_words, is_sure_by_likeness, lower_of, nothing_shared
from valuation.selectors.units import metric_name, unit_of, written

_NOTHING_EARNED = {
    Reason.COPIES: "all your rows were left out as copies. You owe nothing.",
    Reason.NOT_POSITIVE: "what your rows change, averaged over all mixtures, does not raise the buyer's score. "
    "You owe nothing.",
    Reason.NOT_SIGNIFICANT: "what your rows add cannot be told from chance yet.",
    Reason.ROUNDED_TO_NOTHING: "your share of this pot is less than the smallest amount there is.",
}
_OF_YOUR_OWNER = "the values of all accounts of your owner add up to no more than 0"
_HELD_SENTENCES = {
    PayoutLine.State.HELD: "It is held for a while, because your payout details were changed.",
    PayoutLine.State.ACTION_REQUIRED: "It cannot be sent yet: your payout details are missing.",
}


@dataclass(frozen=True)
class ValueWords:
    """A line's value and its intervals, written in the unit of the buyer's metric."""

    value: str
    between: str
    between_validation: str
    how_sure: str


def own_lines(user: User) -> QuerySet[PayoutLine]:
    """Lines of settled rounds that belong to an organisation the person sells for."""
    return (
        PayoutLine.objects.filter(
            organization__in=organizations_of(user, Role.SELLER), round__state__in=PayoutRound.SETTLED
        )
        .select_related("round__request", "round__run", "round__audit_report", "organization")
        .order_by("-round__posted_at", "number")
    )


def headline(line: PayoutLine) -> str:
    """The amount and its one reason."""
    currency = line.round.currency
    amount, lower, upper = (
        format_amount(minor, currency)
        for minor in (line.amount_minor, line.amount_lower_minor, line.amount_upper_minor)
    )
    if line.reason == Reason.NOTHING_TO_SHARE:
        return f"You earned {amount}. {nothing_shared(line.round)} You owe nothing."
    if line.reason == Reason.NOT_POSITIVE and line.value > 0:
        return f"You earned {amount}, because {_OF_YOUR_OWNER}. You owe nothing."
    if line.reason in _NOTHING_EARNED:
        return f"You earned {amount}, because {_NOTHING_EARNED[Reason(line.reason)]}"
    if line.state in _HELD_SENTENCES:
        held = _HELD_SENTENCES[PayoutLine.State(line.state)]
        return f"You earned {amount} (between {lower} and {upper}). It stays yours. {held}"
    if line.reason == Reason.BELOW_MINIMUM and line.state == PayoutLine.State.BELOW_MINIMUM:
        minimum = format_amount(line.round.policy_snapshot["minimum_minor"], currency)
        return (
            f"You earned {amount}. It stays yours, but is not sent yet: the policy sends nothing below {minimum}. "
            "It goes along with the next round that brings your balance there."
        )
    unsure = ""
    if (found := wobble_of(line)).is_too_much:
        error = format_amount(round(found.error_minor), currency)
        unsure = f" The budget was spent before it was surer: another draw would move it by about {error}."
    elif found.only_rows_help:
        unsure = " Only more validation rows of the buyer's would make it surer."
    return f"You earned {amount} (between {lower} and {upper}); all amounts of the round add up to its pot.{unsure}"


def value_in_words(line: PayoutLine) -> ValueWords:
    """The value as its key figure shows it."""
    metric = line.round.request.metric
    unit = f" {unit_of(metric)}".rstrip()
    validation = ""
    if line.value_validation_lower is not None and line.value_validation_upper is not None:
        validation = f"{written(line.value_validation_lower, metric)} to {written(line.value_validation_upper, metric)}"
    return ValueWords(
        value=f"{written(line.value, metric)}{unit}",
        between=f"between {written(line.value_lower, metric)} and {written(line.value_upper, metric)}",
        between_validation=validation,
        how_sure=chance_in_words(line.chance, line.value, lower_of(line)),
    )


@dataclass(frozen=True)
class Step:
    """One step of the chain: its name, the figure that it leads to, and the sentences that explain it."""

    name: str
    figure: str
    sentence: str


def chain(line: PayoutLine) -> list[Step]:
    """From the pot to the buyer's model, one step after the other."""
    payout_round = line.round
    currency = payout_round.currency
    metric = payout_round.request.metric
    first = [
        Step("Pot", format_amount(payout_round.pot_minor, currency), _pot_sentence(payout_round)),
        Step(
            "Policy",
            payout_round.policy_snapshot["name"],
            policy_in_words(payout_round.policy_snapshot, currency),
        ),
    ]
    if line.reason == Reason.COPIES:
        return [*first, _copies_step(line)]
    full, without, _ = scores_with_and_without(line)
    unit = f" {unit_of(metric)}".rstrip()
    return [
        *first,
        Step("Share", percent(float(line.share), 2), _share_sentence(line)),
        *_chance_steps(line),
        Step("Value", value_in_words(line).value, _value_sentence(line)),
        Step(
            "Model",
            f"{written(full, metric)}{unit} with your rows, {written(without, metric)}{unit} without",
            _model_sentence(line),
        ),
    ]


def scores_with_and_without(line: PayoutLine) -> tuple[float, float, float]:
    """What the buyer's model scores with everybody's rows, with everybody's but these, and with no seller's."""
    figures = line.round.audit_report.figures
    full = figures.utility_full
    return full, full - figures.margin_of(line.organization_id), figures.utility_empty


def _pot_sentence(payout_round: PayoutRound) -> str:
    currency = payout_round.currency
    pot = format_amount(payout_round.pot_minor, currency)
    if payout_round.unallocated_minor == payout_round.pot_minor:
        return f"The pot of this round is {pot}. All of it goes back to the buyer."
    if not payout_round.fee_minor:
        return f"The pot of this round is {pot}. All of it is for the sellers."
    fee = format_amount(payout_round.fee_minor, currency)
    rest = format_amount(payout_round.distributable_minor, currency)
    return f"The pot of this round is {pot}. The platform's fee is {fee}, which leaves {rest} for the sellers."


def _share_sentence(line: PayoutLine) -> str:
    share = percent(float(line.share), 2)
    policy = line.round.policy_snapshot
    cap, floor = basis_points(policy["cap_basis_points"]), basis_points(policy["floor_basis_points"])
    proportional = f"Your share is {share}: your value divided by the values of all paid sellers."
    if line.chance is not None:
        proportional = f"Your share is {share}: your value times its chance, divided by the same of all paid sellers."
    sentences = {
        Reason.PROPORTIONAL: proportional,
        Reason.CAPPED: f"Your share is {share}: the policy lets no owner take more than {cap}.",
        Reason.FLOORED: f"Your share is {share}: the policy gives every paid owner at least {floor}.",
        Reason.BELOW_MINIMUM: proportional,
        Reason.ROUNDED_TO_NOTHING: f"{proportional} Of this pot that rounds to nothing.",
        Reason.NOT_SIGNIFICANT: f"Your share is {share}: the value is so small that it could be chance. The policy "
        "pays only where the value stays above 0 with both errors counted, that of the computation and that of the "
        "validation rows.",
        Reason.NOTHING_TO_SHARE: nothing_shared(line.round) if line.reason == Reason.NOTHING_TO_SHARE else "",
        Reason.NOT_POSITIVE: f"Your share is {share}: a share is a value above 0 divided by all values above 0, "
        f"and {_why_not_positive(line)}. A value below 0 counts as 0, so nothing is taken from you.",
    }
    return sentences[Reason(line.reason)]


def _chance_steps(line: PayoutLine) -> list[Step]:
    """How sure it is that the rows are worth more than nothing; no step where that decided nothing."""
    sure = chance_in_words(line.chance, line.value, lower_of(line))
    if line.chance is None or line.value <= 0 or line.reason == Reason.NOTHING_TO_SHARE:
        return []
    likeness = ""
    if is_sure_by_likeness(line.chance, lower_of(line)):
        likeness = (
            " The interval of your value by itself, both errors together, holds 0: it is the likeness of your rows to "
            "the others of the round that makes it probable."
        )
    return [
        Step(
            "Chance",
            f"{sure}, {percent(line.chance, 1)}",
            f"Noise alone can leave a value above 0. From the two errors of your value and from what the rows of all "
            f"sellers are worth follows a chance of {percent(line.chance, 1)} that yours are not worth nothing "
            f"({SCALE_IN_WORDS}), and your value counts times that chance.{likeness}",
        )
    ]


def _copies_step(line: PayoutLine) -> Step:
    """The last step where nothing was valued: what was left out, and what the seller can do."""
    rows = line.round.started_run.manifest.left_out_sellers[line.organization_id]
    return Step(
        "Rows",
        f"{count(rows)} of {count(rows)} left out",
        f"An operator decided that your {count(rows)} rows are copies of rows that were there before. They took no "
        "part, so they have no value and no share. If you can show where you have them from, tell the operator and "
        "submit them as a new version: that is looked at anew.",
    )


def _why_not_positive(line: PayoutLine) -> str:
    if line.value > 0:
        return _OF_YOUR_OWNER
    return "yours is not"


def _value_sentence(line: PayoutLine) -> str:
    metric = line.round.request.metric
    verb = "raise" if line.value >= 0 else "change"
    value = f"{written(line.value, metric)} {unit_of(metric)}".rstrip()
    lower, upper = written(line.value_lower, metric), written(line.value_upper, metric)
    rows, name = count(line.rows), metric_name(metric)
    sentences = [f"Your {rows} rows {verb} the buyer's {name} by {value} (between {lower} and {upper})."]
    figures = line.round.audit_report.figures
    if figures.place_of(line.organization_id) in figures.withheld:
        sentences.append(
            "Too few of the evaluations told of your rows to say how sure that is: the interval is too narrow."
        )
    if line.value < 0:
        sentences.append(
            "That is the average over many mixtures of all sellers' rows: with yours among them this model scored "
            "lower. It says nothing about what they are worth to another model."
        )
    if conflict := _both_truths(line):
        sentences.append(conflict)
    if line.value_validation_lower is not None and line.value_validation_upper is not None:
        lower, upper = written(line.value_validation_lower, metric), written(line.value_validation_upper, metric)
        sentences.append(f"With other validation rows of the same kind it could have been between {lower} and {upper}.")
    return " ".join(sentences)


def _both_truths(line: PayoutLine) -> str:
    """Where the average over mixtures and the last rows to join say opposite things: why neither is wrong."""
    full, without, _ = scores_with_and_without(line)
    metric = line.round.request.metric
    told = f"(from {written(without, metric)} to {written(full, metric)})"
    if line.value <= 0 and full > without:
        return (
            f"Added to everybody else's rows yours raise the score {told}; averaged over mixtures of all sizes, small "
            "ones above all, they lower it, and all sizes count."
        )
    if line.value > 0 and full < without:
        return (
            f"Added to everybody else's rows yours lower the score {told}; averaged over mixtures of all sizes, small "
            "ones above all, they raise it, and all sizes count."
        )
    return ""


def _model_sentence(line: PayoutLine) -> str:
    metric = line.round.request.metric
    full, without, empty = scores_with_and_without(line)
    unit = f" {unit_of(metric)}".rstrip()
    nobodys = "with the buyer's own alone" if line.round.request.base_rows else "with nobody's"
    return (
        f"With everybody's rows the buyer's model scores {written(full, metric)}{unit} of {metric_name(metric)}, "
        f"with everybody's but yours {written(without, metric)}{unit}, {nobodys} {written(empty, metric)}{unit}."
    )
