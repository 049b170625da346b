"""What a person's first page says: what was earned, what needs them, and where they left off."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from marketplace.basics.figures import count
from marketplace.models import CopyFinding, DataRequest, DatasetVersion, Role, Submission, User
from marketplace.selectors import copies
from marketplace.selectors.access import organizations_of
from marketplace.selectors.datasets import latest_versions
from marketplace.selectors.drafts import own_requests
from marketplace.selectors.requests import with_accepted
from marketplace.selectors.uploads import own_drafts
from marketplace.web.site import path
from payouts.models import PayoutLine, PayoutProfile, PayoutRound
from payouts.selectors.money.balances import with_pots
from payouts.selectors.round.rounds import WAITS_FOR, numbered_rounds, waits_for
from payouts.selectors.round.waiting_lines import released_and_unconfirmed
from payouts.selectors.seller.results import own_lines, value_in_words

LISTED_MAX = 10
# The valuation goes on by itself; every other state waits for a person.
_WAITING = [state for state in WAITS_FOR if state != PayoutRound.State.VALUING]


@dataclass(frozen=True)
class Need:
    """One thing that waits for the person, and where it is done."""

    sentence: str
    words: str
    url: str


@dataclass(frozen=True)
class OwnData:
    """A dataset by its last version, with what the seller's rows for that request were last worth."""

    version: DatasetVersion
    last_value: str
    last_round_url: str


@dataclass(frozen=True)
class SellerHome:
    """A seller's first page."""

    earned: list[tuple[str, int]]
    last_line: PayoutLine | None
    needs: list[Need]
    data: list[OwnData]
    open_requests: QuerySet[DataRequest]


def seller_home(user: User) -> SellerHome:
    """Everything that a seller's first page shows, in a handful of queries."""
    lines = list(own_lines(user).select_related(None).select_related("round__request", "organization"))
    versions = list(latest_versions(user))
    last_lines: dict[tuple[int, object], PayoutLine] = {}
    for line in lines:
        last_lines.setdefault((line.organization_id, line.round.request_id), line)
    return SellerHome(
        earned=_earned(lines),
        last_line=lines[0] if lines else None,
        needs=[
            *_missing_profiles(user, lines),
            *_rows_left_out(user),
            *_unfinished_uploads(user),
            *_not_submitted(versions),
        ],
        data=[_own_data(version, last_lines) for version in versions],
        open_requests=requests_to_answer(user)[:LISTED_MAX],
    )


def requests_to_answer(user: User) -> QuerySet[DataRequest]:
    """Open requests of other houses that nobody of the person's has submitted to yet, the newest first."""
    sellers = organizations_of(user, Role.SELLER)
    answered = Submission.objects.filter(
        request=OuterRef("pk"), organization__in=sellers, state=Submission.State.ACCEPTED
    )
    requests = DataRequest.objects.select_related("buyer").filter(~Exists(answered), state=DataRequest.State.OPEN)
    return with_accepted(requests.exclude(buyer__in=sellers))


def buyer_needs(user: User) -> list[Need]:
    """A buyer's drafts, and open requests whose pots are empty."""
    needs = []
    requests: QuerySet[Any] = with_pots(with_accepted(own_requests(user)))
    requests = requests.annotate(has_rounds=Exists(PayoutRound.objects.filter(request=OuterRef("pk"))))
    for request in requests.exclude(state=DataRequest.State.CLOSED):
        url = path("marketplace:request_detail", request.pk)
        if request.state == DataRequest.State.DRAFT:
            needs.append(Need(f"“{request.title}” is a draft: no seller sees it yet.", "Go on with it", url))
        elif not request.available_minor and not request.has_rounds:
            title = f"“{request.title}”"
            happened = f"Data is submitted to {title}" if request.sellers_accepted else f"{title} is open"
            needs.append(Need(f"{happened}, and its pot is empty.", "See how to pay", path("payouts:fund", request.pk)))
    return needs


def posted_results(user: User) -> list[Need]:
    """Requests of a buyer whose results can be read, the latest posting first."""
    settled = PayoutRound.objects.filter(request__in=own_requests(user), state__in=PayoutRound.SETTLED)
    latest: dict[Any, PayoutRound] = {}
    for payout_round in settled.select_related("request").order_by("-posted_at", "pk"):
        latest.setdefault(payout_round.request_id, payout_round)
    return [
        Need(
            f"The results of “{payout_round.request.title}” are posted.",
            "See the results",
            path("payouts:buyer_results", request_id),
        )
        for request_id, payout_round in list(latest.items())[:LISTED_MAX]
    ]


def operator_needs() -> list[Need]:
    """Findings of copies to decide, then the rounds that wait for an operator, the longest waiting first."""
    return [*_findings_to_decide(), *_waiting_rounds(), *_released_lines()]


def _findings_to_decide() -> list[Need]:
    """One line for all of them: a round with an open finding cannot start."""
    open_findings = CopyFinding.objects.filter(state=CopyFinding.State.OPEN).count()
    if not open_findings:
        return []
    findings = "1 finding" if open_findings == 1 else f"{open_findings} findings"
    return [Need(f"{findings} of copied rows to decide.", "See the copies", path("marketplace:copy_list"))]


def _waiting_rounds() -> list[Need]:
    waiting: QuerySet[Any] = (
        numbered_rounds().select_related("request").filter(state__in=_WAITING).order_by("created_at", "pk")
    )
    return [
        Need(
            f"“{payout_round.request.title}”, round {payout_round.number}, waits for {waits_for(payout_round)}.",
            "Open the round",
            path("payouts:round_detail", payout_round.pk),
        )
        for payout_round in waiting[:LISTED_MAX]
    ]


def _released_lines() -> list[Need]:
    return [
        Need(
            f"Money of “{payout_round.request.title}” was released and waits for the bank's confirmation.",
            "Open the round",
            path("payouts:round_detail", payout_round.pk),
        )
        for payout_round in released_and_unconfirmed().select_related("request").order_by("created_at")[:LISTED_MAX]
    ]


def _earned(lines: list[PayoutLine]) -> list[tuple[str, int]]:
    sums: Counter[str] = Counter()
    for line in lines:
        sums[line.round.currency] += line.amount_minor
    return sorted(sums.items())


def _missing_profiles(user: User, lines: list[PayoutLine]) -> list[Need]:
    profile = PayoutProfile.objects.filter(organization=OuterRef("pk"))
    waiting = {line.organization_id for line in lines if line.amount_minor}
    return [
        Need(
            f"The payout details of {organization.name} are missing"
            + (": what it earned cannot be sent." if organization.pk in waiting else "."),
            "Give payout details",
            path("payouts:profile", organization.pk),
        )
        for organization in organizations_of(user, Role.SELLER).filter(~Exists(profile))
    ]


def _rows_left_out(user: User) -> list[Need]:
    return [
        Need(
            f"An operator left out {count(copies.rows_left_out(version))} of the {count(version.rows)} rows of "
            f"{version}: they were taken for copies.",
            "See what you can do",
            path("marketplace:version_detail", version.pk),
        )
        for version in copies.versions_with_rows_left_out(user)[:LISTED_MAX]
    ]


def _unfinished_uploads(user: User) -> list[Need]:
    return [
        Need(
            f"{draft.filename} for “{draft.request.title}” is uploaded and not submitted.",
            "Go on with it",
            path("marketplace:upload_draft", draft.pk),
        )
        for draft in own_drafts(user)
    ]


def _not_submitted(versions: list[Any]) -> list[Need]:
    return [
        Need(
            f"{version} is checked and not submitted to “{version.dataset.request.title}”.",
            "Submit it",
            path("marketplace:version_detail", version.pk),
        )
        for version in versions
        if version.dataset.request.is_open and version.submitted_number != version.number and not version.was_withdrawn
    ]


def _own_data(version: DatasetVersion, last_lines: dict[tuple[int, object], PayoutLine]) -> OwnData:
    line = last_lines.get((version.dataset.organization_id, version.dataset.request_id))
    if line is None:
        return OwnData(version, "", "")
    return OwnData(version, value_in_words(line).value, path("payouts:result", line.round_id))
