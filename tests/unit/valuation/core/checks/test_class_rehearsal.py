"""A class that is never named is found out, and class weights are recommended only where they score better."""

import numpy as np
import pytest

from valuation.core.checks.class_rehearsal import ClassTrial, try_classes
from valuation.core.models import ModelSpec


def rare(n=900, apart=0.7, seed=0):
    """Rows of two overlapping classes, one in ten of the second."""
    rng = np.random.default_rng(seed)
    y = (np.arange(n) % 10 == 0).astype(np.int64)
    return rng.normal(size=(n, 3)) + apart * y[:, None] / 3**0.5, y


def tried(metric, **terms):
    spec = ModelSpec("logistic_regression", {}, metric, **terms)
    return try_classes(spec, *rare(), rng=np.random.default_rng(1))


def test_an_unweighted_model_that_ignores_the_rare_class_is_found_out_and_weights_are_advised():
    found = tried("balanced_accuracy", class_weights=False)

    assert found.ignored == (1,)
    assert found.turning_is_better
    assert found.score_turned > found.score + 0.05


def test_with_weights_there_is_nothing_to_say():
    found = tried("balanced_accuracy")

    assert found.ignored == ()
    assert not found.turning_is_better


def test_accuracy_is_not_asked_about_weights_but_told_what_is_ignored():
    found = tried("accuracy")

    assert found.ignored == (1,)
    assert found.score_turned is None
    assert not found.turning_is_better


@pytest.mark.parametrize("metric", ["roc_auc", "neg_log_loss"])
def test_metrics_that_name_no_class_are_not_asked(metric):
    assert tried(metric) is None


def test_a_difference_within_chance_advises_nothing():
    assert not ClassTrial((0.5, 0.5), 0.70, 0.71, 0.01).turning_is_better
    assert ClassTrial((0.5, 0.5), 0.70, 0.73, 0.01).turning_is_better


def test_a_class_without_rows_is_not_called_ignored():
    X, y = rare()

    found = try_classes(ModelSpec("knn", {}, "accuracy"), X, np.where(y == 1, 3, 0), rng=np.random.default_rng(0))

    assert found.recalls[1] is None
    assert found.recalls[2] is None
    assert set(found.ignored) <= {3}
