"""Which organisation stands behind another: policies, caps and the significance gate act on owners, not on accounts."""

from django.db import transaction

from marketplace.models import Organization, User
from marketplace.services import events
from marketplace.shared.errors import ConflictError


@transaction.atomic
def link(*, organization: Organization, owner: Organization, reason: str, by: User) -> Organization:
    """Count an organisation as one with its beneficial owner, in every round whose lines are computed from now on.

    Raises:
        ConflictError: They are the same, linked already, or the link would make a chain.
    """
    organization, owner = _lock(organization, owner)
    if organization.pk == owner.pk:
        raise ConflictError(f"{organization} is its own owner already.", remedy="Choose another organisation.")
    if owner.beneficial_owner_id is not None:
        raise ConflictError(
            f"{owner} has an owner itself: {owner.beneficial_owner}.", remedy=f"Link to {owner.beneficial_owner}."
        )
    if organization.fronts.exists():
        raise ConflictError(
            f"{organization} is the owner of others.",
            remedy=f"Link those to {owner} first, then {organization} itself.",
        )
    if organization.beneficial_owner_id is not None:
        raise ConflictError(
            f"{organization} is linked to {organization.beneficial_owner} already.", remedy="Separate them first."
        )
    organization.beneficial_owner = owner
    organization.save(update_fields=["beneficial_owner"])
    data = {"owner": owner.pk, "owner_name": owner.name, "reason": reason}
    events.record(action="owner.linked", subject=organization, by=by, data=data)
    return organization


@transaction.atomic
def separate(*, organization: Organization, reason: str, by: User) -> Organization:
    """Count an organisation by itself again.

    Raises:
        ConflictError: It has no owner.
    """
    [organization] = _lock(organization)
    owner = organization.beneficial_owner
    if owner is None:
        raise ConflictError(f"{organization} is not linked to anybody.")
    organization.beneficial_owner = None
    organization.save(update_fields=["beneficial_owner"])
    data = {"owner": owner.pk, "owner_name": owner.name, "reason": reason}
    events.record(action="owner.separated", subject=organization, by=by, data=data)
    return organization


def _lock(*organizations: Organization) -> list[Organization]:
    """Lock in one order, so that two operators who link the same two organisations wait and do not deadlock."""
    keys = [organization.pk for organization in organizations]
    locked = Organization.objects.filter(pk__in=keys).order_by("pk").select_for_update(of=("self",))
    found = {organization.pk: organization for organization in locked}
    return [found[key] for key in keys]
