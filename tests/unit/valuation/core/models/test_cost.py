"""What an evaluation is thought to cost: positive for whatever a spec allows, growing, and refused where absurd."""

import itertools
from typing import get_args

import pytest

from valuation.core.errors import InvalidSpecError
from valuation.core.metrics.metric import Task
from valuation.core.metrics.registry import metrics_for
from valuation.core.models import ModelSpec
from valuation.core.models.catalogue import models_for
from valuation.core.models.cost import check_affordable, evaluation_seconds

MODELS = [(task, model) for task in get_args(Task) for model in models_for(task)]
IDS = [f"{task} {model.key}" for task, model in MODELS]


def spec_of(task, model, **changes):
    return ModelSpec.from_json({**model.spec({**model.defaults, **changes}), "metric": metrics_for(task)[0].name})


@pytest.mark.parametrize(("task", "model"), MODELS, ids=IDS)
def test_seconds_are_positive_and_grow_and_defaults_are_affordable_on_ten_thousand_rows(task, model):
    cost = evaluation_seconds(spec_of(task, model), 105)
    seconds = [cost(size) for size in (0, 1, 10, 100, 1_000, 10_000)]

    assert seconds[0] > 0
    assert all(smaller <= larger for smaller, larger in itertools.pairwise(seconds))
    check_affordable(spec_of(task, model), n_rows=10_000, n_features=105)


def test_what_takes_too_long_is_refused_in_a_sentence():
    spec = ModelSpec("mlp", {"epochs": 300, "hidden_units": 128}, "accuracy")

    check_affordable(spec, n_rows=1_000, n_features=105)
    with pytest.raises(InvalidSpecError, match="training it once on 100000 rows takes about 82 seconds, and at most 5"):
        check_affordable(spec, n_rows=100_000, n_features=105)
