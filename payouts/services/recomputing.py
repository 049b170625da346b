"""Value a round once more, as its auditor would, and compare; reads everything and writes nothing."""

import time
from dataclasses import dataclass

import numpy as np

from payouts.models import PayoutLine, PayoutRound
from payouts.models.policies import policy_from_snapshot
from payouts.selectors.money.digest import lines_sha256
from payouts.selectors.money.entitlements import entitlements, frozen_owner_keys
from valuation.core.runner import run_plan
from valuation.models import ValuationRun
from valuation.selectors import runs as valuation
from valuation.services import inputs
from valuation.services.run_plans import METHOD_VERSION, plan_of


@dataclass(frozen=True)
class Check:
    """One comparison: what was compared, and each difference as a line."""

    what: str
    differences: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        return not self.differences


@dataclass(frozen=True)
class Recomputed:
    """All comparisons, and what they cost.

    `release` is the tag of the release that alone can run the round's blocks again; empty where this one can and did.
    """

    checks: tuple[Check, ...]
    evaluations: int
    seconds: float
    release: str = ""

    @property
    def is_same(self) -> bool:
        return all(check.is_same for check in self.checks)


def recompute(*, payout_round: PayoutRound) -> Recomputed:
    """Hash the frozen inputs, run the plan of sellers' values in this process, and allocate the pot again.

    Values of rows (HCDV) decide no amount and are not computed here. What an earlier method computed is not run: its
    release can. The cents are proved from the stored values in either case.

    Raises:
        ValueError: The round was never valued, or a frozen array is missing or damaged.
    """
    run = payout_round.run
    if run is None:
        raise ValueError(f"{payout_round} was never valued")
    started = time.perf_counter()
    frozen = inputs.load(run)
    of_stored = (_amounts_check(payout_round, run), _lines_check(payout_round))
    if run.method_version != METHOD_VERSION:
        seconds = time.perf_counter() - started
        return Recomputed((_hash_check(payout_round, run), *of_stored), 0, seconds, release=run.method_version)
    plan = plan_of(run).first
    state = run_plan(plan, frozen.game, frozen.groups, run.seed)
    values = [_values_check(run, rule, found.values) for rule, found in plan.estimates(state, run.seed).items()]
    checks = (_hash_check(payout_round, run), *values, *of_stored)
    return Recomputed(checks, state.evaluations, time.perf_counter() - started)


def _hash_check(payout_round: PayoutRound, run: ValuationRun) -> Check:
    found = run.manifest.sha256
    stored = {"the run": run.inputs_sha256, "the round": payout_round.inputs_sha256}
    wrong = tuple(
        f"{whose} says {theirs}, the inputs give {found}" for whose, theirs in stored.items() if theirs != found
    )
    return Check("hash of the inputs, and of every frozen array", wrong)


def _values_check(run: ValuationRun, rule: str, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Check:
    outcome = valuation.outcome(run)
    stored = outcome.rules[rule].values
    wrong = tuple(
        f"{player.name}: stored {was!r}, computed {now!r}"
        for player, was, now in zip(outcome.players, stored.tolist(), values.tolist(), strict=True)
        if was != now
    )
    return Check(f"values by {rule}", wrong)


def _amounts_check(payout_round: PayoutRound, run: ValuationRun) -> Check:
    outcome = valuation.outcome(run)
    allocation = entitlements(
        outcome,
        pot_minor=payout_round.pot_minor,
        policy=policy_from_snapshot(payout_round.policy_snapshot),
        salt=str(payout_round.pk),
        owners=frozen_owner_keys(payout_round, [player.organization_id for player in outcome.players]),
    )
    lines = PayoutLine.objects.filter(round=payout_round)
    stored = {
        str(organization): amount for organization, amount in lines.values_list("organization_id", "amount_minor")
    }
    computed = {account.key: account.amount_minor for account in allocation.accounts}
    computed |= {str(organization): 0 for organization in outcome.left_out}
    wrong = tuple(
        f"organisation {key}: stored {stored.get(key)}, computed {computed.get(key)} minor units"
        for key in sorted(stored.keys() | computed.keys(), key=int)
        if stored.get(key) != computed.get(key)
    )
    return Check("amounts, to the minor unit", wrong)


def _lines_check(payout_round: PayoutRound) -> Check:
    found = lines_sha256(payout_round, payout_round.lines.all())
    wrong = () if found == payout_round.lines_sha256 else (f"stored {payout_round.lines_sha256}, computed {found}",)
    return Check("hash of the lines", wrong)
