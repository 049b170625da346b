"""What the database itself refuses to change in the marketplace."""

import pytest
from django.db import ProgrammingError, transaction

from marketplace.models import DataRequest, DatasetVersion, Organization
from tests.factories.accounts import make_organization
from tests.factories.datasets import make_version
from tests.factories.requests import make_request

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("change", [{"metric": "accuracy"}, {"validation_sha256": "f" * 64}, {"schema": {}}])
def test_the_terms_of_a_request_stay_as_committed(change):
    request = make_request()

    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        DataRequest.objects.filter(pk=request.pk).update(**change)


def test_a_request_closes():
    request = make_request()

    assert DataRequest.objects.filter(pk=request.pk).update(state=DataRequest.State.CLOSED) == 1


def test_a_version_is_immutable():
    version = make_version()

    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        DatasetVersion.objects.filter(pk=version.pk).update(rows=1)


def test_owners_form_no_chain():
    owner = make_organization()
    front = make_organization(beneficial_owner=owner)

    with pytest.raises(ProgrammingError, match="name the last of the chain"), transaction.atomic():
        make_organization(beneficial_owner=front)
    with pytest.raises(ProgrammingError, match="name the last of the chain"), transaction.atomic():
        Organization.objects.filter(pk=owner.pk).update(beneficial_owner=make_organization())
