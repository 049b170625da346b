"""Fields that more than one form asks for, and how a long one is laid out."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

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


class LongSelect(forms.Select):
    """A select of plain options written in one go: Django lays out each by a template, and a page may hold 160,000."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:  # noqa: ARG002 - Django's signature
        chosen, selected = "" if value is None else str(value), mark_safe(" selected")
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((key, selected if str(key) == chosen else "", words) for key, words in self.choices),
        )
        return format_html(
            "<select{}>{}</select>", flatatt(self.build_attrs({**self.attrs, "name": name}, attrs)), options
        )
