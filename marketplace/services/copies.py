"""Compare what was submitted, put what looks copied before an operator, and write down what the operator decides."""

import time
import uuid
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from marketplace.basics.errors import ConflictError, FaircutError, NotAllowedError
from marketplace.basics.figures import count
from marketplace.basics.states import badge
from marketplace.celery import app as celery_app
from marketplace.copies.budget import cells_read
from marketplace.models import CopyFinding, DataRequest, DatasetVersion, User
from marketplace.selectors import copies as selectors
from marketplace.selectors.access import is_operator
from marketplace.selectors.copy_evidence import parties_in_words
from marketplace.services import events, notices
from marketplace.web.site import address

# A task stops before its time limit and leaves the rest to the next.
TASK_SECONDS = 150
# Cells that a round may have read while somebody waits for its start; more is left to the workers. 150,000 rows of 15
# columns come to as many.
CELLS_AT_START = 36_000_000

State = CopyFinding.State


class CopiesNotCheckedError(ConflictError):
    """Not every pair of files has been compared."""

    code = "copies_not_checked"


class FindingsWaitError(ConflictError):
    """An operator has to decide about findings first."""

    code = "copy_findings_wait"


class FindingDecidedError(ConflictError):
    """The finding has been decided."""

    code = "copy_finding_decided"


class ReasonMissingError(FaircutError):
    """A decision needs its reason."""

    code = "reason_missing"
    status = 422


def queue(*, request_id: uuid.UUID) -> None:
    """Ask a worker to compare what is new; a hint that gets lost is given again by the sweeper."""
    celery_app.send_task("marketplace.check_copies", kwargs={"request_id": str(request_id)})


def sweep() -> None:
    """Queue the requests whose files have not all been compared."""
    for request in DataRequest.objects.filter(state=DataRequest.State.OPEN):
        if selectors.outstanding(request):
            queue(request_id=request.pk)


def check(*, request: DataRequest, seconds_max: float = TASK_SECONDS, is_waiting: bool = False) -> None:
    """Compare all pairs that nobody has compared; each is written on its own, so that a crash loses only one.

    Pairs that another process compares are skipped, or waited for where `is_waiting`.
    """
    from marketplace.services.copy_search import CopySearch  # noqa: PLC0415 - scipy stays out of processes that only serve pages

    started = time.monotonic()
    search = CopySearch(request)
    for earlier, later in selectors.outstanding(request):
        if time.monotonic() - started > seconds_max:
            return
        search.compare(earlier, later, is_waiting=is_waiting)


def ensure_checked(*, request: DataRequest) -> None:
    """Compare what is left to compare, and refuse while findings wait for an operator (ADR 0008).

    Raises:
        CopiesNotCheckedError: There is too much to compare while somebody waits.
        FindingsWaitError: A finding is open.
    """
    left = selectors.outstanding(request)
    columns = len(request.schema["columns"])
    rows = [(earlier.rows if earlier else request.validation_rows) + later.rows for earlier, later in left]
    if sum(cells_read(rows=of_pair, columns=columns) for of_pair in rows) > CELLS_AT_START:
        queue(request_id=request.pk)
        raise CopiesNotCheckedError(
            f"{len(left)} pairs of files have not been compared for copies yet.",
            remedy="They are being compared now; start the round in a few minutes.",
        )
    check(request=request, seconds_max=float("inf"), is_waiting=True)
    waiting = selectors.waiting(request).count()
    if waiting:
        # The caller's transaction is rolled back, and with it what was found just now: a worker finds it again.
        queue(request_id=request.pk)
        verb = "finding of copied rows waits" if waiting == 1 else "findings of copied rows wait"
        raise FindingsWaitError(
            f"{waiting} {verb} for a decision.", remedy="Decide under Copies, then start the round."
        )


@transaction.atomic
def decide(*, finding: CopyFinding, decision: str, reason: str, by: User) -> CopyFinding:
    """Decide an open or disputed finding; rounds that start from now on follow the decision.

    Raises:
        NotAllowedError: The person is no operator, or belongs to somebody whom the finding concerns.
        FindingDecidedError: Somebody has decided already.
        ReasonMissingError: No reason is given.
    """
    decided, before = record_decision(finding=finding, decision=decision, reason=reason, by=by)
    tell_sellers([(decided, before)])
    return decided


def record_decision(*, finding: CopyFinding, decision: str, reason: str, by: User) -> tuple[CopyFinding, str]:
    """Write one decision down in the caller's transaction; returns the finding with its state before.

    Raises:
        NotAllowedError, FindingDecidedError, ReasonMissingError: As `decide`.
    """
    if not is_operator(by):
        raise NotAllowedError("Only operators decide about copies.")
    finding = CopyFinding.objects.select_for_update(of=("self",)).get(pk=finding.pk)
    if selectors.is_party(by, finding):
        raise NotAllowedError(
            f"You belong to {parties_in_words(finding)}.", remedy="Ask an operator who belongs to neither to decide."
        )
    if finding.state not in CopyFinding.UNDECIDED or decision == finding.state:
        raise FindingDecidedError(f"This finding is decided already: {badge(finding.state_shown).words.lower()}.")
    if decision not in {State.BOTH_KEEP, State.FIRST_KEEPS, State.DISPUTED}:
        raise ValueError(f"{decision!r} is no decision")
    if not reason.strip():
        raise ReasonMissingError("Say why you decide so.", remedy="One sentence is enough; it stays with the finding.")
    before = finding.state
    finding.state, finding.reason = decision, reason.strip()
    finding.decided_by, finding.decided_at = by, timezone.now()
    finding.save(update_fields=["state", "reason", "decided_by", "decided_at"])
    data = {"from": before, "to": decision, "reason": finding.reason, "rows": finding.rows_matched}
    events.record(action="copies.decided", subject=finding, by=by, data=data)
    return finding, before


def tell_sellers(decided: Sequence[tuple[CopyFinding, str]]) -> None:
    """Tell those whose rows the decisions concern about their own rows, and nothing about who else they concern.

    Each comes with its state before. Of a file on which several are decided at once its seller reads once.
    """
    upheld = [finding for finding, _ in decided if finding.state == State.FIRST_KEEPS]
    for finding in {finding.second_id: finding for finding in upheld}.values():
        _tell_rows_left_out(finding)
    brought: dict[uuid.UUID, list[CopyFinding]] = {}
    for finding in upheld:
        if finding.is_of_validation:
            brought.setdefault(finding.request_id, []).append(finding)
    for findings in brought.values():
        _tell_buyer(findings)
    # A dispute was spoken about with both, so both learn its end.
    counting = {
        version.pk: (finding, version)
        for finding, before in decided
        if before == State.DISPUTED
        for version in (finding.first, finding.second)
        if version is not None and (finding.state == State.BOTH_KEEP or version.pk != finding.second_id)
    }
    for finding, version in counting.values():
        _tell_rows_count(finding, version)


def _tell_rows_left_out(finding: CopyFinding) -> None:
    version = finding.second
    rows = len(selectors.excluded_rows(finding.request).get(str(version.pk), []))
    if not rows:
        return  # one of the two files was withdrawn meanwhile, so nothing is left out
    organization = version.dataset.organization
    notices.notify(
        organization=organization,
        kind="copies_decided",
        subject=f"{count(rows)} rows of {version} are left out",
        body=f"{count(rows)} of the {count(version.rows)} rows of {version}, which {organization.name} submitted to "
        f"“{finding.request.title}”, are left out of rounds that start from now on: an operator decided that they are "
        "copies. They have no value and earn nothing. Nothing is taken from you for rounds that have started.\n\n"
        f"If you can show where you have these rows from, tell {notices.operator_in_words()} and submit them as a new "
        "version: that is looked at anew. If they came in by mistake, upload a version without them.\n\n"
        f"{address('marketplace:version_detail', version.pk)}",
        key=f"copies:{finding.pk}:left_out",
    )


def _tell_buyer(findings: Sequence[CopyFinding]) -> None:
    """Validation rows that somebody holds measure no longer what data is worth; who holds them is not the buyer's.

    Of one request; a row that stands in several files counts once.
    """
    request = findings[0].request
    rows = count(len({first for finding in findings for first, _ in finding.pairs}))
    who = "sellers" if len({finding.second.dataset.organization_id for finding in findings}) > 1 else "a seller"
    notices.notify(
        organization=request.buyer,
        kind="copies_decided",
        subject=f"{who} submitted {rows} of your validation rows",
        body=f"An operator decided that rows which {who} submitted to “{request.title}” are copies of {rows} of your "
        "validation rows. They are left out of rounds that start from now on. "
        "Whoever holds validation rows can bring rows that are chosen by them: if yours are public or were passed on, "
        "consider closing this request and opening one with others.\n\n"
        f"{address('marketplace:request_detail', request.pk)}",
        key=f"copies:{findings[0].pk}:validation",
    )


def _tell_rows_count(finding: CopyFinding, version: DatasetVersion) -> None:
    organization = version.dataset.organization
    notices.notify(
        organization=organization,
        kind="copies_decided",
        subject=f"the dispute about rows of {version} is decided",
        body=f"An operator decided the dispute about rows of {version}, which {organization.name} submitted to "
        f"“{finding.request.title}”: none of your rows is left out because of it. There is nothing for you to do.\n\n"
        f"{address('marketplace:version_detail', version.pk)}",
        key=f"copies:{finding.pk}:kept:{version.pk}",
    )
