"""Every family of models and every estimator through every place that needs to know it."""

import warnings

import numpy as np
import pytest

from marketplace.models import DataRequest
from valuation.core.metrics.registry import metrics_for
from valuation.core.models import ModelSpec, UtilityGame, is_batched, make_utility, sklearn_loop
from valuation.core.models.catalogue import model_of, models_for
from valuation.core.models.cost import evaluation_seconds
from valuation.core.models.estimators import ESTIMATORS, STEPS
from valuation.core.models.families import FAMILIES, SKLEARN
from valuation.core.models.family_games import GAMES
from valuation.forms import ModelForm, ParametersForm
from valuation.selectors.game_terms import terms_in_words
from valuation.selectors.model_words import model_in_words

CASES = [(family.name, family, task) for family in FAMILIES.values() if family is not SKLEARN for task in family.tasks]
CASES += [(f"{SKLEARN.name}:{one.name}", one, one.task) for one in ESTIMATORS.values()]
every_model = pytest.mark.parametrize(("key", "record", "task"), CASES, ids=[f"{key} {task}" for key, _, task in CASES])


def concrete(base):
    for each in base.__subclasses__():
        yield from concrete(each)
        if each.__module__.startswith("valuation.core.models.") and not each.__name__.startswith(("Network", "_")):
            yield each


def spec_of(key, task, **changes):
    model = next(model for model in models_for(task) if model.key == key)
    document = {**model.spec(model.defaults | changes), "metric": metrics_for(task)[0].name}
    return model, document, ModelSpec.from_json(document)


def rows_of(task, seed=0, n=24):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 16))
    return X, X[:, 0] if task == "regression" else (X[:, 0] > 0).astype(np.int64)


def test_every_game_that_is_written_is_a_familys():
    assert set(concrete(UtilityGame)) == set(GAMES.values())
    assert GAMES.keys() == FAMILIES.keys()


@every_model
def test_it_has_a_name_a_sentence_and_words_for_every_parameter(key, record, task):
    assert record.title
    assert record.sentence.endswith(".")
    assert record.parameters
    for parameter in record.parameters:
        assert parameter.label
        assert parameter.sentence.endswith(".")
        assert parameter.check.accepts(parameter.default)


@every_model
def test_a_spec_asks_for_it_and_is_read_back(key, record, task):
    model, document, spec = spec_of(key, task)

    assert model_of(document, task) == model
    assert ModelSpec.from_json(spec.to_json()) == spec
    assert is_batched(spec) == FAMILIES[spec.family].batched == (spec.family != SKLEARN.name)


@every_model
def test_buyers_can_choose_and_change_it(key, record, task):
    model, _, spec = spec_of(key, task)
    choices = dict(ModelForm(task=task).fields["model"].choices)
    fields = ParametersForm(model=model, spec=spec).fields

    assert choices[key].startswith(f"{record.title}: ")
    assert {parameter.name for parameter in record.parameters} <= set(fields)


@every_model
def test_requests_say_it_in_words(key, record, task):
    _, document, spec = spec_of(key, task)
    request = DataRequest(model_spec={name: document[name] for name in ("family", "params")}, metric=document["metric"])
    called = record.title if spec.family != SKLEARN.name else f"{record.name} of scikit-learn"

    assert model_in_words(request).startswith(called)
    assert terms_in_words(request)


@every_model
def test_more_rows_cost_more(key, record, task):
    _, _, spec = spec_of(key, task)
    cost = evaluation_seconds(spec, 16)

    assert 0 < cost(0) <= cost(100) <= cost(1_000)
    assert cost(1_000) > cost(0)


@every_model
def test_it_trains(key, record, task):
    quick = {"epochs": 2, "n_estimators": 2, "max_iter": 50, "min_samples_leaf": 1}
    _, document, _ = spec_of(key, task, **{one.name: quick[one.name] for one in record.parameters if one.name in quick})
    # Measured finely, and whatever it has learned from so little.
    spec = ModelSpec.from_json({**document, "metric": metrics_for(task)[-1].name, "free_disposal": False})
    game = make_utility(spec, *rows_of(task), *rows_of(task, seed=1), device="cpu")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nobody, everybody = game(np.array([[False] * 24, [True] * 24]))

    assert everybody != nobody


@pytest.mark.parametrize("one", [*ESTIMATORS.values(), *STEPS.values()], ids=lambda one: one.name)
def test_scikit_learn_has_it_with_its_parameters(one):
    made = (sklearn_loop.CONSTRUCTORS | sklearn_loop.STEP_CONSTRUCTORS)[one.name]()
    known = made.get_params()
    asked = [parameter.name for parameter in one.parameters] if one.name in ESTIMATORS else list(one.checks)

    assert set(asked) <= set(known)
    assert ("n_estimators" in known) == (getattr(one, "grown", "") == "trees")
    # Class weights are asked of estimators as weights or as priors; one that has neither cannot be offered.
    if one.name in ESTIMATORS and one.task == "classification":
        assert {"class_weight", "priors"} & set(known)


def test_whatever_scales_has_a_word_in_the_form():
    scalers = {one.scales_by for one in STEPS.values() if not one.checks}
    model = next(model for model in models_for("regression") if model.key == "sklearn:Ridge")
    scaling = next(parameter for parameter in model.parameters if parameter.name == "scaling")

    assert "" not in scalers
    assert set(scaling.check.options) == {"none", *scalers}
