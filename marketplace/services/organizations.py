"""Organisations: who founds one, who leaves it, who is removed."""

from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.utils import timezone

from marketplace.basics.errors import ConflictError, FaircutError, NotAllowedError
from marketplace.basics.names import visible
from marketplace.models import Invitation, Membership, Organization, Role, User
from marketplace.services import accounts, events, notices

# An operator moves other people's money, so that role comes only from an operator's invitation.
OPEN_ROLES = frozenset({Role.SELLER.value, Role.BUYER.value})


def lock(organization_id: int) -> Organization:
    """Hold an organisation, so that its members and payout details are changed by one caller at a time."""
    return Organization.objects.select_for_update(of=("self",), no_key=True).get(pk=organization_id)


@transaction.atomic
def found(*, name: str, roles: Collection[str], by: User) -> Organization:
    """Create an organisation whose first member is the founder, in each of the roles that it has.

    Raises:
        NotAllowedError: One of the roles is not open to everybody.
        FaircutError: No role is chosen.
        ConflictError: Another organisation has this name.
    """
    if not roles:
        raise FaircutError("Choose what the organisation does: sell data, buy data, or both.", code="no_role")
    if not OPEN_ROLES.issuperset(roles):
        raise NotAllowedError("Operators are invited by operators.", remedy="Ask one of them for an invitation.")
    name = visible(name)
    if not name:
        raise FaircutError("Write the organisation's name in letters that can be seen.", code="no_name")
    if Organization.objects.filter(name__iexact=name).exists():
        raise _name_taken(name)
    try:
        with transaction.atomic():
            organization = accounts.create_organization(name=name, by=by)
    except IntegrityError as error:  # somebody founded it at this very moment
        raise _name_taken(name) from error
    for role in sorted(roles):
        accounts.add_member(organization=organization, user=by, role=role, by=by)
    return organization


@transaction.atomic
def remove_member(*, organization: Organization, user: User, by: User) -> None:
    """End all that a person may do for an organisation; `by` is the person who leaves, or a colleague.

    Raises:
        NotAllowedError: `by` is no member.
        ConflictError: The person is no member any more, or is the last one.
    """
    organization = lock(organization.pk)
    memberships = Membership.objects.filter(organization=organization)
    if not memberships.filter(user=by).exists():
        raise NotAllowedError("Only members decide who is a member.")
    own = memberships.filter(user=user)
    if not own.exists():
        raise ConflictError(f"{user.full_name} is no member any more.", code="no_member")
    if not memberships.exclude(user=user).exists():
        raise ConflictError(
            f"{user.full_name} is the only member of {organization.name}.",
            remedy="Invite a colleague first; without a member nobody could see what it earned.",
            code="last_member",
        )
    roles = sorted(own.values_list("role", flat=True))
    _tell(organization, user=user, by=by)
    own.delete()
    # What they invited would be a way back in.
    Invitation.objects.filter(organization=organization, invited_by=user, accepted_at=None, withdrawn_at=None).update(
        withdrawn_at=timezone.now()
    )
    events.record(action="membership.removed", subject=organization, by=by, data={"user": user.pk, "roles": roles})


def _name_taken(name: str) -> ConflictError:
    return ConflictError(
        f"There is an organisation called {name} already.",
        remedy="If it is yours, let a colleague there invite you; otherwise choose a name that tells you apart.",
        code="name_taken",
    )


def _tell(organization: Organization, *, user: User, by: User) -> None:
    what = f"{user.full_name} left" if user == by else f"{by.full_name} removed {user.full_name} from"
    now = timezone.now()
    notices.notify(
        organization=organization,
        kind="member_removed",
        subject=f"{user.full_name} no longer acts for {organization.name}",
        body=f"{what} {organization.name} on Faircut. {user.full_name} no longer sees its data, results or payout "
        "details. Open invitations of theirs are withdrawn.",
        key=f"organization:{organization.pk}:removed:{user.pk}:{now.isoformat()}",
    )
