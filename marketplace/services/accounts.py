"""People, organisations and who acts for whom."""

from django.db import transaction

from marketplace.models import Membership, Organization, User
from marketplace.services import events


@transaction.atomic
def create_person(*, email: str, full_name: str, password: str, by: User | None, is_demo: bool = False) -> User:
    """Create a person who signs in with this e-mail address."""
    user = User.objects.create_user(email=email, password=password, full_name=full_name, is_demo=is_demo)
    events.record(action="person.created", subject=user, by=by)
    return user


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
