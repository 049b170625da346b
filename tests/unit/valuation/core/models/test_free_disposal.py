"""Nobody deploys a model worse than none: U(S) = max(metric(S), U(empty)), for every family, metric and row."""

import numpy as np
import pytest

from tests.unit.valuation.core.models.test_games import CLASSIFIERS, LABEL, REGRESSORS, data
from valuation.core.metrics.registry import CLASS_METRICS, NUMBER_METRICS
from valuation.core.models import ModelSpec, make_utility

SPECS = [
    ModelSpec(spec.family, spec.params, metric, spec.seed)
    for specs, metrics in ((CLASSIFIERS, CLASS_METRICS), (REGRESSORS, NUMBER_METRICS))
    for spec in specs
    for metric in metrics
]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{LABEL(spec)}-{spec.metric}")
def test_a_model_worse_than_none_scores_like_none_row_by_row(spec):
    X, y, X_valid, y_valid = data(spec)
    rng = np.random.default_rng(1)
    y = rng.permutation(y)  # models of such rows are seldom better than the constant
    coalitions = rng.random((12, 30)) < np.linspace(0, 1, 12)[:, None]
    bare = make_utility(
        ModelSpec(
            spec.family,
            spec.params,
            spec.metric,
            spec.seed,
            class_weights=spec.class_weights,
            free_disposal=False,
        ),
        X,
        y,
        X_valid,
        y_valid,
    )
    game = make_utility(spec, X, y, X_valid, y_valid)

    scores, rows = bare(coalitions), bare.rowwise(coalitions)
    empty = game.metric.baseline
    held = rows.mean(axis=1) < empty

    np.testing.assert_array_equal(game(coalitions), np.maximum(scores, empty))
    expected = np.where(held[:, None], game.metric.baseline_rows, rows)
    np.testing.assert_array_equal(game.rowwise(coalitions), expected)


def test_the_floor_is_met_by_some_of_these():
    """The test above would pass with no floor at all if no model were ever worse than none."""
    spec = ModelSpec("ridge_regression", {}, "r2", free_disposal=False)
    X, y, X_valid, y_valid = data(spec)

    values = make_utility(spec, X, y, X_valid, y_valid)(np.eye(30, dtype=bool))

    assert values.min() < -0.5
