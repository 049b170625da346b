"""Copies as rounds and pages see them: what is to be compared, what waits for a decision, which rows are left out."""

import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from marketplace.models import (
    CopyComparison,
    CopyFinding,
    DataRequest,
    DatasetVersion,
    Organization,
    Role,
    Submission,
    User,
)
from marketplace.selectors.access import organizations_of

# Raised when files should be compared again: another method finds other copies.
METHOD = "copies-3"
State = CopyFinding.State


@dataclass(frozen=True)
class Summary:
    """The findings of a request by state, and whether every pair of files has been compared."""

    is_checked: bool
    is_checked_with_validation: bool
    open: int
    disputed: int
    first_keeps: int
    both_keep: int
    rows_left_out: int


def accepted_versions(request: DataRequest) -> list[DatasetVersion]:
    """The versions that a round would value, in the order in which they were uploaded."""
    return list(
        DatasetVersion.objects.filter(submissions__request=request, submissions__state=Submission.State.ACCEPTED)
        .select_related("dataset__organization")
        .order_by("uploaded_at", "pk")
    )


def outstanding(request: DataRequest) -> list[tuple[DatasetVersion | None, DatasetVersion]]:
    """Pairs of accepted versions, earlier first, that nobody has compared yet; first each version with itself.

    A version is compared with itself only beside others: they show how often rows repeat. Last come the validation
    rows, as None, with each version.
    """
    versions = accepted_versions(request)
    pairs: list[tuple[DatasetVersion | None, DatasetVersion]] = []
    if len(versions) > 1:
        pairs += [(version, version) for version in versions]
        pairs += itertools.combinations(versions, 2)
    pairs += [(None, version) for version in versions]
    done = set(CopyComparison.objects.filter(request=request, method=METHOD).values_list("earlier_id", "later_id"))
    return [(earlier, later) for earlier, later in pairs if (earlier and earlier.pk, later.pk) not in done]


def in_force(request: DataRequest) -> QuerySet[CopyFinding]:
    """The findings that concern what is before the buyer: those whose later version is accepted."""
    return CopyFinding.objects.filter(request=request, second__in=_accepted_ids(request))


def waiting(request: DataRequest) -> QuerySet[CopyFinding]:
    """The open findings about what is before the buyer, on both sides: a round waits for them."""
    return in_force(request).filter(_first_in(_accepted_ids(request)), state=State.OPEN)


def excluded_rows(request: DataRequest) -> dict[str, list[int]]:
    """By version, the rows that upheld findings leave out of a run, sorted.

    Only for the sake of validation rows, or of a first file that is before the buyer itself: else whoever uploads
    public rows first and withdraws them would shut everybody else out at no cost.
    """
    return _rows_by_version(in_force(request).filter(_first_in(_accepted_ids(request)), state=State.FIRST_KEEPS))


def rows_left_out(version: DatasetVersion) -> int:
    """How many rows of a version upheld findings leave out; all that its seller learns of them."""
    first_accepted = _accepted_ids(version.dataset.request)
    upheld = CopyFinding.objects.filter(
        _first_in(first_accepted) | Q(first=version), second=version, state=State.FIRST_KEEPS
    )
    return len(_rows_by_version(upheld).get(str(version.pk), []))


def versions_with_rows_left_out(user: User) -> QuerySet[DatasetVersion]:
    """Versions of a seller before the buyer that upheld findings name; how many rows are left out says another."""
    accepted = Submission.objects.filter(state=Submission.State.ACCEPTED).values("version_id")
    upheld = CopyFinding.objects.filter(_first_in(accepted), state=State.FIRST_KEEPS).values("second_id")
    return (
        DatasetVersion.objects.filter(pk__in=upheld)
        .filter(pk__in=accepted, dataset__organization__in=organizations_of(user, Role.SELLER))
        .select_related("dataset__request")
        .order_by("-uploaded_at", "pk")
    )


def summary(request: DataRequest) -> Summary:
    """What there is to say about copies of a request, for the page of a round and its audit report."""
    states = Counter(in_force(request).values_list("state", flat=True))
    left = outstanding(request)
    return Summary(
        is_checked=all(earlier is None for earlier, _ in left),
        is_checked_with_validation=all(earlier is not None for earlier, _ in left),
        open=states[State.OPEN],
        disputed=states[State.DISPUTED],
        first_keeps=states[State.FIRST_KEEPS],
        both_keep=states[State.BOTH_KEEP],
        rows_left_out=sum(len(rows) for rows in excluded_rows(request).values()),
    )


def findings_for_operators() -> QuerySet[CopyFinding]:
    """Every finding without its rows: first those that wait for a decision, then by later file, the newest first."""
    waiting_first = Q(state=State.OPEN)
    return (
        CopyFinding.objects.select_related(
            "request__buyer", "first__dataset__organization", "second__dataset__organization", "decided_by"
        )
        .defer("pairs")
        .annotate(waits=waiting_first)
        .order_by("-waits", "-second__uploaded_at", "second_id", "first__uploaded_at", "first_id", "-found_at", "pk")
    )


def others_waiting(finding: CopyFinding) -> QuerySet[CopyFinding]:
    """The other open findings about the same later file: often one reason decides them all."""
    others = CopyFinding.objects.filter(second=finding.second_id, state=State.OPEN).exclude(pk=finding.pk)
    return others.select_related("first__dataset__organization").defer("pairs").order_by("first__uploaded_at", "pk")


def sides(finding: CopyFinding) -> tuple[Organization, Organization]:
    """The seller of the first version, or the buyer of the validation rows, and the seller of the second version."""
    first = finding.first.dataset.organization if finding.first else finding.request.buyer
    return first, finding.second.dataset.organization


def is_party(user: User, finding: CopyFinding) -> bool:
    """Whether a person belongs to somebody who gains or loses by a decision, and must not take it.

    These are the two sides, and about validation rows every seller of the request: a rival's rows are at stake, and
    whoever sells to a request reads none of its validation rows.
    """
    return not findings_of_others(user, [finding])


def findings_of_others(user: User, findings: Iterable[CopyFinding]) -> set[UUID]:
    """Keys of the findings in which a person is no party."""
    own = set(Organization.objects.filter(memberships__user=user))
    sells_to = set(Submission.objects.filter(organization__in=own).values_list("request_id", flat=True))
    return {
        finding.pk
        for finding in findings
        if not own.intersection(sides(finding)) and not (finding.is_of_validation and finding.request_id in sells_to)
    }


def _first_in(versions: Any) -> Q:
    """Findings against one of these versions, or against the validation rows, which are always there."""
    return Q(first__in=versions) | Q(first__isnull=True)


def _accepted_ids(request: DataRequest) -> "QuerySet[Submission, Any]":
    """The versions that are before the buyer, as a subquery."""
    return Submission.objects.filter(request=request, state=Submission.State.ACCEPTED).values("version_id")


def _rows_by_version(findings: QuerySet[CopyFinding]) -> dict[str, list[int]]:
    rows: dict[str, set[int]] = {}
    found: Iterable[tuple[object, list[list[int]]]] = findings.values_list("second_id", "pairs")
    for version_id, pairs in found:
        rows.setdefault(str(version_id), set()).update(row for _, row in pairs)
    return {version_id: sorted(of_version) for version_id, of_version in sorted(rows.items())}
