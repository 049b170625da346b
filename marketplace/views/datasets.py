"""A dataset's versions: what each holds, and putting it before the buyer or taking it back."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from marketplace.basics.errors import ConflictError
from marketplace.models import DatasetVersion, Role
from marketplace.people.access import role_required
from marketplace.selectors.copies import rows_left_out
from marketplace.selectors.datasets import categories_of, numbers_of, own_versions, visible_versions
from marketplace.selectors.submissions import last_submission
from marketplace.selectors.uploads import reading_in_words
from marketplace.services import submissions
from marketplace.services.datasets import RequestClosedError
from marketplace.views.signed_in import SignedInRequest


@require_safe
@role_required(Role.SELLER, Role.OPERATOR)
def version_detail(request: SignedInRequest, pk: UUID) -> HttpResponse:
    version = get_object_or_404(visible_versions(request.user), pk=pk)
    submission = last_submission(version)
    is_submitted = submission is not None and submission.state == submission.State.ACCEPTED
    can_change = version.dataset.request.is_open and own_versions(request.user).filter(pk=pk).exists()
    context = {
        "version": version,
        "submission": submission,
        # The word that the seller's home uses too; the buyer accepts nothing by hand.
        "state": "submitted" if is_submitted else submission and submission.state,
        "can_correct": can_change,
        "next_number": version.dataset.versions.count() + 1,
        "reading": reading_in_words(version.reading, is_csv=str(version.original.name).endswith(".csv")),
        "can_submit": can_change and not is_submitted,
        "can_withdraw": can_change and is_submitted,
        "numbers": numbers_of(version.profile, version.dataset.request.schema),
        "categories": categories_of(version.profile),
        "rows_left_out": rows_left_out(version),
        "others": version.dataset.versions.exclude(pk=version.pk).order_by("-number"),
    }
    return render(request, "marketplace/version_detail.html", context)


@require_POST
@role_required(Role.SELLER)
def version_submit(request: SignedInRequest, pk: UUID) -> HttpResponse:
    version = get_object_or_404(own_versions(request.user), pk=pk)
    try:
        submissions.submit(version=version, by=request.user)
    except ConflictError as refused:
        return _unchanged(request, version, refused)
    messages.success(request, f"{version} is submitted.")
    return redirect("marketplace:version_detail", pk=version.pk)


@require_POST
@role_required(Role.SELLER)
def version_withdraw(request: SignedInRequest, pk: UUID) -> HttpResponse:
    version = get_object_or_404(own_versions(request.user), pk=pk)
    try:
        submissions.withdraw(version=version, by=request.user)
    except RequestClosedError as closed:
        return _unchanged(request, version, closed)
    messages.success(request, f"{version} is withdrawn.")
    return redirect("marketplace:version_detail", pk=version.pk)


def _unchanged(request: SignedInRequest, version: DatasetVersion, refused: ConflictError) -> HttpResponse:
    messages.error(request, refused.message)
    return redirect("marketplace:version_detail", pk=version.pk)
