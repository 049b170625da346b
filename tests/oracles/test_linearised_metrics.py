"""ROC AUC and macro F1 are no means of rows: what their linearised rows claim is what fresh validation rows do."""

import numpy as np
import pytest
from scipy.special import softmax

from tests.oracles.coverage_of_samples import POPULATION, of_population, valued
from tests.oracles.covered import holds
from valuation.core.metrics.registry import make_metric
from valuation.core.statistics.validation_sample import validation_covariance

SAMPLES, SIZE = 1_000, 200


def fresh_rows(n_classes, rng):
    """Classes of unequal size, and what a model that is wrong of them in part says of their rows."""
    y = rng.choice(n_classes, size=SIZE, p=np.arange(2, n_classes + 2) / np.arange(2, n_classes + 2).sum())
    return y, softmax((y[:, None] == np.arange(n_classes)) + rng.normal(size=(SIZE, n_classes)), axis=1)


@pytest.mark.parametrize("metric", ["roc_auc", "macro_f1"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_metric_scatters_over_fresh_samples_as_its_rows_say(metric, n_classes):
    rng = np.random.default_rng(50)
    found, claimed = np.zeros(SAMPLES), np.zeros(SAMPLES)
    for sample in range(SAMPLES):
        y, shares = fresh_rows(n_classes, rng)
        bound = make_metric(metric, y, n_classes)
        rows = bound.rowwise(shares.argmax(axis=1)[None] if metric == "macro_f1" else shares[None])
        found[sample], claimed[sample] = rows.mean(), validation_covariance(rows, bound.row_strata)[0, 0]

    assert np.sqrt(claimed.mean()) == pytest.approx(found.std(), rel=0.1)


@pytest.mark.parametrize("metric", ["roc_auc", "macro_f1"])
def test_intervals_of_exact_values_hold_the_population_s(metric):
    """Five sellers, a quarter of the rows in class 2, all coalitions: the validation sample is all that is luck."""
    truth = of_population(metric, "classification", 0.25).values
    samples = [np.random.default_rng([51, seed]).integers(POPULATION, size=SIZE) for seed in range(SAMPLES)]
    found = [valued(metric, "classification", 0.25, chosen) for chosen in samples]

    covered = np.array([holds(one.validation_interval(0.95), truth) for one in found])
    scatter = np.std([one.values for one in found], axis=0)
    claimed = np.sqrt(np.mean([np.diag(one.validation_covariance) for one in found], axis=0))

    assert 0.93 <= covered.mean() <= 0.97, covered.mean(axis=0)
    np.testing.assert_allclose(claimed, scatter, rtol=0.1)
