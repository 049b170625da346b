"""A person's organisations, their members and who is invited."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone

from marketplace.models import Invitation, Organization, User


@dataclass(frozen=True)
class Member:
    """A person of an organisation, with everything they may do for it."""

    user: User
    roles: list[str]


def own_organizations(user: User) -> QuerySet[Organization]:
    """The organisations that a person acts for in any role."""
    return Organization.objects.filter(memberships__user=user).distinct().order_by("name")


def members_of(organization: Organization) -> list[Member]:
    """Everybody who acts for an organisation, by name."""
    members: dict[int, Member] = {}
    for membership in organization.memberships.select_related("user").order_by("user__full_name", "user_id", "role"):
        members.setdefault(membership.user_id, Member(membership.user, [])).roles.append(membership.role)
    return list(members.values())


def roles_in(organization: Organization, user: User) -> list[str]:
    """What a person may do for one organisation."""
    return sorted(organization.memberships.filter(user=user).values_list("role", flat=True))


def open_invitations(organization: Organization) -> QuerySet[Invitation]:
    """Whom an organisation waits for."""
    return _open().filter(organization=organization).select_related("invited_by")


def invitations_to(user: User) -> QuerySet[Invitation]:
    """What a person could accept now."""
    invitations = _open().filter(email__iexact=user.email).exclude(invited_by__is_active=False)
    return invitations.select_related("organization", "invited_by")


def _open() -> QuerySet[Invitation]:
    return Invitation.objects.filter(accepted_at=None, withdrawn_at=None, expires_at__gt=timezone.now())
