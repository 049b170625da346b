"""Sellers bring files: each submitted upload is an immutable version of a dataset."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from marketplace.basics.errors import ConflictError, FaircutError, NotAllowedError
from marketplace.ingest import Reading
from marketplace.models import DataRequest, Dataset, DatasetVersion, Organization, Role, UploadDraft, User
from marketplace.selectors.access import organizations_of
from marketplace.services import events


class RequestClosedError(ConflictError):
    """The request takes no data now."""

    code = "request_closed"


class OwnRequestError(ConflictError):
    """Who asks for the rows would be paid for them too."""

    code = "own_request"


class DraftNotReadyError(ConflictError):
    """The file has not been checked, or it has problems."""

    code = "draft_not_ready"


class DraftEndedError(ConflictError):
    """The draft was submitted, discarded or replaced meanwhile, or its stored file is gone."""

    code = "draft_ended"


class QuotaError(FaircutError):
    """The organisation has uploaded as much as it may in one day."""

    code = "quota_exceeded"
    status = 429


@transaction.atomic
def enter(*, draft: UploadDraft, by: User) -> DatasetVersion:
    """Make a checked draft the next version of its dataset; the same rows again give the version they gave.

    Writes rows only: the draft's files become the version's. The request is locked first, then the draft, then the
    dataset, so that version numbers follow one another.

    Raises:
        NotAllowedError: The person does not sell for the organisation.
        RequestClosedError: The request is not open.
        OwnRequestError: The organisation and the buyer have one owner.
        DraftEndedError: The draft was submitted, discarded or replaced meanwhile.
        DraftNotReadyError: The file has not been checked, or has problems.
        QuotaError: The organisation has entered enough versions for today.
    """
    require_seller(draft.organization, by)
    request = lock_request(draft.request)
    require_open(request)
    require_other_owner(request, draft.organization)
    locked = lock_open_draft(draft)
    profile = (locked.findings or {}).get("profile")
    if locked.state != UploadDraft.State.CHECKED or profile is None:
        raise DraftNotReadyError(
            f"{locked.filename} cannot be submitted yet.", remedy="Mend its problems, or upload a corrected file."
        )
    dataset, _ = Dataset.objects.get_or_create(
        request=request, organization=locked.organization, name=locked.dataset_name
    )
    dataset = Dataset.objects.select_for_update(of=("self",), no_key=True).get(pk=dataset.pk)
    version = _same(dataset, locked) or _next(dataset, locked, profile, by)
    locked.state, locked.version = UploadDraft.State.ENTERED, version
    locked.save(update_fields=["state", "version"])
    return version


def require_seller(organization: Organization, by: User) -> None:
    """Refuse people who do not sell for this organisation."""
    if not organizations_of(by, Role.SELLER).filter(pk=organization.pk).exists():
        raise NotAllowedError(
            f"You do not sell for {organization.name}.", remedy="Sign in as one of its sellers, or ask to become one."
        )


def require_open(request: DataRequest) -> None:
    """Refuse requests that take no data now."""
    if not request.is_open:
        raise RequestClosedError(
            f"“{request.title}” is {request.get_state_display().lower()} and takes no data now.",
            remedy="Look for an open request.",
        )


def require_other_owner(request: DataRequest, organization: Organization) -> None:
    """Refuse to sell to oneself: who chose the validation rows can bring rows that take the pot from everybody else."""
    # Read anew: an operator may have linked them since the objects in hand were read.
    both = Organization.objects.filter(pk__in=[organization.pk, request.buyer_id])
    if len({house.owner_key for house in both}) == 1:
        raise OwnRequestError(
            f"{organization.name} belongs to the buyer of “{request.title}”, and nobody sells to themselves.",
            remedy="Bring these rows to another buyer's request.",
        )


def lock_request(request: DataRequest) -> DataRequest:
    """Lock a request for the rest of the transaction, so that it stays open (or closed) until the change is there."""
    return DataRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)


def lock_open_draft(draft: UploadDraft) -> UploadDraft:
    """Lock a draft that is still open for the rest of the transaction.

    Raises:
        DraftEndedError: It is not open any more.
    """
    locked = UploadDraft.objects.select_for_update(of=("self",), no_key=True).filter(pk=draft.pk).first()
    if locked is None or not locked.is_open:
        raise DraftEndedError(
            "This upload was submitted, discarded or replaced meanwhile.", remedy="Upload the file again."
        )
    return locked


def require_quota(organization: Organization, came: int, most: int, things: str) -> None:
    """Refuse more than the most in one day."""
    if came >= most:
        raise QuotaError(
            f"{organization.name} has uploaded {most} {things} in the last 24 hours, which is the most.",
            remedy="Wait some hours, or ask the operators for more.",
        )


def a_day_ago() -> dt.datetime:
    """Since when uploads count towards the day's quota."""
    return timezone.now() - dt.timedelta(days=1)


def _same(dataset: Dataset, draft: UploadDraft) -> DatasetVersion | None:
    reading = Reading.from_json(draft.reading)
    return dataset.versions.filter(sha256=draft.sha256, reading_sha256=reading.sha256).first()


def _next(dataset: Dataset, draft: UploadDraft, profile: dict[str, Any], by: User) -> DatasetVersion:
    entered = DatasetVersion.objects.filter(dataset__organization=dataset.organization, uploaded_at__gt=a_day_ago())
    require_quota(dataset.organization, entered.count(), settings.FAIRCUT_VERSIONS_PER_DAY, "versions")
    version = DatasetVersion.objects.create(
        id=draft.pk,
        dataset=dataset,
        number=(dataset.versions.aggregate(last=Max("number"))["last"] or 0) + 1,
        filename=draft.filename,
        sha256=draft.sha256,
        reading=draft.reading,
        reading_sha256=Reading.from_json(draft.reading).sha256,
        size_bytes=draft.size_bytes,
        rows=profile["rows"],
        original=draft.original.name,
        parquet=draft.parquet.name,
        profile=profile,
        uploaded_by=by,
    )
    events.record(
        action="version.uploaded",
        subject=version,
        by=by,
        data={"dataset": str(dataset.pk), "number": version.number, "sha256": version.sha256, "rows": version.rows},
    )
    return version
