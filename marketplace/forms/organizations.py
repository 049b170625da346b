"""The forms of a new organisation and of an invitation to one."""

from typing import Any

from django import forms

from marketplace.forms.plain import PlainForm
from marketplace.models import Invitation, Organization, Role


class OrganizationForm(PlainForm):
    """A new organisation; operators are invited, so their role is not offered."""

    name = forms.CharField(
        label="Name",
        max_length=Organization._meta.get_field("name").max_length,  # noqa: SLF001 - Django documents _meta as public
        help_text="As on its letterhead: buyers and operators see it.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    roles = forms.MultipleChoiceField(
        label="What it does",
        choices=[
            (Role.SELLER, "Sells data: uploads rows that answer requests, and is paid for what they add"),
            (Role.BUYER, "Buys data: asks for rows, and pays for what they add to its model"),
        ],
        widget=forms.CheckboxSelectMultiple,
    )


class InvitationForm(PlainForm):
    """A colleague's address, and what they may do: no more than the person who invites."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=Invitation._meta.get_field("email").max_length,  # noqa: SLF001 - Django documents _meta as public
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, roles: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["roles"] = forms.MultipleChoiceField(
            label="May act as",
            choices=[(role, Role(role).label) for role in roles],
            initial=roles,
            widget=forms.MultipleHiddenInput if len(roles) == 1 else forms.CheckboxSelectMultiple,
        )
