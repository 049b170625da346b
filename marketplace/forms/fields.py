"""Fields that more than one form asks for."""

from django import forms
from django.db.models import QuerySet

from marketplace.models import Organization


def organization_field(organizations: QuerySet[Organization], *, label: str) -> "forms.ModelChoiceField[Organization]":
    """For which organisation somebody acts; not asked where there is only one."""
    return forms.ModelChoiceField(
        organizations,
        label=label,
        empty_label=None,
        initial=organizations.first(),
        widget=forms.HiddenInput if organizations.count() == 1 else forms.Select,
    )
