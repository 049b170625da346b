"""Copies as they stood when a round's inputs were frozen: what is withdrawn or decided afterwards changes no round."""

import datetime as dt
import itertools
import uuid
from collections import Counter
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from marketplace.basics.figures import count
from marketplace.basics.states import badge
from marketplace.models import AuditEvent, CopyComparison, CopyFinding
from marketplace.selectors.copies import Summary
from marketplace.selectors.copy_evidence import kind_in_words
from payouts.models import PayoutRound
from payouts.selectors.round.rounds import Happening
from valuation.documents import Manifest

State = CopyFinding.State


@dataclass(frozen=True)
class FrozenCopies:
    """The findings about the frozen files, the states they had then, and the decisions taken until then."""

    summary: Summary
    decisions: list[Happening]


def frozen_copies(payout_round: PayoutRound) -> FrozenCopies:
    """What was known of copies among a round's inputs when it was triggered.

    Raises:
        ValueError: The round was never triggered.
    """
    manifest, at = _frozen(payout_round)
    findings = {str(finding.pk): finding for finding in _findings(payout_round).filter(found_at__lte=at)}
    decided = [event for event in _decisions(findings) if event.at <= at]
    states: dict[str, str] = dict.fromkeys(findings, State.OPEN.value)
    states |= {event.subject_id: event.data["to"] for event in decided}
    counts = Counter(states.values())
    summary = Summary(
        is_checked=_all_compared(_versions(manifest), at),
        is_checked_with_validation=_all_compared_with_validation(_versions(manifest), at),
        open=counts[State.OPEN],
        disputed=counts[State.DISPUTED],
        first_keeps=counts[State.FIRST_KEEPS],
        both_keep=counts[State.BOTH_KEEP],
        rows_left_out=sum(file.rows_left_out for file in manifest.files),
    )
    return FrozenCopies(summary, [_happening(event, findings[event.subject_id]) for event in decided])


def news_since(payout_round: PayoutRound) -> int:
    """How many findings about the frozen files were made or decided since; for whoever approves them."""
    _, at = _frozen(payout_round)
    return _findings(payout_round).filter(Q(found_at__gt=at) | Q(decided_at__gt=at)).count()


def _frozen(payout_round: PayoutRound) -> tuple[Manifest, dt.datetime]:
    if payout_round.triggered_at is None:
        raise ValueError(f"{payout_round} was never triggered")
    return payout_round.started_run.manifest, payout_round.triggered_at


def _versions(manifest: Manifest) -> list[uuid.UUID]:
    return [uuid.UUID(file.version) for file in manifest.files]


def _findings(payout_round: PayoutRound) -> QuerySet[CopyFinding]:
    """Findings whose later file is among the frozen ones."""
    versions = _versions(payout_round.started_run.manifest)
    findings = CopyFinding.objects.filter(request=payout_round.request_id, second__in=versions)
    return findings.select_related("second__dataset__organization").defer("pairs")


def _decisions(findings: dict[str, CopyFinding]) -> QuerySet[AuditEvent]:
    return (
        AuditEvent.objects.filter(
            action="copies.decided",
            subject_type=CopyFinding._meta.label,  # noqa: SLF001 - Django documents _meta as public
            subject_id__in=findings,
        )
        .select_related("actor")
        .order_by("at")
    )


def _happening(event: AuditEvent, finding: CopyFinding) -> Happening:
    decision = badge(finding.shown(event.data["to"])).words
    rows = f"{count(finding.rows_matched)} of {count(finding.second.rows)} rows"
    return Happening(
        at=event.at,
        what=f"{decision}: {rows} of {finding.second.dataset.organization.name}, {kind_in_words(finding)}",
        who=event.actor.full_name or event.actor.email if event.actor else "",
        detail=event.data["reason"],
    )


def _all_compared(versions: list[uuid.UUID], at: dt.datetime) -> bool:
    """Whether every pair of the files had been compared, by whatever method was in use then."""
    known = CopyComparison.objects.filter(earlier__in=versions, later__in=versions, compared_at__lte=at)
    compared = {frozenset(pair) for pair in known.values_list("earlier_id", "later_id")}
    return all(frozenset(pair) in compared for pair in itertools.combinations(versions, 2))


def _all_compared_with_validation(versions: list[uuid.UUID], at: dt.datetime) -> bool:
    """Whether every file had been compared with the validation rows, which came later than the first rounds."""
    known = CopyComparison.objects.filter(earlier=None, later__in=versions, compared_at__lte=at)
    return set(known.values_list("later_id", flat=True)) == set(versions)
