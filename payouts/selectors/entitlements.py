"""From what a run found to who is entitled to what, under one policy; a round is computed and previewed by the same."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from marketplace.models import Organization
from payouts.core.allocation import Account, Allocation, AllocationError, allocate
from payouts.core.intervals import sum_by_owner, value_intervals
from payouts.core.policy import Policy
from payouts.models import PayoutRound
from payouts.selectors.owners import owner_of_each
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
    """Allocate by owners; the gate looks at both errors, because noise of either kind pays nobody (ADR 0004).

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
        keys, totals, owner_covariance = sum_by_owner(values.values, covariance, owners)
        intervals = value_intervals(totals, owner_covariance)
    except ValueError as error:
        raise AllocationError(str(error)) from error
    return allocate(
        [
            Account(key=str(player.organization_id), owner_key=owner, value=float(value))
            for player, owner, value in zip(outcome.players, owners, values.values, strict=True)
        ],
        owner_lower={key: interval.lower for key, interval in zip(keys, intervals, strict=True)},
        pot_minor=pot_minor,
        policy=policy,
        salt=salt,
        carried_minor=carried_minor,
    )


def owner_keys(organization_ids: Sequence[int]) -> list[str]:
    """Today's beneficial owner of each organisation, in the order given, as the cores name owners."""
    organizations = Organization.objects.in_bulk(organization_ids)
    return [str(organizations[pk].owner_key) for pk in organization_ids]


def frozen_owner_keys(payout_round: PayoutRound, organization_ids: Sequence[int]) -> list[str]:
    """The beneficial owner of each as the round's lines have it: linking accounts later changes no old round."""
    owners = owner_of_each(payout_round)
    return [str(owners[pk]) for pk in organization_ids]
