"""Rounds as the operators' pages show them."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from marketplace.models import AuditEvent
from payouts.models import PayoutRound

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
    "round.in_review": "Valued; the lines are ready for review",
    "round.approved": "Approved",
    "round.posted": "Posted to the ledger and exported",
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


def rounds_for_operators() -> QuerySet[PayoutRound]:
    """All rounds, the newest first, with what a table shows."""
    return PayoutRound.objects.select_related("request", "policy", "triggered_by").order_by("-created_at", "pk")


def waits_for(payout_round: PayoutRound) -> str:
    """Who has to do what next, or nothing where the round has ended."""
    return WAITS_FOR.get(State(payout_round.state), "")


def timeline(payout_round: PayoutRound) -> list[Happening]:
    """Who did what with a round, the first step first."""
    events = AuditEvent.objects.filter(
        subject_type=payout_round._meta.label,  # noqa: SLF001 - Django documents _meta as public
        subject_id=str(payout_round.pk),
    )
    return [
        Happening(
            at=event.at,
            what=_HAPPENED.get(event.action, event.action),
            who=event.actor.full_name or event.actor.email if event.actor else "",
            detail=event.data.get("reason", "") or event.data.get("bank_reference", ""),
        )
        for event in events.select_related("actor").order_by("at")
    ]


@dataclass(frozen=True)
class SellerShares:
    """A row of the rules side by side: each rule in words and what it would give, None where it pays nobody."""

    name: str
    shares: list[tuple[str, float | None]]


RULE_WORDS = {
    "fgsv": "FGSV (pays)",
    "gsv": "GSV",
    "leave_one_out": "Leave-one-out",
    "by_rows": "By rows",
    "equal": "Equal",
}


def rules_in_words(figures: dict[str, Any]) -> list[str]:
    """The rules of an audit report in its order."""
    return [RULE_WORDS[rule["rule"]] for rule in figures["rules"]]


def shares_by_seller(figures: dict[str, Any]) -> list[SellerShares]:
    """The audit figures turned around: a row a seller, a column a rule."""
    return [
        SellerShares(
            name=seller["name"],
            shares=[
                (RULE_WORDS[rule["rule"]], rule["shares"][place] if rule["shares"] else None)
                for rule in figures["rules"]
            ],
        )
        for place, seller in enumerate(figures["sellers"])
    ]
