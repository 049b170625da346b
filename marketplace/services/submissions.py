"""A submission puts one version of a dataset before the buyer."""

from django.db import transaction

from marketplace.models import Dataset, DatasetVersion, Submission, UploadDraft, User
from marketplace.services import copies, events
from marketplace.services.datasets import enter, lock_request, require_open, require_other_owner, require_seller


@transaction.atomic
def submit(*, version: DatasetVersion, by: User) -> Submission:
    """Submit a version; an earlier accepted submission of the same dataset is withdrawn in its favour.

    Raises:
        NotAllowedError: The person does not sell for the dataset's organisation.
        RequestClosedError: The request is not open.
        OwnRequestError: The organisation and the buyer have one owner.
    """
    dataset = version.dataset
    require_seller(dataset.organization, by)
    request = lock_request(dataset.request)
    require_open(request)
    require_other_owner(request, dataset.organization)
    earlier = _accepted(dataset)
    if earlier is not None and earlier.version_id == version.pk:
        return earlier
    if earlier is not None:
        _mark_withdrawn(earlier, by)
    submission = Submission.objects.create(
        request=dataset.request, organization=dataset.organization, dataset=dataset, version=version, submitted_by=by
    )
    events.record(
        action="submission.accepted",
        subject=submission,
        by=by,
        data={"version": str(version.pk), "replaces": str(earlier.pk) if earlier else None},
    )
    transaction.on_commit(lambda: copies.queue(request_id=dataset.request_id), robust=True)
    return submission


@transaction.atomic
def submit_draft(*, draft: UploadDraft, by: User) -> Submission:
    """Enter a checked draft as a version and submit it, both or neither.

    Raises:
        NotAllowedError: The person does not sell for the organisation.
        RequestClosedError: The request is not open.
        OwnRequestError: The organisation and the buyer have one owner.
        DraftEndedError: The draft was submitted, discarded or replaced meanwhile.
        DraftNotReadyError: The file has not been checked, or has problems.
        QuotaError: The organisation has entered enough versions for today.
    """
    return submit(version=enter(draft=draft, by=by), by=by)


@transaction.atomic
def withdraw(*, version: DatasetVersion, by: User) -> Submission | None:
    """Withdraw the accepted submission of a version; None when there is none (any more).

    Raises:
        NotAllowedError: The person does not sell for the dataset's organisation.
        RequestClosedError: The request is not open.
    """
    dataset = version.dataset
    require_seller(dataset.organization, by)
    require_open(lock_request(dataset.request))
    submission = _accepted(dataset)
    if submission is None or submission.version_id != version.pk:
        return None
    _mark_withdrawn(submission, by)
    return submission


def _accepted(dataset: Dataset) -> Submission | None:
    return dataset.submissions.filter(state=Submission.State.ACCEPTED).first()


def _mark_withdrawn(submission: Submission, by: User) -> None:
    submission.state = Submission.State.WITHDRAWN
    submission.save(update_fields=["state"])
    events.record(action="submission.withdrawn", subject=submission, by=by)
