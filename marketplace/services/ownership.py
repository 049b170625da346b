"""Which organisation stands behind another: policies, caps and the significance gate act on owners, not on accounts."""

from uuid import UUID

from django.db import transaction

from marketplace.basics.errors import ConflictError
from marketplace.models import Organization, User
from marketplace.services import events, notices
from marketplace.web.site import address


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
    event = events.record(action="owner.linked", subject=organization, by=by, data=data)
    for party in (organization, owner):
        _tell(party, event.pk)
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


def _tell(party: Organization, event: UUID) -> None:
    """Say that amounts follow another rule now; who the other is stays unsaid, as an operator may have been wrong."""
    notices.notify(
        organization=party,
        kind="owner_linked",
        subject=f"{party.name} counts together with another organisation",
        body=f"An operator found that {party.name} and another organisation have the same beneficial owner. In rounds "
        "whose amounts are computed from now on, both count as one: what your rows are worth does not change, but the "
        "rules that act on a whole owner, such as a cap or a smallest amount, act on both together.\n\n"
        f"If that is not so, write to {notices.operator_in_words()}.\n\n"
        f"{address('marketplace:organization', party.pk)}",
        key=f"owner:{event}:linked:{party.pk}",
    )


def _lock(*organizations: Organization) -> list[Organization]:
    """Lock in one order, so that two operators who link the same two organisations wait and do not deadlock."""
    keys = [organization.pk for organization in organizations]
    locked = Organization.objects.filter(pk__in=keys).order_by("pk").select_for_update(of=("self",))
    found = {organization.pk: organization for organization in locked}
    return [found[key] for key in keys]
