"""Numbers in every form of the site: what can be read in two ways is asked, and what is shown can be sent back."""

import importlib
from typing import get_args

import pytest
from django import forms

from marketplace.forms.drafts import ColumnForm
from marketplace.forms.numbers import DecimalField, NumberField, WholeNumberField, unmistakable
from marketplace.forms.plain import PlainForm
from payouts.forms import ApiKeyForm, TriedPolicyForm
from valuation.core.metrics.metric import Task
from valuation.core.metrics.registry import metrics_for
from valuation.core.models import ModelSpec
from valuation.core.models.catalogue import models_for
from valuation.forms import ParametersForm, QuoteForm

FORMS_MODULES = ("marketplace.forms.drafts", "marketplace.forms.uploads", "payouts.forms", "valuation.forms")
ASKED = "“{}” can be read in two ways. Write {}, or {}."


@pytest.mark.parametrize("field", [WholeNumberField(), NumberField(), DecimalField()])
@pytest.mark.parametrize("typed", ["1.000", "10.000", "100.000", " 250.000", "10,000", "-1.000"])
def test_three_digits_after_one_mark_are_asked(field, typed):
    with pytest.raises(forms.ValidationError, match="can be read in two ways"):
        field.clean(typed)


@pytest.mark.parametrize(
    ("field", "typed", "read"),
    [
        (WholeNumberField(), "10000", 10000),
        (WholeNumberField(), "12.0", 12),
        (NumberField(), "0.001", 0.001),
        (NumberField(), "1.1250", 1.125),
        (NumberField(), "1000.125", 1000.125),
        (NumberField(), "12.5", 12.5),
    ],
)
def test_what_has_one_reading_is_read(field, typed, read):
    assert field.clean(typed) == read


@pytest.mark.parametrize("field", [WholeNumberField(), NumberField(), DecimalField()])
@pytest.mark.parametrize("typed", ["10,000.00", "12,5", "10 000", "10'000", "1.000.000", "ten"])
def test_what_is_not_read_is_refused(field, typed):
    with pytest.raises(forms.ValidationError):
        field.clean(typed)


@pytest.mark.parametrize(("shown", "as_text"), [(1.125, "1.1250"), (2, "2"), (0.125, "0.125"), (1000.125, "1000.125")])
def test_what_is_shown_can_be_sent_back(shown, as_text):
    assert NumberField().prepare_value(shown) == as_text
    assert NumberField().clean(as_text) == shown
    assert unmistakable(as_text) == as_text


@pytest.mark.parametrize("module", FORMS_MODULES)
def test_no_form_reads_numbers_otherwise(module):
    made = vars(importlib.import_module(module)).values()
    found = [form for form in made if isinstance(form, type) and issubclass(form, PlainForm)]
    others = [
        f"{form.__name__}.{name}"
        for form in found
        for name, field in form.base_fields.items()
        if isinstance(field, forms.IntegerField)
        and not isinstance(field, (WholeNumberField, NumberField, DecimalField))
    ]
    assert not others


def test_no_model_reads_its_parameters_otherwise():
    for task in get_args(Task):
        for model in models_for(task):
            spec = ModelSpec.from_json({**model.spec(model.defaults), "metric": metrics_for(task)[0].name})
            for name, field in ParametersForm(model=model, spec=spec).fields.items():
                if isinstance(field, forms.IntegerField):
                    errors = ParametersForm({name: "1.000"}, model=model, spec=spec).errors
                    assert "can be read in two ways" in str(errors[name])


@pytest.mark.parametrize(
    ("form", "given"),
    [
        (ColumnForm, {"minimum": "1.000"}),
        (ColumnForm, {"maximum": "100.000"}),
        (TriedPolicyForm, {"minimum": "10.000"}),
        (ApiKeyForm, {"days": "1.000"}),
        (QuoteForm, {"sellers": "2.000"}),
        (QuoteForm, {"rows_per_seller": "2.000"}),
    ],
)
def test_each_form_asks(form, given):
    ((name, typed),) = given.items()
    thousands, units = typed.replace(".", ""), typed.rstrip("0").rstrip(".")

    assert form(given).errors[name] == [ASKED.format(typed, thousands, units)]


@pytest.mark.parametrize("name", ["cap", "floor", "fee"])
def test_percents_have_two_decimals(name):
    assert TriedPolicyForm({name: "1.000"}).errors[name] == ["Write it with at most 2 decimals."]


def test_a_bound_is_shown_as_it_is_read():
    assert ColumnForm.initial_of({"name": "age", "minimum": 12.101, "maximum": None})["minimum"] == "12.1010"
