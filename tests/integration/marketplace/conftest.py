"""A buyer in a browser, and the draft request they are at."""

import pytest

from marketplace.models import Role
from tests.factories.accounts import make_member
from tests.factories.drafts import completed, make_draft


@pytest.fixture
def buyer(client):
    person = make_member(Role.BUYER)
    client.force_login(person)
    return person


@pytest.fixture
def draft(buyer):
    """A draft after the first three steps."""
    return make_draft(buyer)


@pytest.fixture
def complete(buyer, draft):
    return completed(draft, buyer)
