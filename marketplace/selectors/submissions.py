"""What is before the buyer, and since when."""

from django.db.models import QuerySet

from marketplace.models import DataRequest, DatasetVersion, Role, Submission, User
from marketplace.selectors.access import is_operator, organizations_of


def accepted_submissions(request: DataRequest) -> QuerySet[Submission]:
    """The submissions that a round would value."""
    return request.submissions.filter(state=Submission.State.ACCEPTED).select_related(
        "organization", "version__dataset"
    )


def visible_submissions(request: DataRequest, user: User) -> QuerySet[Submission]:
    """The accepted submissions a person may see one by one: sellers their own, operators all, buyers only totals."""
    accepted = accepted_submissions(request)
    if is_operator(user):
        return accepted
    return accepted.filter(organization__in=organizations_of(user, Role.SELLER))


def last_submission(version: DatasetVersion) -> Submission | None:
    """The latest submission of a version, accepted or withdrawn."""
    return version.submissions.order_by("-submitted_at").first()
