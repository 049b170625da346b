"""A buyer's form of any model, sent as it stands, asks for what the core allows; what was kept comes back in it."""

import pytest

from valuation.core.errors import InvalidSpecError
from valuation.core.utility import ModelSpec
from valuation.core.utility.catalogue import METRICS, models_for
from valuation.forms import ModelForm, ParametersForm

MODELS = [(task, model) for task in METRICS for model in models_for(task)]


@pytest.mark.parametrize(("task", "model"), MODELS, ids=[f"{task} {model.key}" for task, model in MODELS])
def test_defaults_sent_as_they_stand_are_allowed_and_come_back(task, model):
    shown = ParametersForm(model=model)
    sent = {name: "" if field.initial is None else field.initial for name, field in shown.fields.items()}

    form = ParametersForm(sent, model=model)

    assert form.is_valid(), form.errors
    spec = model.spec(form.values())
    assert ModelSpec.from_json({**spec, "metric": METRICS[task][0].name})
    assert model.values_of(spec) == model.defaults
    assert model.key in dict(ModelForm(task=task).fields["model"].choices)


@pytest.mark.parametrize(("task", "model"), MODELS, ids=[f"{task} {model.key}" for task, model in MODELS])
def test_every_number_beyond_its_bounds_is_refused_by_form_and_core_alike(task, model):
    for parameter in model.parameters:
        if parameter.check.kind == "choice":
            continue
        beyond = {**model.defaults, parameter.name: int(parameter.check.high * 10 + 1)}

        assert parameter.name in ParametersForm(beyond, model=model).errors
        with pytest.raises(InvalidSpecError, match="expected"):
            ModelSpec.from_json({**model.spec(beyond), "metric": METRICS[task][0].name})
