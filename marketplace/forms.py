"""The marketplace's forms: they say whether a request can be read, services say whether it may be done."""

from typing import Any

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.template.defaultfilters import filesizeformat

from marketplace.models import Dataset, Organization, Role


class UploadForm(forms.Form):
    """One file for one dataset of one organisation."""

    name = forms.CharField(
        label="Dataset name",
        max_length=Dataset._meta.get_field("name").max_length,  # noqa: SLF001 - Django documents _meta as public
        help_text="A name that you use already makes the next version of that dataset.",
    )
    # Empty files pass here: the problem list says what is wrong with them.
    file = forms.FileField(label="File", allow_empty_file=True)

    def __init__(self, *args: Any, organizations: QuerySet[Organization], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        one = organizations.count() == 1
        self.fields["organization"] = forms.ModelChoiceField(
            organizations,
            label="Organisation",
            empty_label=None,
            initial=organizations.first(),
            widget=forms.HiddenInput if one else forms.Select,
        )
        self.order_fields(["organization"])
        limit = filesizeformat(settings.FAIRCUT_UPLOAD_MAX_BYTES)
        self.fields["file"].help_text = f"CSV (UTF-8, commas) or Parquet, up to {limit}."
        self.fields["file"].widget.attrs["accept"] = ".csv,.parquet,text/csv"


class OrganizationForm(forms.Form):
    """A new organisation; operators are invited, so their role is not offered."""

    name = forms.CharField(
        label="Name",
        max_length=Organization._meta.get_field("name").max_length,  # noqa: SLF001 - as above
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
        error_messages={"required": "Choose at least one."},
    )


class InvitationForm(forms.Form):
    """A colleague's address, and what they may do: no more than the person who invites."""

    email = forms.EmailField(label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, roles: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["roles"] = forms.MultipleChoiceField(
            label="May act as",
            choices=[(role, Role(role).label) for role in roles],
            initial=roles,
            widget=forms.MultipleHiddenInput if len(roles) == 1 else forms.CheckboxSelectMultiple,
            error_messages={"required": "Choose at least one."},
        )
