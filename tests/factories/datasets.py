"""Datasets, versions and submissions for tests, made through the services, so that their files are real."""

from django.core.files.base import ContentFile

from marketplace.models import DatasetVersion, Role
from marketplace.services import datasets, submissions, upload_drafts
from tests.factories.accounts import make_member, organization_of
from tests.factories.requests import GOOD_CSV, make_request


def make_draft(*, request=None, seller=None, name="Census extract", data=GOOD_CSV, filename="census.csv"):
    """Upload a file as a seller (a new one unless told) to a request (a new one unless told)."""
    seller = seller or make_member(Role.SELLER)
    return upload_drafts.receive(
        request=request or make_request(),
        organization=organization_of(seller),
        dataset_name=name,
        file=ContentFile(data, name=filename),
        by=seller,
    )


def make_version(*, request=None, seller=None, name="Census extract", data=GOOD_CSV):
    """Upload a file without problems and enter it, without submitting it."""
    seller = seller or make_member(Role.SELLER)
    draft = make_draft(request=request, seller=seller, name=name, data=data)
    return draft if isinstance(draft, DatasetVersion) else datasets.enter(draft=draft, by=seller)


def make_submission(*, request=None, seller=None, name="Census extract", data=GOOD_CSV):
    """Upload a file and submit it."""
    seller = seller or make_member(Role.SELLER)
    version = make_version(request=request, seller=seller, name=name, data=data)
    return submissions.submit(version=version, by=seller)
