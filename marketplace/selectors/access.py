"""Who may see what: every right follows from a membership."""

from django.db.models import QuerySet

from marketplace.models import Organization, Role, User


def roles_of(user: User) -> frozenset[str]:
    """The roles a person holds in any organisation."""
    return frozenset(user.memberships.values_list("role", flat=True))


def is_operator(user: User) -> bool:
    return user.memberships.filter(role=Role.OPERATOR).exists()


def organizations_of(user: User, role: str) -> QuerySet[Organization]:
    """The organisations a person acts for in one role."""
    return Organization.objects.filter(memberships__user=user, memberships__role=role).order_by("name")
