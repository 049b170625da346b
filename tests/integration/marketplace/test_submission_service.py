"""At most one version of a dataset is before the buyer, and only while the request is open."""

import pytest

from marketplace.basics.errors import NotAllowedError
from marketplace.models import AuditEvent, DataRequest, Role, Submission, UploadDraft
from marketplace.services import ownership, submissions
from marketplace.services.datasets import OwnRequestError, RequestClosedError
from tests.factories.accounts import make_member, make_organization, organization_of
from tests.factories.datasets import make_draft, make_submission, make_version
from tests.factories.requests import GOOD_CSV, make_request

pytestmark = pytest.mark.django_db
MORE = GOOD_CSV + b"20,1,Male,>50K\n"


def states():
    return list(Submission.objects.values_list("version__number", "state"))


def test_submission_names_request_organisation_dataset_and_version():
    seller, request = make_member(Role.SELLER), make_request()
    submission = make_submission(request=request, seller=seller)

    assert (submission.request, submission.organization) == (request, organization_of(seller))
    assert submission.dataset == submission.version.dataset
    assert submission.submitted_by == seller
    assert AuditEvent.objects.filter(action="submission.accepted", subject_id=str(submission.pk)).count() == 1


def test_next_version_replaces_the_one_before():
    seller, request = make_member(Role.SELLER), make_request()
    make_submission(request=request, seller=seller)
    make_submission(request=request, seller=seller, data=MORE)

    assert states() == [(1, "withdrawn"), (2, "accepted")]


def test_submitting_twice_changes_nothing():
    seller = make_member(Role.SELLER)
    submission = make_submission(seller=seller)

    assert submissions.submit(version=submission.version, by=seller) == submission
    assert states() == [(1, "accepted")]


def test_withdrawing_and_submitting_again():
    seller = make_member(Role.SELLER)
    submission = make_submission(seller=seller)

    withdrawn = submissions.withdraw(version=submission.version, by=seller)
    nothing = submissions.withdraw(version=submission.version, by=seller)
    submissions.submit(version=submission.version, by=seller)

    assert withdrawn == submission
    assert nothing is None
    assert states() == [(1, "withdrawn"), (1, "accepted")]


def test_withdrawing_a_replaced_version_leaves_the_newer_one():
    seller, request = make_member(Role.SELLER), make_request()
    first = make_submission(request=request, seller=seller)
    make_submission(request=request, seller=seller, data=MORE)

    assert submissions.withdraw(version=first.version, by=seller) is None
    assert states() == [(1, "withdrawn"), (2, "accepted")]


@pytest.mark.parametrize("change", [submissions.submit, submissions.withdraw])
def test_closed_request_and_strangers_change_nothing(change):
    seller = make_member(Role.SELLER)
    submission = make_submission(seller=seller)
    version = make_version(seller=seller, request=submission.request, data=MORE)

    with pytest.raises(NotAllowedError):
        change(version=version, by=make_member(Role.SELLER))
    DataRequest.objects.update(state=DataRequest.State.CLOSED)
    with pytest.raises(RequestClosedError):
        change(version=version, by=seller)

    assert states() == [(1, "accepted")]


@pytest.mark.parametrize("relation", ["same", "owned by the buyer", "owner of the buyer", "sister"])
def test_nobody_sells_to_themselves(relation):
    owner = make_organization(name="Holding")
    house = make_organization(name="Own House")
    buyer = house if relation == "same" else make_organization(name="Buyer")
    for front, behind in {
        "same": [],
        "owned by the buyer": [(house, buyer)],
        "owner of the buyer": [(buyer, house)],
        "sister": [(house, owner), (buyer, owner)],
    }[relation]:
        ownership.link(organization=front, owner=behind, reason="One register entry.", by=make_member(Role.OPERATOR))
    seller = make_member(Role.SELLER, organization=house)

    with pytest.raises(OwnRequestError, match="Own House belongs to the buyer of “Rows that tell high earners”"):
        make_version(request=make_request(buyer=buyer), seller=seller)

    assert not UploadDraft.objects.exists()


def test_what_was_uploaded_before_the_owner_was_known_is_not_submitted():
    request, seller = make_request(), make_member(Role.SELLER)
    version = make_version(request=request, seller=seller)
    draft = make_draft(request=request, seller=seller, name="Not entered", data=MORE)
    ownership.link(
        organization=organization_of(seller), owner=request.buyer, reason="One owner.", by=make_member(Role.OPERATOR)
    )

    with pytest.raises(OwnRequestError):
        submissions.submit(version=version, by=seller)
    with pytest.raises(OwnRequestError):
        submissions.submit_draft(draft=draft, by=seller)

    assert not Submission.objects.exists()
