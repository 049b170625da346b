"""Invitations to act for an organisation: sent to one address, good for a week, accepted once by its owner."""

import datetime as dt
import uuid
from collections.abc import Collection

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.utils import timezone

from marketplace.basics.errors import ConflictError, FaircutError, NotAllowedError
from marketplace.basics.figures import clock
from marketplace.models import Invitation, Membership, Organization, User
from marketplace.models.invitations import TOKEN_SALT
from marketplace.services import accounts, events, notices, organizations
from marketplace.web.site import address

# Nobody has so many new colleagues a day; whoever sends spam has.
A_DAY_MAX = 20


@transaction.atomic
def invite(*, organization: Organization, email: str, roles: Collection[str], by: User | None) -> Invitation:
    """Invite the owner of an address; an earlier open invitation to the same address ends. None invites by command.

    Raises:
        NotAllowedError: `by` does not hold every one of the roles here, and so cannot pass it on.
        ConflictError: The address belongs to a member in all these roles, or too many were invited today.
        FaircutError: No role is chosen.
    """
    if not roles:
        raise FaircutError("Choose what the colleague may do.", code="no_role")
    organization = organizations.lock(organization.pk)
    held = _roles_in(organization, by.email) if by is not None else set(roles)
    if not held.issuperset(roles):
        raise NotAllowedError("You can only pass on what you may do here yourself.")
    if _roles_in(organization, email).issuperset(roles):
        raise ConflictError(f"{email} is a member of {organization.name} already.", code="already_member")
    now = timezone.now()
    today = Invitation.objects.filter(organization=organization, invited_at__gt=now - dt.timedelta(days=1))
    if today.count() >= A_DAY_MAX:
        raise ConflictError(
            f"{organization.name} has sent {A_DAY_MAX} invitations within a day.",
            remedy="Send the next one tomorrow.",
            code="too_many_invitations",
        )
    Invitation.objects.filter(
        organization=organization, email__iexact=email, accepted_at=None, withdrawn_at=None
    ).update(withdrawn_at=now)
    invitation = Invitation.objects.create(
        organization=organization,
        email=email,
        roles=sorted(roles),
        invited_by=by,
        expires_at=now + dt.timedelta(days=settings.FAIRCUT_INVITATION_DAYS),
    )
    _write(invitation)
    events.record(
        action="invitation.sent", subject=organization, by=by, data={"email": email, "roles": invitation.roles}
    )
    return invitation


def read_token(token: str) -> Invitation | None:
    """The invitation behind a link, whatever became of it; None where this site did not sign it."""
    try:
        key = uuid.UUID(signing.loads(token, salt=TOKEN_SALT))
    except (signing.BadSignature, ValueError):
        return None
    return Invitation.objects.select_related("organization", "invited_by").filter(pk=key).first()


def require_open(invitation: Invitation) -> None:
    """Raise ConflictError, with what became of it, unless the invitation can still be accepted."""
    again = f"Ask {invitation.organization.name} to invite you again."
    if invitation.accepted_at is not None:
        raise ConflictError("This invitation was accepted before, and counts once.", code="invitation_used")
    if invitation.withdrawn_at is not None:
        raise ConflictError("This invitation was withdrawn or replaced.", remedy=again, code="invitation_withdrawn")
    if invitation.invited_by is not None and not invitation.invited_by.is_active:
        raise ConflictError(
            f"The person who sent this invitation no longer acts for {invitation.organization.name}.",
            remedy=again,
            code="inviter_inactive",
        )
    if invitation.expires_at <= timezone.now():
        raise ConflictError(
            f"This invitation expired on {clock(invitation.expires_at)}.", remedy=again, code="invitation_expired"
        )


@transaction.atomic
def accept(*, invitation: Invitation, by: User) -> Organization:
    """Become a member in the roles of the invitation.

    Raises:
        NotAllowedError: The invitation was sent to an address that is not the person's confirmed one.
        ConflictError: It was accepted, withdrawn, has expired, or its sender's account was closed.
    """
    if not EmailAddress.objects.filter(user=by, email__iexact=invitation.email, verified=True).exists():
        raise NotAllowedError(
            "This invitation was sent to another address than the one you sign in with.",
            remedy="Sign in with the address that received it, or ask for an invitation to this one.",
            code="invitation_of_somebody_else",
        )
    organization = organizations.lock(invitation.organization_id)
    invitation = Invitation.objects.select_related("organization", "invited_by").get(pk=invitation.pk)
    require_open(invitation)
    Invitation.objects.filter(pk=invitation.pk).update(accepted_at=timezone.now(), accepted_by=by)
    for role in invitation.roles:
        accounts.add_member(organization=organization, user=by, role=role, by=by)
    notices.notify(
        organization=organization,
        kind="member_joined",
        subject=f"{by.full_name} now acts for {organization.name}",
        body=f"{by.full_name} ({by.email}) accepted the invitation to act for {organization.name} on Faircut as "
        f"{' and '.join(invitation.roles)}. If nobody should have invited them, remove them here:\n\n"
        f"{address('marketplace:organization', organization.pk)}",
        key=f"invitation:{invitation.pk}:accepted",
    )
    return organization


@transaction.atomic
def withdraw(*, invitation: Invitation, by: User) -> None:
    """End an open invitation; one that is closed stays as it is."""
    if Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None).update(
        withdrawn_at=timezone.now()
    ):
        events.record(
            action="invitation.withdrawn", subject=invitation.organization, by=by, data={"email": invitation.email}
        )


def _roles_in(organization: Organization, email: str) -> set[str]:
    memberships = Membership.objects.filter(organization=organization, user__email__iexact=email)
    return set(memberships.values_list("role", flat=True))


def _write(invitation: Invitation) -> None:
    organization, by = invitation.organization, invitation.invited_by
    who = f"{by.full_name} ({by.email}) invites you" if by is not None else "You are invited"
    notices.write_to(
        address=invitation.email,
        organization=organization,
        kind="invitation",
        subject=f"{organization.name} invites you",
        body=f"{who} to act for {organization.name} on Faircut as {' and '.join(invitation.roles)}.\n\n"
        f"See what that means, and accept or leave it:\n\n"
        f"{address('marketplace:invitation', invitation.token)}\n\n"
        f"The link works until {clock(invitation.expires_at)}, once, and only for somebody who signs in as "
        f"{invitation.email}. If you do not know {organization.name}, do nothing: nobody learns whether you read this.",
        key=f"invitation:{invitation.pk}",
    )
