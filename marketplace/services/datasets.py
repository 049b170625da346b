"""Sellers bring files: each accepted upload is an immutable version of a dataset."""

import uuid

from django.core.files.base import File
from django.db import transaction
from django.db.models import Max

from marketplace.ingest import Checked, TableSchema
from marketplace.models import DataRequest, Dataset, DatasetVersion, Organization, Role, User
from marketplace.selectors.access import organizations_of
from marketplace.services import events
from marketplace.services.uploads import Upload, normalised_parquet, received
from marketplace.shared.errors import ConflictError, NotAllowedError


class RequestClosedError(ConflictError):
    """The request takes no data now."""

    code = "request_closed"


def upload(
    *, request: DataRequest, organization: Organization, dataset_name: str, file: "File[bytes]", by: User
) -> DatasetVersion:
    """Check a file and store it as the next version of a dataset; the same bytes again give the version they gave.

    Raises:
        NotAllowedError: The person does not sell for the organisation.
        RequestClosedError: The request is not open.
        UploadRefusedError: The file has problems; nothing is stored.
    """
    require_seller(organization, by)
    require_open(request)
    with received(file) as incoming:
        known = _known_version(request, organization, dataset_name, incoming.sha256)
        if known is not None:
            return known
        checked = incoming.checked(TableSchema.from_json(request.schema))
        version = _unsaved_version(incoming, checked, by)
        try:
            version.original.save(f"{version.pk}.{checked.format}", File(incoming.original), save=False)
            with normalised_parquet(checked.table) as parquet:
                version.parquet.save(f"{version.pk}.parquet", File(parquet), save=False)
            entered = _enter(version, request, organization, dataset_name, by)
        except BaseException:
            _remove_files(version)
            raise
        if entered != version:
            _remove_files(version)
        return entered


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


def lock_request(request: DataRequest) -> DataRequest:
    """Lock a request for the rest of the transaction, so that it stays open (or closed) until the change is there."""
    return DataRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)


def _unsaved_version(incoming: Upload, checked: Checked, by: User) -> DatasetVersion:
    return DatasetVersion(
        id=uuid.uuid4(),
        filename=incoming.filename,
        sha256=incoming.sha256,
        size_bytes=incoming.size_bytes,
        rows=checked.table.num_rows,
        profile=checked.profile,
        uploaded_by=by,
    )


@transaction.atomic
def _enter(
    version: DatasetVersion, request: DataRequest, organization: Organization, dataset_name: str, by: User
) -> DatasetVersion:
    """Write the rows, or find that the same bytes were entered meanwhile.

    The request is locked first, then the dataset, so that version numbers follow one another.
    """
    require_open(lock_request(request))
    dataset, _ = Dataset.objects.get_or_create(request=request, organization=organization, name=dataset_name)
    dataset = Dataset.objects.select_for_update(of=("self",), no_key=True).get(pk=dataset.pk)
    known = dataset.versions.filter(sha256=version.sha256).first()
    if known is not None:
        return known
    version.dataset = dataset
    version.number = (dataset.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    version.save(force_insert=True)
    events.record(
        action="version.uploaded",
        subject=version,
        by=by,
        data={"dataset": str(dataset.pk), "number": version.number, "sha256": version.sha256, "rows": version.rows},
    )
    return version


def _known_version(
    request: DataRequest, organization: Organization, dataset_name: str, sha256: str
) -> DatasetVersion | None:
    return DatasetVersion.objects.filter(
        dataset__request=request, dataset__organization=organization, dataset__name=dataset_name, sha256=sha256
    ).first()


def _remove_files(version: DatasetVersion) -> None:
    for file in (version.original, version.parquet):
        file.delete(save=False)  # does nothing where nothing was stored
