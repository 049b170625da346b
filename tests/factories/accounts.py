"""People and organisations for tests."""

from itertools import count

from marketplace.models import Membership, Organization, User
from marketplace.services import accounts

PASSWORD = "a-long-test-password"
_numbers = count(1)


def make_user(*, email=None, full_name="Tess Tester", **fields):
    user = User.objects.create_user(
        email=email or f"person{next(_numbers)}@example.com", password=PASSWORD, full_name=full_name, **fields
    )
    accounts.confirm_address(user=user)
    return user


def make_organization(*, name=None, **fields):
    return Organization.objects.create(name=name or f"Organisation {next(_numbers)}", **fields)


def make_member(role, *, organization=None, **fields):
    """Create a person who holds one role in an organisation (a new one unless told)."""
    user = make_user(**fields)
    Membership.objects.create(user=user, organization=organization or make_organization(), role=role)
    return user


def organization_of(user):
    """The organisation of a person's only membership."""
    return user.memberships.get().organization
