"""Every metric through every place that needs to know it: what its class says of it is true, and pages can show it."""

import math

import numpy as np
import pytest

from marketplace.models import DataRequest
from valuation.core.checks.class_rehearsal import try_classes
from valuation.core.errors import InvalidSpecError
from valuation.core.metrics.metric import Metric
from valuation.core.metrics.registry import METRICS, facts_of, make_metric, metrics_for
from valuation.core.models import ModelSpec, make_utility
from valuation.core.models.families import FAMILIES, SKLEARN
from valuation.core.rows.market import market_config
from valuation.forms import ModelForm
from valuation.selectors import units
from valuation.selectors.model_words import chosen_in_words, metric_in_words

M = 100
# A class of every twentieth row beside one of all others.
CLASSES = (np.arange(M) % 20 == 0).astype(np.int64)
NUMBERS = np.random.default_rng(0).normal(size=M)
FACTS = [metric.facts for metric in METRICS.values()]
every_metric = pytest.mark.parametrize("facts", FACTS, ids=lambda facts: facts.name)
OF_CLASSES = [facts for facts in FACTS if facts.task == "classification"]
every_class_metric = pytest.mark.parametrize("facts", OF_CLASSES, ids=lambda facts: facts.name)


def bound(facts):
    return make_metric(facts.name, CLASSES if facts.task == "classification" else NUMBERS, 2)


def naming(facts, codes):
    """What a metric needs of a model that is all but sure of these classes, or these numbers."""
    if facts.needs == "probabilities":
        sure = np.clip(np.eye(2)[codes], 1e-12, 1 - 1e-12)
        return sure[None]
    return np.asarray(codes, dtype=np.float64 if facts.needs in {"scores", "numbers"} else np.int64)[None]


def truth(facts):
    return naming(facts, CLASSES if facts.task == "classification" else NUMBERS)


def guesses(facts, k=40):
    rng = np.random.default_rng(1)
    if facts.task == "regression":
        return NUMBERS + rng.normal(size=(k, M))
    if facts.needs == "probabilities":
        second = rng.random((k, M))
        return np.stack([1 - second, second], axis=2)
    return rng.normal(size=(k, M)) if facts.needs == "scores" else rng.integers(0, 2, (k, M))


def concrete(base):
    for each in base.__subclasses__():
        yield from concrete(each)
        if not each.__subclasses__() and each.__module__.startswith("valuation."):
            yield each


def test_every_metric_that_is_written_can_be_chosen():
    assert set(concrete(Metric)) == set(METRICS.values())
    assert {*metrics_for("classification"), *metrics_for("regression")} == set(FACTS)


@every_metric
def test_the_words_of_a_metric_are_sentences_in_its_unit(facts):
    begins = "One point more: " if facts.in_points else ("One more: ", "0.01 more: ")

    assert facts.title
    assert facts.definition.endswith(".")
    assert facts.one_more.startswith(begins)
    assert facts.one_more.endswith(".")


@every_metric
def test_no_score_lies_beyond_the_bounds_and_the_truth_scores_the_best(facts):
    metric, (least, best) = bound(facts), facts.bounds
    scores = metric.score(guesses(facts))

    assert scores.min() >= least - 1e-12
    assert scores.max() <= best
    assert metric.score(truth(facts))[0] == pytest.approx(best, abs=1e-9)


@every_metric
def test_the_worst_score_is_the_lower_bound_or_there_is_none(facts):
    metric = bound(facts)
    worst = naming(facts, 1 - CLASSES) if facts.task == "classification" else NUMBERS[None] + 1e3

    score = metric.score(worst)[0]

    if math.isinf(facts.bounds[0]):
        assert score < -10
    else:
        assert score == pytest.approx(facts.bounds[0], abs=1e-9)


@every_metric
def test_a_rows_score_is_its_own_just_where_the_metric_is_said_to_be_a_mean_of_rows(facts):
    metric, predictions = bound(facts), truth(facts).copy()
    before = metric.rowwise(predictions)[0]
    predictions[0, 1:30] = naming(facts, 1 - CLASSES)[0, 1:30] if facts.task == "classification" else 5.0

    after = metric.rowwise(predictions)[0]

    assert (np.abs(after[30:] - before[30:]).max() < 1e-12) == facts.mean_of_rows


@every_class_metric
def test_rows_count_hits_just_where_that_is_said(facts):
    metric, predictions = bound(facts), guesses(facts)
    rows = metric.rowwise(predictions)
    hits = predictions == CLASSES if facts.needs == "labels" else np.zeros(rows.shape, dtype=bool)

    assert bool((np.where(hits, rows > 0, rows == 0)).all()) == facts.counts_hits


@every_class_metric
def test_a_rare_class_that_is_never_named_costs_much_just_where_classes_count_alike(facts):
    if not facts.in_points:
        assert not facts.classes_alike  # its size says nothing: show it by another test
        return
    never = bound(facts).score(naming(facts, np.zeros(M, dtype=np.int64)))[0]

    assert (facts.bounds[1] - never > 0.25) == facts.classes_alike
    assert facts.classes_alike or not facts.class_weights


@every_metric
def test_values_of_rows_clip_nothing_that_the_metric_can_reach_above_its_constant_predictor(facts):
    config, metric = market_config(n_rows=1_000, task=facts.task, metric=facts.name, batched=True), bound(facts)
    low, high = (end * config.unit(metric.baseline) for end in config.metric_range)

    assert high >= facts.bounds[1]
    assert low <= max(facts.bounds[0], 2 * metric.baseline if facts.is_loss else metric.baseline - 1)
    assert config.balanced_classes == facts.classes_alike


@every_metric
def test_pages_write_a_metric_in_its_unit(facts):
    assert units.unit_of(facts.name) == ("points" if facts.bounds == (0.0, 1.0) else "")
    assert units.written(0.5, facts.name) == ("50.00" if facts.in_points else "0.5000")
    assert facts.in_words in units.axis("Value", facts.name) or facts.in_points


@every_metric
def test_buyers_can_choose_it_and_sellers_read_what_it_is(facts):
    family = next(family for family in FAMILIES.values() if facts.task in family.tasks)
    request = DataRequest(model_spec={"family": family.name, "params": {}}, metric=facts.name)

    choices = dict(ModelForm(task=facts.task).fields["metric"].choices)

    assert choices[facts.name] == f"{facts.title}. {facts.one_more}"
    assert metric_in_words(request) == facts.definition
    assert chosen_in_words(request) == f"{family.title}, scored by {facts.in_words}"


@every_metric
def test_every_family_of_its_task_plays_for_it(facts):
    rng = np.random.default_rng(2)
    X, X_valid = rng.normal(size=(16, 16)), rng.normal(size=(12, 16))
    y, y_valid = (X[:, 0], X_valid[:, 0]) if facts.task == "regression" else (X[:, 0] > 0, X_valid[:, 0] > 0)
    coalitions = np.array([[False] * 16, [True] * 16])

    for family in FAMILIES.values():
        if facts.task not in family.tasks or family is SKLEARN:
            continue
        few = {"epochs": 2} if "epochs" in {parameter.name for parameter in family.parameters} else {}
        spec = ModelSpec(family.name, few, facts.name)
        game = make_utility(
            spec, X, np.asarray(y, dtype=float), X_valid, np.asarray(y_valid, dtype=float), device="cpu"
        )

        assert spec.class_weights == facts.class_weights
        np.testing.assert_allclose(game.rowwise(coalitions).mean(axis=1), game(coalitions), atol=1e-9)


@every_class_metric
def test_the_dry_run_looks_at_named_classes_and_turns_weights_where_classes_count_alike(facts):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(200, 2)) + CLASSES.repeat(2)[:, None]

    found = try_classes(ModelSpec("knn", {}, facts.name), X, CLASSES.repeat(2), rng=rng)

    assert (found is not None) == (facts.needs == "labels")
    assert found is None or (found.score_turned is not None) == facts.classes_alike


def test_a_metric_that_does_not_exist_is_no_ones():
    with pytest.raises(InvalidSpecError, match="one of accuracy, "):
        facts_of("f_score")
