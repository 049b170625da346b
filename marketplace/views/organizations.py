"""A person's organisations: founding one, its members, inviting and removing them."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace.basics.errors import FaircutError
from marketplace.forms.organizations import InvitationForm, OrganizationForm
from marketplace.models import Organization, Role, User
from marketplace.people.access import View, step_up_required
from marketplace.selectors import organizations as selectors
from marketplace.services import invitations, organizations
from marketplace.views.signed_in import SignedInRequest


@login_required
@require_safe
def organization_list(request: SignedInRequest) -> HttpResponse:
    context = {
        "organizations": [
            (organization, selectors.roles_in(organization, request.user))
            for organization in selectors.own_organizations(request.user)
        ],
        "invitations": selectors.invitations_to(request.user),
    }
    return render(request, "marketplace/organization_list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def organization_new(request: SignedInRequest) -> HttpResponse:
    form = OrganizationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            founded = organizations.found(**form.cleaned_data, by=request.user)
        except FaircutError as error:
            form.add_error("name", error.in_words)
        else:
            messages.success(request, f"{founded.name} is here, and you act for it.")
            return redirect("marketplace:organization", founded.pk)
    return render(request, "marketplace/organization_new.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@require_safe
def organization(request: SignedInRequest, pk: int) -> HttpResponse:
    return _page(request, _own(request.user, pk))


@login_required
@require_POST
def organization_invite(request: SignedInRequest, pk: int) -> HttpResponse:
    return _stepped_up(request.user, pk, _invite)(request, pk)


@login_required
@require_POST
def invitation_withdraw(request: SignedInRequest, pk: int, invitation_pk: UUID) -> HttpResponse:
    found = get_object_or_404(selectors.open_invitations(_own(request.user, pk)), pk=invitation_pk)
    invitations.withdraw(invitation=found, by=request.user)
    messages.success(request, f"The link sent to {found.email} no longer works.")
    return redirect("marketplace:organization", pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def member_remove(request: SignedInRequest, pk: int, user_pk: int) -> HttpResponse:
    if request.method == "POST":
        return _stepped_up(request.user, pk, _remove)(request, pk, user_pk)
    own = _own(request.user, pk)
    member = get_object_or_404(User.objects.filter(memberships__organization=own).distinct(), pk=user_pk)
    return render(request, "marketplace/member_remove.html", {"organization": own, "member": member})


def _remove(request: SignedInRequest, pk: int, user_pk: int) -> HttpResponse:
    own = _own(request.user, pk)
    member = get_object_or_404(User.objects.filter(memberships__organization=own).distinct(), pk=user_pk)
    try:
        organizations.remove_member(organization=own, user=member, by=request.user)
    except FaircutError as error:
        messages.error(request, error.in_words)
        return redirect("marketplace:organization", pk)
    if member == request.user:
        messages.success(request, f"You no longer act for {own.name}.")
        return redirect("marketplace:organization_list")
    messages.success(request, f"{member.full_name} no longer acts for {own.name}.")
    return redirect("marketplace:organization", pk)


def _invite(request: SignedInRequest, pk: int) -> HttpResponse:
    own = _own(request.user, pk)
    form = InvitationForm(request.POST, roles=selectors.roles_in(own, request.user))
    if form.is_valid():
        try:
            sent = invitations.invite(organization=own, **form.cleaned_data, by=request.user)
        except FaircutError as error:
            form.add_error("email", error.in_words)
        else:
            messages.success(request, f"An invitation is on its way to {sent.email}.")
            return redirect("marketplace:organization", pk)
    return _page(request, own, form)


def _page(request: SignedInRequest, own: Organization, form: InvitationForm | None = None) -> HttpResponse:
    roles = selectors.roles_in(own, request.user)
    context = {
        "organization": own,
        "own_roles": roles,
        "members": selectors.members_of(own),
        "invitations": selectors.open_invitations(own),
        "form": form or InvitationForm(roles=roles),
    }
    return render(request, "marketplace/organization.html", context, status=422 if form else 200)


def _stepped_up(user: User, pk: int, view: View) -> View:
    """Ask for the second factor first where operators are made or removed: they move other people's money."""
    return step_up_required(view) if Role.OPERATOR in selectors.roles_in(_own(user, pk), user) else view


def _own(user: User, pk: int) -> Organization:
    return get_object_or_404(selectors.own_organizations(user), pk=pk)
