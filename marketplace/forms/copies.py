"""The decision about a finding of copies, or about several."""

from django import forms

from marketplace.forms.plain import PlainForm
from marketplace.models import CopyFinding

DECISIONS = [choice for choice in CopyFinding.State.choices if choice[0] != CopyFinding.State.OPEN]


class DecisionForm(PlainForm):
    decision = forms.ChoiceField(choices=DECISIONS, widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Reason", max_length=1000, help_text="Stays with the finding and goes into the round's audit report."
    )


class TogetherForm(DecisionForm):
    """One decision and one reason for several findings."""

    finding = forms.ModelMultipleChoiceField(CopyFinding.objects.defer("pairs"), widget=forms.MultipleHiddenInput)
