"""Forms of a buyer's model and of a quote, made from what the core allows."""

from typing import Any

from django import forms

from marketplace.forms.plain import PlainForm
from valuation.core.utility.catalogue import METRICS, Model, Parameter, models_for
from valuation.core.utility.metric import Task

SELLERS_MAX = 200
ROWS_MAX = 1_000_000


class ModelForm(PlainForm):
    """What is trained, and what it is judged by."""

    model = forms.ChoiceField(label="Model", widget=forms.RadioSelect)
    metric = forms.ChoiceField(label="Metric", widget=forms.RadioSelect)

    def __init__(self, *args: Any, task: Task, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["model"] = forms.ChoiceField(
            label="Model",
            widget=forms.RadioSelect,
            choices=[(model.key, f"{model.title}: {_lower_first(model.sentence)}") for model in models_for(task)],
            help_text="It is trained thousands of times on parts of the sellers' rows, so quick models are surer ones.",
        )
        self.fields["metric"] = forms.ChoiceField(
            label="Metric",
            widget=forms.RadioSelect,
            choices=[(words.name, f"{words.title}. {words.sentence}") for words in METRICS[task]],
            help_text="What your validation rows are scored by. Sellers are paid for raising it.",
        )


class ParametersForm(PlainForm):
    """The parameters of one model; each field is bounded as the core bounds it."""

    def __init__(self, *args: Any, model: Model, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for parameter in model.parameters:
            self.fields[parameter.name] = _field_of(parameter)

    def values(self) -> dict[str, Any]:
        """The parameters as the spec has them; an empty field is null."""
        return {name: None if value == "" else value for name, value in self.cleaned_data.items()}


class QuoteForm(PlainForm):
    """The market that a buyer hopes for."""

    sellers = forms.IntegerField(label="Sellers", min_value=2, max_value=SELLERS_MAX, initial=5)
    rows_per_seller = forms.IntegerField(label="Rows of each", min_value=1, max_value=ROWS_MAX, initial=2_000)


def _field_of(parameter: Parameter) -> forms.Field:
    check = parameter.check
    common: dict[str, Any] = {"label": parameter.label, "required": not check.nullable, "initial": parameter.default}
    if check.kind == "choice":
        empty = [("", "All")] if check.nullable else []
        choices = [*empty, *((option, option.replace("_", " ")) for option in check.options)]
        return forms.ChoiceField(choices=choices, help_text=parameter.sentence, **common)
    bounds = f"From {check.low:g} to {check.high:g}."
    if check.kind == "integer":
        return forms.IntegerField(
            min_value=int(check.low), max_value=int(check.high), help_text=f"{parameter.sentence} {bounds}", **common
        )
    return forms.FloatField(
        min_value=check.low,
        max_value=check.high,
        help_text=f"{parameter.sentence} {bounds}",
        widget=forms.NumberInput(attrs={"step": "any"}),
        **common,
    )


def _lower_first(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
