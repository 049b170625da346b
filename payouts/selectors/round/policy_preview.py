"""The same values under other policies: who would gain, who would lose, and how equal it would be."""

from collections.abc import Sequence
from dataclasses import dataclass

from payouts.core.inequality import gini
from payouts.core.policy import Policy
from payouts.models import PayoutPolicy, PayoutRound
from payouts.models.policies import policy_from_snapshot
from payouts.selectors.money.entitlements import entitlements, frozen_owner_keys
from valuation.selectors import runs as valuation


@dataclass(frozen=True)
class PreviewedPolicy:
    """One policy on one round: amounts in minor units in the order of the sellers.

    ``differences_minor`` are against the round's own policy; ``gini`` is of the amounts, None where nothing is paid.
    """

    name: str
    amounts_minor: list[int]
    differences_minor: list[int]
    fee_minor: int
    unallocated_minor: int
    gini: float | None


@dataclass(frozen=True)
class PolicyPreview:
    """The sellers of a round, and what each policy would pay them; the round's own policy comes first."""

    sellers: list[str]
    policies: list[PreviewedPolicy]

    @property
    def rows(self) -> list[tuple[str, list[tuple[str, int, int]]]]:
        """Each seller with name, amount and difference of every policy; whom the round pays most comes first."""
        own = self.policies[0].amounts_minor
        return [
            (
                self.sellers[place],
                [(each.name, each.amounts_minor[place], each.differences_minor[place]) for each in self.policies],
            )
            for place in sorted(range(len(self.sellers)), key=lambda place: -own[place])
        ]


def preview(payout_round: PayoutRound, *, tried: Policy | None = None) -> PolicyPreview:
    """Compute a reviewed round's amounts under its own policy, every other stored policy, and one that is tried.

    Raises:
        ValueError: The round has no finished run.
    """
    outcome = valuation.outcome(payout_round.started_run)
    own = payout_round.policy_snapshot
    named = [(f"{own['name']} (this round)", policy_from_snapshot(own))]
    named += [
        (policy.name, policy_from_snapshot(policy.snapshot()))
        for policy in PayoutPolicy.objects.all()
        if policy.snapshot() != own
    ]
    if tried is not None:
        named.append(("The policy you try", tried))
    owners = frozen_owner_keys(payout_round, [player.organization_id for player in outcome.players])
    computed = []
    for name, policy in named:
        allocation = entitlements(
            outcome, pot_minor=payout_round.pot_minor, policy=policy, salt=str(payout_round.pk), owners=owners
        )
        amounts = [account.amount_minor for account in allocation.accounts]
        computed.append((name, amounts, allocation.fee_minor, allocation.unallocated_minor))
    return PolicyPreview(
        sellers=[player.name for player in outcome.players],
        policies=[
            PreviewedPolicy(
                name=name,
                amounts_minor=amounts,
                differences_minor=_differences(amounts, computed[0][1]),
                fee_minor=fee,
                unallocated_minor=unallocated,
                gini=gini(amounts),
            )
            for name, amounts, fee, unallocated in computed
        ],
    )


def _differences(amounts: Sequence[int], own: Sequence[int]) -> list[int]:
    return [amount - now for amount, now in zip(amounts, own, strict=True)]
