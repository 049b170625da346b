"""Checks of a round's amounts against its values: who is paid nothing, nearly all, or unlike somebody alike."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.template.defaultfilters import pluralize

from marketplace.basics.figures import count, percent
from marketplace.basics.money import format_amount
from payouts.core.allocation import Reason
from payouts.core.due import Wobble, wobble
from payouts.core.policy import SIGNIFICANT
from payouts.models import PayoutLine, PayoutRound
from valuation.core.fgsv.precision import DUE_MINOR
from valuation.selectors.units import unit_of, written

# From this part of what is shared on, one owner takes nearly all.
NEARLY_ALL = 0.9
# Amounts of which the smaller is below this part of the larger are unlike.
ALIKE = 0.5
# So many pairs are named; the others are counted.
_NAMED = 3


@dataclass(frozen=True)
class RiskCheck:
    """One check: what was looked at, whether nothing speaks against paying, and what was found."""

    name: str
    passed: bool
    finding: str


def wobble_of(line: PayoutLine) -> Wobble:
    """What another draw of coalitions, and other validation rows, would do to a line's amount."""
    validation = None
    if line.amount_validation_lower_minor is not None and line.amount_validation_upper_minor is not None:
        validation = (line.amount_validation_lower_minor, line.amount_validation_upper_minor)
    return wobble(
        line.amount_minor,
        (line.amount_lower_minor, line.amount_upper_minor),
        validation,
    )


def amount_checks(payout_round: PayoutRound) -> list[RiskCheck]:
    """The checks of amounts; lines of sellers whose rows were all left out as copies have no value to compare."""
    lines = list(
        payout_round.lines.exclude(reason=Reason.COPIES).select_related("organization").order_by("-value", "number")
    )
    return [
        _moves_with_the_seed(payout_round, lines),
        _paid_nothing(payout_round, lines),
        _nearly_all(lines),
        _alike(payout_round, lines),
    ]


def _moves_with_the_seed(payout_round: PayoutRound, lines: Sequence[PayoutLine]) -> RiskCheck:
    """A share's interval speaks of the pot; whom it is due to asks how far the own amount moves."""
    currency = payout_round.currency
    stated = f"a sixth of it or {format_amount(DUE_MINOR, currency)}, whichever is more"
    found = [(line, wobble_of(line)) for line in lines]
    hanging = sum(each.only_rows_help for _, each in found)
    rows = ""
    if hanging:
        rows = (
            f" {count(hanging)} amount{pluralize(hanging)} would move by more than that with other validation rows: "
            "only more of these make it surer, and no more draws."
        )
    moving = sorted(
        ((line, each) for line, each in found if each.is_too_much),
        key=lambda pair: (pair[1].error_minor / pair[1].allowed_minor, pair[0].number),
        reverse=True,
    )
    if not moving:
        return RiskCheck("Seed", True, f"No amount moves with the seed by more than {stated}.{rows}")
    named = ", ".join(
        f"{line.organization.name} {format_amount(line.amount_minor, currency)} "
        f"± {format_amount(round(each.error_minor), currency)}"
        for line, each in moving[:_NAMED]
    )
    others = f" and {count(len(moving) - _NAMED)} more" if len(moving) > _NAMED else ""
    return RiskCheck(
        "Seed",
        False,
        "The budget was spent before amounts were as sure as they should be: with another seed these move by more "
        f"than {stated} (one standard error): {named}{others}. A larger budget makes them surer.{rows}",
    )


def _paid_nothing(payout_round: PayoutRound, lines: Sequence[PayoutLine]) -> RiskCheck:
    """A value averages over all sizes: the score may fall without rows that are worth nothing on average."""
    figures, metric = payout_round.audit_report.figures, payout_round.request.metric
    margins, errors = figures.rule("leave_one_out").values, figures.standard_errors["leave_one_out"]
    variances = np.sum(
        [np.square(each) for each in (errors.computation, errors.validation) if each is not None]
        or [np.zeros(len(margins))],
        axis=0,
    )
    unit = f" {unit_of(metric)}".rstrip()
    missed = [
        f"{line.organization.name} ({written(margin, metric)}{unit})"
        for line in lines
        # Where nothing is shared the round itself says why.
        if not line.amount_minor
        and line.reason != Reason.NOTHING_TO_SHARE
        and (place := figures.place_of(line.organization_id)) is not None
        and (margin := margins[place]) > SIGNIFICANT * np.sqrt(variances[place])
    ]
    if missed:
        return RiskCheck(
            "Paid nothing",
            False,
            f"The score falls by more than its error without {_listed(missed)}, yet nothing is paid: their value, the "
            "average over mixtures of all sizes, does not count. Read which sizes decided before you approve.",
        )
    return RiskCheck(
        "Paid nothing", True, "Nobody is paid nothing without whose rows the score falls beyond its error."
    )


def _nearly_all(lines: Sequence[PayoutLine]) -> RiskCheck:
    amounts: Counter[int] = Counter()
    for line in lines:
        amounts[line.owner_key] += line.amount_minor
    shared = amounts.total()
    if len(amounts) > 1 and shared:
        owner, most = amounts.most_common(1)[0]
        if most >= NEARLY_ALL * shared:
            names = " and ".join(line.organization.name for line in lines if line.owner_key == owner)
            others = len(amounts) - 1
            return RiskCheck(
                "One takes nearly all",
                False,
                f"{names} takes {percent(most / shared)} of what is shared, beside {count(others)} other "
                f"owner{pluralize(others)}. Look whether the others' rows fit the request, and whether the model does.",
            )
    return RiskCheck("One takes nearly all", True, f"Nobody takes {percent(NEARLY_ALL, 0)} of what is shared or more.")


def _alike(payout_round: PayoutRound, lines: Sequence[PayoutLine]) -> RiskCheck:
    values, amounts, owners = (
        np.array([getattr(line, name) for line in lines], dtype=np.float64)
        for name in ("value", "amount_minor", "owner_key")
    )
    variances = np.array([_variance(line) for line in lines])
    apart = np.abs(values[:, None] - values)
    alike = (apart <= np.sqrt(variances[:, None] + variances)) & (owners[:, None] != owners)
    lost = amounts[:, None] - amounts
    firsts, seconds = np.nonzero(alike & (lost > ALIKE * amounts[:, None]))
    if not firsts.size:
        return RiskCheck("Alike", True, "No two sellers whose values differ by less than their errors are paid unlike.")
    largest = np.argsort(-lost[firsts, seconds], kind="stable")
    named = [
        f"{_told(payout_round, lines[firsts[place]])} and {_told(payout_round, lines[seconds[place]])}"
        for place in largest[:_NAMED]
    ]
    more = f"; and {count(firsts.size - _NAMED)} more pairs" if firsts.size > _NAMED else ""
    return RiskCheck(
        "Alike",
        False,
        f"Values that differ by less than their errors, amounts by more than half: {'; '.join(named)}{more}. More "
        "evaluations or more validation rows would tell them apart.",
    )


def _variance(line: PayoutLine) -> float:
    """Of the value, both errors together, from its two intervals."""
    variance = ((line.value_upper - line.value_lower) / 2 / SIGNIFICANT) ** 2
    if line.value_validation_lower is not None and line.value_validation_upper is not None:
        variance += ((line.value_validation_upper - line.value_validation_lower) / 2 / SIGNIFICANT) ** 2
    return variance


def _told(payout_round: PayoutRound, line: PayoutLine) -> str:
    metric = payout_round.request.metric
    value = f"{written(line.value, metric)} {unit_of(metric)}".rstrip()
    return f"{line.organization.name} ({value}, {format_amount(line.amount_minor, payout_round.currency)})"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
