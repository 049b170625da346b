"""Try attacks on a round that was valued, and keep what each would have gained; nothing that is paid depends on it."""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import structlog
from django.core.cache import cache
from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from marketplace.celery import app as celery_app
from payouts.core.attacks import Cells, Gain, gain
from payouts.core.intervals import LEVEL
from payouts.core.policy import Policy
from payouts.models import AttackTest, PayoutRound
from payouts.models.policies import policy_from_snapshot
from payouts.selectors.entitlements import frozen_owner_keys
from payouts.services import locks
from valuation.core.attacks import CELLS, shells_of
from valuation.core.errors import ValuationError
from valuation.models import ValuationRun
from valuation.services.attacks import Disguised, value_copier, value_null_shells, value_shells

log = structlog.get_logger(__name__)

Kind = AttackTest.Kind
SCHEMA = "attack.v1"
# Lost hints are sent again after this long.
HINT_SECONDS = 120
_STRANGER = "stranger"
_SPLITS: dict[str, Any] = {
    Kind.SHELLS_RANDOM: "random",
    Kind.SHELLS_BY_SIZE: "by_size",
    Kind.SHELLS_BY_LABEL: "by_label",
}


def send_all(payout_round: PayoutRound) -> None:
    """Put a hint on the broker for every attack not yet tried, once the transaction is committed."""
    done = set(payout_round.attack_tests.values_list("kind", flat=True))
    for kind in Kind.values:
        if kind not in done and cache.add(f"attack:{payout_round.pk}:{kind}", "sent", HINT_SECONDS):
            arguments = {"round_id": str(payout_round.pk), "kind": kind}
            transaction.on_commit(
                lambda arguments=arguments: celery_app.send_task("payouts.try_attack", kwargs=arguments),  # type: ignore[misc]
                robust=True,
            )


def rounds_with_untried() -> QuerySet[PayoutRound]:
    """Rounds that came into review lately and on which some attack has not been tried yet."""
    reviewable = (PayoutRound.State.IN_REVIEW, PayoutRound.State.APPROVED, *PayoutRound.SETTLED)
    # What has failed for a day fails tomorrow too; the report says which attacks were not tried.
    lately = timezone.now() - dt.timedelta(days=1)
    return (
        PayoutRound.objects.filter(state__in=reviewable, reviewed_at__gte=lately)
        .annotate(tried=Count("attack_tests"))
        .filter(tried__lt=len(Kind.values))
    )


def try_attack(*, round_id: uuid.UUID, kind: str) -> AttackTest | None:
    """Try one attack and store what it would gain; one that is stored or being tried elsewhere changes nothing."""
    payout_round = PayoutRound.objects.select_related("run").get(pk=round_id)
    run = payout_round.run
    if run is None or run.state != ValuationRun.State.FINISHED:
        return None
    with locks.only_here(f"attack:{round_id}:{kind}") as mine:
        if not mine or payout_round.attack_tests.filter(kind=kind).exists():
            return None
        try:
            figures = _figures(payout_round, run, kind)
        except ValuationError as error:
            figures = {"schema": SCHEMA, "error": str(error), "tests": []}
        test, _ = AttackTest.objects.get_or_create(round=payout_round, kind=kind, defaults={"figures": figures})
    log.info("attack.tried", round_id=str(round_id), kind=kind, seconds=figures.get("seconds"))
    return test


def _figures(payout_round: PayoutRound, run: ValuationRun, kind: str) -> dict[str, Any]:
    sellers = run.manifest["sellers"]
    owners = frozen_owner_keys(payout_round, [seller["organization_id"] for seller in sellers])
    price = _pricing(payout_round, comparisons=3 * (CELLS - 1) * len(sellers) + 2)
    tests: list[dict[str, Any]]
    victim = _best_paid(payout_round, [seller["organization_id"] for seller in sellers])
    if kind in _SPLITS:
        valued = value_shells(run=run, how=_SPLITS[kind])
        tests = _shell_tests(valued, sellers, owners, price)
    elif kind == Kind.NULL_SHELLS:
        valued = value_null_shells(run=run)
        tests = [_stranger_test(valued, owners, price, who="A stranger", is_copy=False)]
    else:
        valued = value_copier(run=run, victim=victim)
        tests = [_stranger_test(valued, owners, price, who=f"A copier of {sellers[victim]['name']}", is_copy=True)]
    return {
        "schema": SCHEMA,
        "level": LEVEL,
        "tests": tests,
        "parts": _sums_of_parts(valued),
        "strangers": _strangers(valued),
        "same_as_victim": _difference(valued, victim) if kind == Kind.COPIER else None,
        "evaluations": valued.evaluations,
        "budget": valued.budget,
        "seconds": valued.seconds,
        "seed": run.seed,
    }


Price = Callable[[Disguised, list[str | None], list[str | None], frozenset[str]], Gain]


def _pricing(payout_round: PayoutRound, *, comparisons: int) -> Price:
    policy: Policy = policy_from_snapshot(payout_round.policy_snapshot)

    def price(valued: Disguised, before: list[str | None], after: list[str | None], controlled: frozenset[str]) -> Gain:
        covariance = valued.covariance
        if valued.validation_covariance is not None:
            covariance = covariance + valued.validation_covariance
        return gain(
            Cells(valued.values, covariance),
            before=before,
            after=after,
            controlled=controlled,
            pot_minor=payout_round.pot_minor,
            policy=policy,
            salt=str(payout_round.pk),
            comparisons=comparisons,
            rng=np.random.default_rng(payout_round.seed),
        )

    return price


def _shell_tests(
    valued: Disguised, sellers: list[dict[str, Any]], owners: list[str], price: Price
) -> list[dict[str, Any]]:
    """Every seller in 2 to 5 shells that nobody has linked, and the same shells linked to their owner."""
    honest: list[str | None] = [owner for owner, count in zip(owners, valued.cells, strict=True) for _ in range(count)]
    tests, first = [], 0
    for place, (seller, count) in enumerate(zip(sellers, valued.cells, strict=True)):
        for shells in range(2, count + 1):
            disguised = list(honest)
            for number, held in enumerate(shells_of(count, shells)):
                for cell in held:
                    disguised[first + cell] = f"shell {number}"
            controlled = frozenset({owners[place], *(f"shell {number}" for number in range(shells))})
            found = price(valued, honest, disguised, controlled)
            defended = price(valued, honest, honest, frozenset({owners[place]}))
            tests.append(_test(seller["name"], shells, found, defended_gain_minor=defended.gain_minor))
        first += count
    return tests


def _stranger_test(valued: Disguised, owners: list[str], price: Price, *, who: str, is_copy: bool) -> dict[str, Any]:
    """Strangers beside the sellers, each an owner of its own; and when somebody looked: linked, or taken for a copy."""
    known: list[str | None] = list(owners)
    names = [f"{_STRANGER} {number}" for number in range(valued.strangers)]
    absent: list[str | None] = [None] * valued.strangers
    found = price(valued, known + absent, [*known, *names], frozenset(names))
    # The rows of an upheld copy are left out of a round; strangers found to be one person count as one owner.
    unmasked = absent if is_copy else [_STRANGER] * valued.strangers
    defended = price(valued, known + absent, [*known, *unmasked], frozenset({_STRANGER}))
    return _test(who, valued.strangers, found, defended_gain_minor=defended.gain_minor)


def _test(who: str, accounts: int, found: Gain, *, defended_gain_minor: int) -> dict[str, Any]:
    return asdict(found) | {
        "who": who,
        "accounts": accounts,
        "gain_minor": found.gain_minor,
        "pays": found.pays,
        "defended_gain_minor": defended_gain_minor,
    }


def _sums_of_parts(valued: Disguised) -> list[dict[str, float]]:
    """What each seller's cells sum to, with its standard error: compared with its value in the round."""
    parts, first = [], 0
    for count in valued.cells:
        own = slice(first, first + count)
        parts.append(
            {"value": float(valued.values[own].sum()), "error": float(np.sqrt(valued.covariance[own, own].sum()))}
        )
        first += count
    return parts


def _strangers(valued: Disguised) -> dict[str, float] | None:
    """What all strangers' rows are worth together, with the standard error."""
    if not valued.strangers:
        return None
    theirs = slice(len(valued.values) - valued.strangers, None)
    return {
        "value": float(valued.values[theirs].sum()),
        "error": float(np.sqrt(valued.covariance[theirs, theirs].sum())),
    }


def _difference(valued: Disguised, victim: int) -> dict[str, float]:
    """A copier's value less its victim's: symmetry says 0, because their rows are the same."""
    contrast = np.zeros(len(valued.values))
    contrast[[victim, -1]] = -1.0, 1.0
    return {
        "value": float(contrast @ valued.values),
        "error": float(np.sqrt(np.clip(contrast @ valued.covariance @ contrast, 0.0, None))),
    }


def _best_paid(payout_round: PayoutRound, organization_ids: list[int]) -> int:
    best = payout_round.lines.order_by("-amount_minor", "number").first()
    return organization_ids.index(best.organization_id) if best else 0
