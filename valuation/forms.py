"""Forms of a buyer's model and of a quote, made from what the core allows."""

from typing import Any

from django import forms

from marketplace.forms.numbers import NumberField, WholeNumberField
from marketplace.forms.plain import PlainForm
from valuation.core.metrics.metric import Task
from valuation.core.metrics.registry import metrics_for
from valuation.core.models.catalogue import Model, models_for
from valuation.core.models.parameters import Parameter
from valuation.core.models.spec import START_ROWS_MAX, ModelSpec

SELLERS_MAX = 200
ROWS_MAX = 1_000_000
YES_OR_NO = {True: "yes", False: "no"}
NO_OR_YES = {word: answer for answer, word in YES_OR_NO.items()}
CLASS_WEIGHTS_HELP = (
    "Balanced accuracy counts every class alike however rare it is, and a model aims at that only if its training does "
    "too: otherwise it may never name a rare class, and any row that makes it do so pays, even a wrong one. With macro "
    "F1 it may help or hurt; the dry run measures it."
)
CLIP_NUMBERS_HELP = (
    "A column in another unit, or a slip of the comma, then does not spoil the model. The range reaches from the 0.5 % "
    "to the 99.5 % quantile of the column in your validation rows, and as far again on both sides."
)
START_ROWS_HELP = (
    "Fewer rows are filled up with rows that say nothing, so that the very first rows decide less. It costs more "
    "evaluations for the same precision; the dry run says how many. 0 fills nothing up."
)


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
            choices=[(metric.name, f"{metric.title}. {metric.one_more}") for metric in metrics_for(task)],
            help_text="What your validation rows are scored by. Sellers are paid for raising it.",
        )


class ParametersForm(PlainForm):
    """The parameters of one model and the terms of its game; each field is bounded as the core bounds it.

    `spec` has the terms that are kept, or the defaults; a page from before there were terms keeps them as they are.
    """

    def __init__(self, *args: Any, model: Model, spec: ModelSpec, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._parameters = [parameter.name for parameter in model.parameters]
        self._spec = spec
        for parameter in model.parameters:
            self.fields[parameter.name] = _field_of(parameter)
        if spec.task == "classification":
            self.fields["class_weights"] = _yes_or_no("Classes weigh alike in training", CLASS_WEIGHTS_HELP)
        self.fields["clip_numbers"] = _yes_or_no("Numbers are cut to a range", CLIP_NUMBERS_HELP)
        self.fields["start_rows"] = WholeNumberField(
            label="Rows that every training has at least",
            required=False,
            min_value=0,
            max_value=START_ROWS_MAX,
            help_text=f"{START_ROWS_HELP} From 0 to {START_ROWS_MAX:g}.",
        )
        for name in self._terms():
            kept = getattr(spec, name)
            self.initial.setdefault(name, YES_OR_NO[kept] if isinstance(kept, bool) else kept)

    def values(self) -> dict[str, Any]:
        """The parameters as the spec has them; an empty field is null."""
        return {name: None if (value := self.cleaned_data[name]) == "" else value for name in self._parameters}

    def terms(self) -> dict[str, Any]:
        """The terms of the game as the spec has them."""
        asked = {name: self.cleaned_data[name] for name in self._terms()}
        return {
            name: getattr(self._spec, name) if value in {"", None} else NO_OR_YES.get(value, value)
            for name, value in asked.items()
        }

    def _terms(self) -> list[str]:
        return [name for name in self.fields if name not in self._parameters]


class QuoteForm(PlainForm):
    """The market that a buyer hopes for."""

    sellers = WholeNumberField(label="Sellers", min_value=2, max_value=SELLERS_MAX, initial=5)
    rows_per_seller = WholeNumberField(label="Rows of each", min_value=1, max_value=ROWS_MAX, initial=2_000)


def _yes_or_no(label: str, help_text: str) -> forms.Field:
    return forms.ChoiceField(
        label=label,
        required=False,
        choices=[(word, word.capitalize()) for word in (YES_OR_NO[True], YES_OR_NO[False])],
        widget=forms.RadioSelect,
        help_text=help_text,
    )


def _field_of(parameter: Parameter) -> forms.Field:
    check = parameter.check
    common: dict[str, Any] = {"label": parameter.label, "required": not check.nullable, "initial": parameter.default}
    if check.kind == "choice":
        empty = [("", "All")] if check.nullable else []
        choices = [*empty, *((option, option.replace("_", " ")) for option in check.options)]
        return forms.ChoiceField(choices=choices, help_text=parameter.sentence, **common)
    bounds = f"From {check.low:g} to {check.high:g}."
    if check.kind == "integer":
        return WholeNumberField(
            min_value=int(check.low), max_value=int(check.high), help_text=f"{parameter.sentence} {bounds}", **common
        )
    return NumberField(min_value=check.low, max_value=check.high, help_text=f"{parameter.sentence} {bounds}", **common)


def _lower_first(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
