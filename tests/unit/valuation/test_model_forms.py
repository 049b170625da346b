"""A buyer's form of any model, sent as it stands, asks for what the core allows; what was kept comes back in it."""

from typing import get_args

import pytest

from valuation.core.errors import InvalidSpecError
from valuation.core.metrics.metric import Task
from valuation.core.metrics.registry import metrics_for
from valuation.core.models import ModelSpec
from valuation.core.models.catalogue import models_for
from valuation.forms import ModelForm, ParametersForm

MODELS = [(task, model) for task in get_args(Task) for model in models_for(task)]


@pytest.mark.parametrize(("task", "model"), MODELS, ids=[f"{task} {model.key}" for task, model in MODELS])
def test_defaults_sent_as_they_stand_are_allowed_and_come_back(task, model):
    kept = ModelSpec.from_json({**model.spec(model.defaults), "metric": metrics_for(task)[0].name})
    shown = ParametersForm(model=model, spec=kept)
    sent = {name: "" if shown[name].initial is None else shown[name].initial for name in shown.fields}

    form = ParametersForm(sent, model=model, spec=kept)

    assert form.is_valid(), form.errors
    spec = model.spec(form.values())
    assert ModelSpec.from_json({**spec, **form.terms(), "metric": metrics_for(task)[0].name}) == kept
    assert model.values_of(spec) == model.defaults
    assert model.key in dict(ModelForm(task=task).fields["model"].choices)


@pytest.mark.parametrize(("task", "model"), MODELS, ids=[f"{task} {model.key}" for task, model in MODELS])
def test_every_number_beyond_its_bounds_is_refused_by_form_and_core_alike(task, model):
    for parameter in model.parameters:
        if parameter.check.kind == "choice":
            continue
        beyond = {**model.defaults, parameter.name: int(parameter.check.high * 10 + 1)}

        kept = ModelSpec.from_json({**model.spec(model.defaults), "metric": metrics_for(task)[0].name})
        assert parameter.name in ParametersForm(beyond, model=model, spec=kept).errors
        with pytest.raises(InvalidSpecError, match="expected"):
            ModelSpec.from_json({**model.spec(beyond), "metric": metrics_for(task)[0].name})


@pytest.mark.parametrize("metric", ["balanced_accuracy", "macro_f1"])
def test_terms_come_as_the_metric_wants_them_and_go_as_they_are_chosen(metric):
    model = models_for("classification")[0]
    kept = ModelSpec.from_json({**model.spec(model.defaults), "metric": metric})
    shown = ParametersForm(model=model, spec=kept)

    assert shown["class_weights"].initial == ("yes" if metric == "balanced_accuracy" else "no")

    sent = {**model.defaults, "class_weights": "no", "clip_numbers": "no", "start_rows": "20"}
    form = ParametersForm(sent, model=model, spec=kept)
    assert form.is_valid(), form.errors
    assert form.terms() == {"class_weights": False, "clip_numbers": False, "start_rows": 20}
    without = ParametersForm(model.defaults, model=model, spec=kept)
    assert without.is_valid()
    assert ModelSpec.from_json({**model.spec(without.values()), **without.terms(), "metric": metric}) == kept


def test_numbers_are_asked_nothing_about_classes():
    model = models_for("regression")[0]
    kept = ModelSpec.from_json({**model.spec(model.defaults), "metric": "r2"})

    assert "class_weights" not in ParametersForm(model=model, spec=kept).fields
