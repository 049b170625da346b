"""Metrics of a batch meet scikit-learn's, prediction by prediction, ties included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as peer

from valuation.core.errors import InvalidDataError, InvalidSpecError
from valuation.core.metrics.registry import CLASS_METRICS, NUMBER_METRICS, facts_of, make_metric
from valuation.core.statistics.validation_sample import validation_covariance
from valuation.core.statistics.widening import students_widening

M, BATCH = 60, 7


def targets(n_classes):
    return np.random.default_rng(n_classes).permutation(np.arange(M) % n_classes)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accuracy", peer.accuracy_score),
        ("balanced_accuracy", peer.balanced_accuracy_score),
        ("macro_f1", lambda y, labels: peer.f1_score(y, labels, average="macro")),
    ],
)
def test_metrics_of_labels(name, expected, n_classes):
    y = targets(n_classes)
    labels = np.random.default_rng(1).integers(n_classes, size=(BATCH, M)).astype(np.int8)
    labels[0] = 0

    values = make_metric(name, y, n_classes).score(labels)

    np.testing.assert_allclose(values, [expected(y, row) for row in labels], rtol=1e-14)


def test_roc_auc_counts_ties_half():
    y = targets(2)
    scores = np.random.default_rng(1).integers(5, size=(BATCH, M)).astype(float)
    scores[0] = 1.0

    values = make_metric("roc_auc", y, 2).score(scores)

    assert values[0] == 0.5
    np.testing.assert_allclose(values, [peer.roc_auc_score(y, row) for row in scores], rtol=1e-14)


def test_probabilities_of_three_classes():
    y = targets(3)
    shares = np.random.default_rng(1).dirichlet(np.ones(3), size=(BATCH, M)).round(2)
    shares /= shares.sum(axis=2, keepdims=True)

    auc, loss = (make_metric(name, y, 3).score(shares) for name in ("roc_auc", "neg_log_loss"))

    np.testing.assert_allclose(auc, [peer.roc_auc_score(y, rows, multi_class="ovr") for rows in shares], rtol=1e-14)
    np.testing.assert_allclose(loss, [-peer.log_loss(y, rows, labels=[0, 1, 2]) for rows in shares], rtol=1e-12)


def test_metrics_of_numbers():
    rng = np.random.default_rng(1)
    y, predictions = rng.normal(size=M), rng.normal(size=(BATCH, M))

    r2, mse = (make_metric(name, y, 0).score(predictions) for name in ("r2", "neg_mse"))

    np.testing.assert_allclose(r2, [peer.r2_score(y, row) for row in predictions], rtol=1e-12)
    np.testing.assert_allclose(mse, [-peer.mean_squared_error(y, row) for row in predictions], rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "constant"),
    [
        ("accuracy", lambda _: np.full(M, 0)),
        ("macro_f1", lambda _: np.full(M, 0)),
        ("balanced_accuracy", lambda _: np.full(M, 1)),
        ("roc_auc", lambda _: np.zeros(M)),
        ("neg_log_loss", lambda y: np.tile(np.bincount(y) / M, (M, 1))),
        ("r2", lambda y: np.full(M, y.mean())),
        ("neg_mse", lambda y: np.full(M, y.mean())),
    ],
)
def test_the_baseline_is_a_constant_predictor(name, constant):
    y = np.array([0] * 40 + [1] * 20)
    y = y if facts_of(name).task == "classification" else y + np.linspace(0, 1, M)

    metric = make_metric(name, y, 2)

    assert metric.baseline == pytest.approx(metric.score(constant(y)[None])[0], abs=1e-15)
    assert metric.baseline_rows.mean() == pytest.approx(metric.baseline, abs=1e-15)
    if name != "balanced_accuracy":  # every constant is worth the same, and the rows favour none of them
        np.testing.assert_array_equal(metric.rowwise(constant(y)[None])[0], metric.baseline_rows)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from([*CLASS_METRICS, *NUMBER_METRICS]),
    n_classes=st.integers(2, 5),
    m=st.integers(2, 40),
    levels=st.integers(1, 6),
    seed=st.integers(0, 2**31),
)
def test_the_mean_of_the_rows_is_the_metric(name, n_classes, m, levels, seed):
    """Whatever the ties, classes without validation rows, and classes of a single one."""
    rng = np.random.default_rng(seed)
    y = rng.integers(n_classes, size=m)
    y[:2] = rng.permutation(n_classes)[:2]
    shares = rng.integers(1, levels + 1, size=(BATCH, m, n_classes)).astype(float)
    ranks = shares[:, :, 0] if n_classes == 2 else shares
    metric = make_metric(name, y if name in CLASS_METRICS else y + rng.normal(size=m), n_classes)
    predictions = {
        "labels": rng.integers(n_classes, size=(BATCH, m)).astype(np.int8),
        "probabilities": shares / shares.sum(axis=2, keepdims=True),
        "scores": ranks,
        "numbers": shares[:, :, 0],
    }[metric.facts.needs]

    rows = metric.rowwise(predictions)

    assert rows.shape == (BATCH, m)
    assert metric.rowwise(predictions[:0]).shape == (0, m)
    np.testing.assert_allclose(rows.mean(axis=1), metric.score(predictions), rtol=1e-12, atol=1e-13)


def test_rows_of_the_auc_have_the_variance_of_delong():
    """As written down: the components of either side, each side's sample variance over its rows."""
    rng = np.random.default_rng(2)
    y = np.arange(200) % 2
    scores = rng.normal(size=200).round(1) + y
    wins = (scores[y == 1][:, None] > scores[y == 0]) + 0.5 * (scores[y == 1][:, None] == scores[y == 0])
    delong = wins.mean(axis=1).var(ddof=1) / 100 + wins.mean(axis=0).var(ddof=1) / 100
    metric = make_metric("roc_auc", y, 2)

    (found,) = validation_covariance(metric.rowwise(scores[None]), metric.row_strata)

    assert found[0] == pytest.approx(delong * students_widening(99), rel=1e-12)


def test_a_ranking_that_hangs_on_one_row_is_as_uncertain_as_it_is_large():
    y, scores = np.array([0] * 59 + [1]), np.arange(60.0)
    auc, f1 = make_metric("roc_auc", y, 2), make_metric("macro_f1", y, 2)

    gain = auc.rowwise(scores[None]) - auc.baseline_rows
    hit = f1.rowwise(y[None].astype(np.int8)) - f1.baseline_rows

    assert gain.mean() == pytest.approx(0.5)
    assert validation_covariance(gain, auc.row_strata)[0, 0] ** 0.5 == pytest.approx(0.5, rel=0.05)
    # Its own size, and four more such rows as wherever few matter.
    assert validation_covariance(hit)[0, 0] ** 0.5 == pytest.approx(hit.mean() * (1 + 4 * 19 / 20) ** 0.5, rel=0.05)


def test_only_plain_means_may_be_cut_by_segment():
    linearised = {name for name in [*CLASS_METRICS, *NUMBER_METRICS] if not facts_of(name).mean_of_rows}

    assert linearised == {"roc_auc", "macro_f1"}


def test_classes_without_validation_rows_are_left_out_of_means():
    y, labels = np.array([0, 0, 2, 2]), np.array([[0, 1, 2, 2]])

    assert make_metric("balanced_accuracy", y, 4).score(labels)[0] == 0.75
    assert make_metric("balanced_accuracy", y, 4).baseline == 0.5
    assert make_metric("macro_f1", y, 4).score(labels)[0] == pytest.approx((2 / 3 + 1) / 2)


def test_unknown_and_undefined_metrics_are_refused():
    with pytest.raises(InvalidSpecError, match="metric is 'auc'; expected one of accuracy, "):
        make_metric("auc", targets(2), 2)
    with pytest.raises(InvalidDataError, match="same value"):
        make_metric("r2", np.ones(3), 0)
    with pytest.raises(InvalidDataError, match="same class"):
        make_metric("roc_auc", np.ones(3, dtype=int), 2)
