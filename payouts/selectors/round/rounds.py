"""Rounds as the operators' pages show them."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.utils import timezone

from marketplace.models import AuditEvent
from payouts.core.rules import RULES, RuleFigures
from payouts.documents import AuditFigures
from payouts.models import PayoutRound
from payouts.selectors.money.balances import available_in_pot

State = PayoutRound.State

# Who has to do what next; an ended round waits for nobody.
WAITS_FOR = {
    State.DRAFT: "an operator to start it",
    State.VALUING: "the valuation",
    State.IN_REVIEW: "another operator to approve it",
    State.APPROVED: "an operator to post it",
    State.POSTED: "the bank's confirmation",
}

_HAPPENED = {
    "round.opened": "Drafted",
    "round.triggered": "Started; the pot went into escrow and the inputs were frozen",
    "round.resumed": "The work that nobody was doing was sent out again",
    "round.in_review": "Valued; the lines are ready for review",
    "round.attacks_asked_again": "The attacks are tried again with more evaluations",
    "round.approved": "Approved",
    "round.posted": "Posted to the ledger and exported",
    "round.line_held": "A line is held",
    "round.line_released": "A line is released",
    "round.line_paid": "A released line is confirmed by the bank",
    "round.payments_downloaded": "The payments were downloaded, with account numbers in full",
    "round.paid": "Confirmed by the bank",
    "round.failed": "Failed; the pot went back to the buyer",
    "round.cancelled": "Cancelled; the pot went back to the buyer",
    "round.superseded": "Replaced by a new round; the pot went back to the buyer",
}


@dataclass(frozen=True)
class Happening:
    """One entry of the timeline."""

    at: dt.datetime
    what: str
    who: str
    detail: str


def numbered_rounds() -> QuerySet[PayoutRound]:
    """All rounds, each with its ``number`` among those of its request: five rounds of one request are told apart.

    Each carries ``available_minor`` too, what the pot of its request holds: an unfunded draft waits for the buyer.
    """
    so_far = PayoutRound.objects.filter(request=OuterRef("request"), created_at__lte=OuterRef("created_at"))
    count = so_far.order_by().values("request").annotate(count=Count("pk")).values("count")
    return PayoutRound.objects.annotate(number=Subquery(count), available_minor=available_in_pot("request"))


# What the operators' list may be narrowed to: by name, the words of the choice and the states it shows.
SHOWN = {
    "": ("All", list(State)),
    "people": ("Waiting for people", [State.DRAFT, State.IN_REVIEW, State.APPROVED, State.POSTED]),
    "valuing": ("Valuing", [State.VALUING]),
    "ended": ("Ended", [State.PAID, State.FAILED, State.CANCELLED, State.SUPERSEDED]),
}


def rounds_for_operators(*, show: str = "") -> QuerySet[PayoutRound]:
    """Rounds, the newest first, with what a table shows; a name that is not in ``SHOWN`` shows all."""
    _, states = SHOWN.get(show, SHOWN[""])
    rounds = numbered_rounds().filter(state__in=states).select_related("request", "policy", "triggered_by")
    return rounds.order_by("-created_at", "pk")


def waits_for(payout_round: Any) -> str:
    """Who has to do what next for one of ``numbered_rounds``, or nothing where the round has ended."""
    if payout_round.state == State.DRAFT and payout_round.available_minor < payout_round.pot_minor:
        return "the buyer's payment"
    return WAITS_FOR.get(State(payout_round.state), "")


def waiting_for_seconds(payout_round: PayoutRound) -> float | None:
    """How long one of ``numbered_rounds`` has been waiting for that, or None where it has ended."""
    if not waits_for(payout_round):
        return None
    steps = ("created_at", "triggered_at", "reviewed_at", "approved_at", "posted_at")
    last = max(at for step in steps if (at := getattr(payout_round, step)) is not None)
    return float((timezone.now() - last).total_seconds())


def timeline(payout_round: PayoutRound) -> list[Happening]:
    """Who did what with a round, the first step first."""
    events = AuditEvent.objects.filter(
        subject_type=payout_round._meta.label,  # noqa: SLF001 - Django documents _meta as public
        subject_id=str(payout_round.pk),
    )
    return [
        Happening(
            at=event.at,
            what=_happened(event.action, payout_round),
            who=event.actor.full_name or event.actor.email if event.actor else "",
            detail=event.data.get("reason", "") or event.data.get("bank_reference", ""),
        )
        for event in events.select_related("actor").order_by("at")
    ]


def _happened(action: str, payout_round: PayoutRound) -> str:
    if action == "round.cancelled" and payout_round.triggered_at is None:
        return "Given up before it started"
    return _HAPPENED.get(action, action)


@dataclass(frozen=True)
class SellerShares:
    """A row of the rules side by side: each rule in words, what it would give and how sure that is.

    The share is None where the rule pays nobody; the half-width of its computation interval where none is known.
    """

    name: str
    shares: list[tuple[str, float | None, float | None]]


# The stages of a valuation in their order.
_TIME_WORDS = {
    "freezing": "Freezing the inputs",
    "evaluating": "Training and scoring, all workers together",
    "embedding_rows": "Embedding rows",
    "valuing_rows": "Valuing rows, all workers together",
    "merging": "Merging the waves",
}


@dataclass(frozen=True)
class RuleRow:
    """A rule in words, what it means, and its audit figures."""

    words: str
    means: str
    figures: RuleFigures


def rules_in_words(figures: AuditFigures) -> list[str]:
    """The rules of an audit report in its order."""
    return [RULES[rule.rule].title for rule in figures.rules]


def rule_rows(figures: AuditFigures) -> list[RuleRow]:
    """How equal each rule is and what it agrees with, a row a rule."""
    return [RuleRow(RULES[rule.rule].title, RULES[rule.rule].meaning, rule) for rule in figures.rules]


def times_in_words(figures: AuditFigures) -> list[tuple[str, float]]:
    """How long each stage of the valuation took, in seconds, in their order."""
    taken = figures.seconds
    return [(words, getattr(taken, stage)) for stage, words in _TIME_WORDS.items() if stage in taken.model_fields_set]


def shares_by_seller(figures: AuditFigures) -> list[SellerShares]:
    """The audit figures turned around: a row a seller, a column a rule; the largest share that pays first."""
    unknown = (None,) * len(figures.sellers)
    half_widths = {rule.rule: figures.share_half_widths.get(rule.rule) or unknown for rule in figures.rules}
    sellers = [
        SellerShares(
            name=seller.name,
            shares=[
                (RULES[rule.rule].title, rule.shares[place] if rule.shares else None, half_widths[rule.rule][place])
                for rule in figures.rules
            ],
        )
        for place, seller in enumerate(figures.sellers)
    ]
    return sorted(sellers, key=lambda seller: -(seller.shares[0][1] or 0.0))
