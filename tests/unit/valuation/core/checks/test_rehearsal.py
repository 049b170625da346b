"""What a rehearsal says of a market that it did not rehearse, and what it refuses to guess."""

import numpy as np
import pytest

from valuation.core.checks.rehearsal import Market, market_sizes, project, rehearse_market, try_degenerate, try_model
from valuation.core.errors import FitFailedError
from valuation.core.models import ModelSpec

SPEC = ModelSpec("logistic_regression", {}, "balanced_accuracy")


def rows(n, *, signal, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    y = (X[:, 0] * signal + rng.normal(size=n) > 0).astype(np.int64)
    return X, y


def test_a_rehearsed_size_is_taken_as_it_is():
    small, large = Market(500, 1_000, 1.0, 0.1), Market(2_000, 1_000, 2.0, 0.2)

    found = project(small, large, rows=2_000)

    assert (found.is_extrapolated, found.seconds_per_evaluation) == (False, 0.002)
    assert found.unit_variance == pytest.approx(40.0)


def test_beyond_it_seconds_grow_by_a_power_and_variance_by_the_logarithm():
    small, large = Market(500, 1_000, 1.0, 0.1), Market(2_000, 1_000, 2.0, 0.2)

    found = project(small, large, rows=8_000)

    assert found.is_extrapolated
    assert found.seconds_per_evaluation == pytest.approx(0.004)
    assert found.unit_variance == pytest.approx(70.0)


def test_an_unknown_interval_stays_unknown():
    assert project(Market(50, 3, 1.0, None), Market(200, 3, 9.0, None), rows=10_000).unit_variance is None


def test_a_model_too_slow_for_the_time_gets_no_interval():
    X, y = rows(120, signal=3.0)

    market = rehearse_market(SPEC, X, y, sellers=3, rows=60, seconds_max=0.0, rng=np.random.default_rng(0))

    assert market.half_width is None
    assert market.seconds_per_evaluation > 0


def test_learning_is_told_from_chance():
    rng = np.random.default_rng(0)

    assert try_model(SPEC, *rows(400, signal=3.0), rng=rng).learns
    by_chance = [try_model(SPEC, *rows(400, signal=0.0, seed=seed), rng=rng).learns for seed in range(40)]
    assert sum(by_chance) <= 4  # one-sided 2.5 % of 40, and three standard deviations more


def test_equal_draws_come_from_equal_seeds():
    X, y = rows(300, signal=1.0)

    assert try_model(SPEC, X, y, rng=np.random.default_rng(5)) == try_model(SPEC, X, y, rng=np.random.default_rng(5))


def test_a_model_that_cannot_be_trained_is_refused(monkeypatch):
    spec = ModelSpec("sklearn", {"estimator": "GaussianNB"}, "accuracy")
    monkeypatch.setattr(
        "sklearn.naive_bayes.GaussianNB.fit",
        lambda *_: (_ for _ in ()).throw(IndexError("index 0 is out of bounds")),
    )

    with pytest.raises(FitFailedError, match="cannot be trained on 60 of your validation rows, in 5 tries"):
        try_model(spec, *rows(120, signal=1.0), rng=np.random.default_rng(0))


def test_what_validation_rows_can_tell_gets_finer_with_the_root_of_their_number():
    def blind_below(n):
        market = rehearse_market(
            SPEC, *rows(n, signal=3.0), sellers=4, rows=80, seconds_max=5.0, rng=np.random.default_rng(0)
        )
        return market.blind_below

    assert 0.01 < blind_below(1_600) < 0.2
    assert blind_below(400) / blind_below(1_600) == pytest.approx(2.0, rel=0.25)


def test_small_markets_still_give_every_seller_two_rows():
    assert market_sizes(5, 3) == (10, 10)
    assert market_sizes(5, 10_000) == (500, 2_000)


@pytest.mark.parametrize(
    ("family", "metric"),
    [
        ("logistic_regression", "neg_log_loss"),
        ("linear_discriminant", "roc_auc"),
        ("knn", "accuracy"),
        ("mlp", "accuracy"),
        ("ridge_regression", "r2"),
    ],
)
def test_degenerate_coalitions_are_tried(family, metric):
    X, y = rows(60, signal=1.0)

    try_degenerate(ModelSpec(family, {}, metric), X, X[:, 0] if family == "ridge_regression" else y)


def test_a_foreign_exception_shows_in_the_rehearsal(monkeypatch):
    def fail(game, coalitions):
        if any((game._X[rows] == game._X[rows][0]).all() for rows in coalitions if rows.sum() > 1):
            raise IndexError("index 0 is out of bounds for axis 0 with size 0")
        return np.zeros(len(coalitions)), None

    monkeypatch.setattr("valuation.core.checks.rehearsal.scores", fail)

    with pytest.raises(IndexError):
        try_degenerate(SPEC, *rows(60, signal=1.0))


def tried(monkeypatch, spec, **given):
    """The game and the coalitions that the rehearsal of degenerate ones looks at."""
    seen = []
    monkeypatch.setattr("valuation.core.checks.rehearsal.scores", lambda *asked: seen.append(asked))
    try_degenerate(spec, *rows(60, signal=1.0), **given)
    return seen[0]


def test_degenerate_coalitions_have_the_buyers_own_rows_too(monkeypatch):
    alone, coalitions = tried(monkeypatch, SPEC)
    assert not alone.trains(coalitions[:1]).any()

    beside, coalitions = tried(monkeypatch, SPEC, base=rows(20, signal=1.0, seed=1))

    assert beside.trains(coalitions).all()


def test_degenerate_coalitions_are_filled_up_as_the_terms_say(monkeypatch):
    game, _ = tried(monkeypatch, ModelSpec("logistic_regression", {}, "balanced_accuracy", start_rows=12))

    assert game.s_min == 12
