"""From what a run found to who is entitled to what, under one policy; a round is computed and previewed by the same."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from marketplace.models import Organization
from payouts.core.allocation import Account, Allocation, AllocationError, allocate
from payouts.core.intervals import sum_by_owner
from payouts.core.policy import SIGNIFICANT, Policy, Rule
from payouts.models import PayoutRound
from payouts.selectors.money.owners import owner_of_each
from valuation.selectors.runs import RunOutcome

# The rule that pays; the others stand beside it in the audit report.
PAYING_RULE = "fgsv"


def entitlements(
    outcome: RunOutcome,
    *,
    pot_minor: int,
    policy: Policy,
    salt: str,
    owners: Sequence[str],
    carried_minor: Mapping[str, int] = MappingProxyType({}),
) -> Allocation:
    """Allocate by owners; the rule looks at both errors, because either is noise that pay may follow (ADRs 0004, 0011).

    Where all rows together do not beat what the buyer has without them nothing is shared, see `asks_for_a_gain`.

    `owners` names the beneficial owner of each player: today's where a round is computed, afterwards those that were
    frozen with its lines. `carried_minor` is what earlier rounds still owe an owner; it decides no amount, only whether
    an amount is large enough to be sent.

    Raises:
        AllocationError: A value or an error is not finite, or the pot is negative.
    """
    values = outcome.rules[PAYING_RULE]
    covariance = values.covariance
    if values.validation_covariance is not None:
        covariance = covariance + values.validation_covariance
    try:
        keys, _, owner_covariance = sum_by_owner(values.values, covariance, owners)
    except ValueError as error:
        raise AllocationError(str(error)) from error
    return allocate(
        [
            Account(key=str(player.organization_id), owner_key=owner, value=float(value), rows=player.rows)
            for player, owner, value in zip(outcome.players, owners, values.values, strict=True)
        ],
        owner_errors=dict(zip(keys, np.sqrt(np.clip(np.diag(owner_covariance), 0.0, None)).tolist(), strict=True)),
        pot_minor=pot_minor,
        policy=policy,
        salt=salt,
        carried_minor=carried_minor,
        pot_significant=not asks_for_a_gain(outcome, policy) or beats_no_rows(outcome),
    )


def asks_for_a_gain(outcome: RunOutcome, policy: Policy) -> bool:
    """Whether nothing is shared where all rows together gain nothing: a term of games with free disposal (ADR 0012).

    In rounds over earlier terms only the rule of chances asks: those under other rules were posted without that
    question, and stay provable.
    """
    return outcome.free_disposal or policy.rule is Rule.CHANCE


def beats_no_rows(outcome: RunOutcome) -> bool:
    """Whether all rows together raise the score by more than the validation rows can tell from nothing."""
    gain = outcome.utility_full - outcome.utility_empty
    return gain > 0 and gain > SIGNIFICANT * (total_validation_error(outcome) or 0.0)


def total_validation_error(outcome: RunOutcome) -> float | None:
    """Standard error over validation rows of what all rows together add; None where the metric has none.

    Runs that ended before it was kept have it in the covariance of their values: these sum to what all rows add, so
    that all its entries sum to the variance.
    """
    if outcome.total_validation_error is not None:
        return outcome.total_validation_error
    covariance = outcome.rules[PAYING_RULE].validation_covariance
    return None if covariance is None else float(np.sqrt(max(float(covariance.sum()), 0.0)))


def owner_keys(organization_ids: Sequence[int]) -> list[str]:
    """Today's beneficial owner of each organisation, in the order given, as the cores name owners."""
    organizations = Organization.objects.in_bulk(organization_ids)
    return [str(organizations[pk].owner_key) for pk in organization_ids]


def frozen_owner_keys(payout_round: PayoutRound, organization_ids: Sequence[int]) -> list[str]:
    """The beneficial owner of each as the round's lines have it: linking accounts later changes no old round."""
    owners = owner_of_each(payout_round)
    return [str(owners[pk]) for pk in organization_ids]
