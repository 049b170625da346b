"""People, organisations and who acts for whom."""

from allauth.account.models import EmailAddress
from django.db import transaction

from marketplace.models import Membership, Organization, User
from marketplace.services import events


@transaction.atomic
def create_person(*, email: str, full_name: str, password: str, by: User | None, is_demo: bool = False) -> User:
    """Create a person who signs in with this e-mail address, which is taken as confirmed."""
    user = User.objects.create_user(email=email, password=password, full_name=full_name, is_demo=is_demo)
    confirm_address(user=user)
    events.record(action="person.created", subject=user, by=by)
    return user


def confirm_address(*, user: User) -> None:
    """Take a person's address as theirs, as the link in an e-mail would."""
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})


@transaction.atomic
def create_organization(*, name: str, by: User | None) -> Organization:
    """Create an organisation, which is its own beneficial owner until an operator links it."""
    organization = Organization.objects.create(name=name)
    events.record(action="organization.created", subject=organization, by=by)
    return organization


@transaction.atomic
def add_member(*, organization: Organization, user: User, role: str, by: User | None) -> Membership:
    """Let a person act for an organisation in one role."""
    membership, created = Membership.objects.get_or_create(organization=organization, user=user, role=role)
    if created:
        events.record(action="membership.added", subject=organization, by=by, data={"user": user.pk, "role": role})
    return membership
