"""Which attacks on a round are asked for, and which of them a worker still has before it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from payouts.models import AttackTest, PayoutRound

Kind = AttackTest.Kind
# From review on there is something to attack.
REVIEWABLE = (PayoutRound.State.IN_REVIEW, PayoutRound.State.APPROVED, *PayoutRound.SETTLED)
# Four times the evaluations halve an interval.
RETRY_FACTOR = 4
TIMES_MAX = RETRY_FACTOR**3
# What no worker has managed in a day it will not manage tomorrow; the report says that it was not tried.
WAITED_FOR = dt.timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """The largest budget that was asked for, as a multiple of the first one, and when."""

    times: int
    at: dt.datetime


def asked(payout_round: PayoutRound) -> Asked | None:
    """What is to be tried on a round; None before its review."""
    if payout_round.reviewed_at is None:
        return None
    latest = payout_round.attack_retries.order_by("-times").first()
    return Asked(1, payout_round.reviewed_at) if latest is None else Asked(latest.times, latest.created_at)


def running(payout_round: PayoutRound) -> list[AttackTest.Kind]:
    """The attacks that are being tried or wait for a worker, in the order of their kinds."""
    wanted = asked(payout_round)
    if wanted is None or payout_round.state not in REVIEWABLE or wanted.at < timezone.now() - WAITED_FOR:
        return []
    done = set(payout_round.attack_tests.filter(times=wanted.times).values_list("kind", flat=True))
    return [kind for kind in Kind if kind.value not in done]


def next_times(payout_round: PayoutRound) -> int | None:
    """The budget that may be asked for next; None before the review, and where the largest was asked for already."""
    wanted = asked(payout_round)
    if wanted is None or payout_round.state not in REVIEWABLE or wanted.times >= TIMES_MAX:
        return None
    return wanted.times * RETRY_FACTOR


def rounds_to_try() -> list[PayoutRound]:
    """Rounds on which attacks wait that were asked for lately."""
    since = timezone.now() - WAITED_FOR
    lately = Q(reviewed_at__gte=since) | Q(attack_retries__created_at__gte=since)
    found = PayoutRound.objects.filter(lately, state__in=REVIEWABLE).distinct()
    return [payout_round for payout_round in found if running(payout_round)]


def best_tries(payout_round: PayoutRound) -> Mapping[str, list[AttackTest]]:
    """The tries of each kind: first the one that counts, with the most evaluations that led to figures."""
    tries: dict[str, list[AttackTest]] = {}
    for test in payout_round.attack_tests.all():
        tries.setdefault(test.kind, []).append(test)
    return {
        kind: sorted(found, key=lambda test: (bool(test.figures.tests), test.times), reverse=True)
        for kind, found in tries.items()
    }
