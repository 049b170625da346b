"""Policies: written once, chosen for rounds, one of them the default; a round keeps its own copy."""

from dataclasses import dataclass

from django.db import IntegrityError, transaction

from marketplace.basics.errors import ConflictError
from marketplace.models import User
from marketplace.services import events
from payouts.core.policy import Rule
from payouts.models import PayoutPolicy


@dataclass(frozen=True)
class PolicyTerms:
    """What a policy says, in whole basis points (hundredths of a percent) and minor units."""

    rule: Rule
    cap_basis_points: int
    floor_basis_points: int
    minimum_minor: int
    fee_basis_points: int


@transaction.atomic
def write(*, name: str, terms: PolicyTerms, by: User) -> PayoutPolicy:
    """Store a new policy.

    Raises:
        ConflictError: Another policy has this name.
        ValidationError: The terms contradict each other.
    """
    taken = ConflictError(f"There is a policy called {name} already.", remedy="Choose another name.")
    if PayoutPolicy.objects.filter(name=name).exists():
        raise taken
    policy = PayoutPolicy(name=name, **vars(terms))
    policy.full_clean()
    try:
        with transaction.atomic():
            policy.save()
    except IntegrityError as error:  # another operator wrote it at this very moment
        raise taken from error
    events.record(action="policy.written", subject=policy, by=by, data=policy.snapshot())
    return policy


@transaction.atomic
def make_default(*, policy: PayoutPolicy, by: User) -> PayoutPolicy:
    """Offer this policy first when a round is drafted; rounds that exist keep theirs."""
    # Locked in one order: two operators who choose at once wait for each other, and the second choice stands.
    policies = {row.pk: row for row in PayoutPolicy.objects.order_by("pk").select_for_update()}
    policy = policies[policy.pk]
    if policy.is_default:
        return policy
    PayoutPolicy.objects.filter(is_default=True).update(is_default=False)
    policy.is_default = True
    policy.save(update_fields=["is_default"])
    events.record(action="policy.made_default", subject=policy, by=by, data={"name": policy.name})
    return policy
