"""Rows of any shape through HCDV: images, ready embeddings, numbers as targets, and an embedding that stays."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_digits

from valuation.core import EncoderConfig, HcdvConfig, ModelSpec, estimate_hcdv, make_utility
from valuation.core.errors import InvalidDataError
from valuation.core.library.augmentation import rank_augmented
from valuation.core.plans.plan import arrays_from_bytes, arrays_to_bytes
from valuation.core.rows.encoder.frozen import FrozenEmbedding
from valuation.core.rows.growing.incremental import recompute, start_incremental, update_incremental
from valuation.core.rows.growing.incremental_state import IncrementalConfig, IncrementalState

CONVNET = EncoderConfig(architecture="convnet", hidden=(4, 4), epochs=3, device="cpu", smoothness_weight=0.0)
IMAGES = HcdvConfig(embedding="encoder", encoder=CONVNET, children=(4,), leaf_size=40, permutations=(8,))
NUMBERS = HcdvConfig(
    task="regression", embedding="standardized", children=(3,), leaf_size=6, permutations=(16,), large_leaf="uniform"
)
LOGISTIC = ModelSpec("logistic_regression", {}, "accuracy")
RIDGE = ModelSpec("ridge_regression", {}, "r2")


def digits(n_rows):
    """Images of 0 and 1 of 8 x 8, their labels, and the game of a model trained on their pixels."""
    X, y = load_digits(n_class=2, return_X_y=True)
    images = X.reshape(-1, 8, 8)[: n_rows + 60]
    return images[:n_rows], y[:n_rows], images[n_rows:], y[n_rows : n_rows + 60]


def game_of(X, y, X_valid, y_valid, spec=LOGISTIC):
    return make_utility(spec, X.reshape(len(X), -1), y, X_valid.reshape(len(X_valid), -1), y_valid)


@pytest.mark.parametrize("channels", [False, True])
def test_images_are_priced_by_a_convnet_from_end_to_end(channels):
    X, y, X_valid, y_valid = digits(100)
    if channels:
        X, X_valid = (np.stack([images, 16 - images], axis=-1) for images in (X, X_valid))
    game = game_of(X, y, X_valid, y_valid)

    found = estimate_hcdv(game, X, y, config=IMAGES, rng=np.random.default_rng(0), X_valid=X_valid, y_valid=y_valid)

    ends = game(np.repeat([[False], [True]], len(X), axis=1))
    assert found.encoder_refused == ""
    assert found.metric_values.sum() == pytest.approx(ends[1] - ends[0], abs=1e-12)
    assert found.evaluations == 2 + 2**4 - 1 <= IMAGES.evaluations(len(X))
    assert found.levels[1].by_neighbors == 4


def test_new_images_are_valued_and_ranked_by_the_encoder_of_the_first_also_after_a_save():
    X, y, X_valid, y_valid = digits(100)
    config = IncrementalConfig(IMAGES)
    _, state = start_incremental(
        game_of(X[:90], y[:90], X_valid, y_valid),
        X[:90],
        y[:90],
        config=config,
        rng=np.random.default_rng(0),
        X_valid=X_valid,
        y_valid=y_valid,
    )
    state = IncrementalState.from_arrays(arrays_from_bytes(arrays_to_bytes(state.to_arrays())))
    game = game_of(X, y, X_valid, y_valid)

    values, now = update_incremental(state, game, X[90:], y[90:])

    np.testing.assert_allclose(values.values, recompute(now, game).values, atol=1e-9)
    np.testing.assert_allclose(now.z, state.embedding.embed(X), atol=1e-14)
    # The same images with the other label are worth less than they are with their own.
    ranked = rank_augmented(
        None,
        X[:90],
        y[:90],
        np.concatenate([X[90:], X[90:]]),
        np.concatenate([y[90:], 1 - y[90:]]),
        config=IMAGES,
        rng=np.random.default_rng(0),
        X_valid=X_valid,
        y_valid=y_valid,
        embedding=state.embedding,
    )
    assert sorted(ranked.top(0.5).tolist()) == list(range(10))


def test_ready_embeddings_take_a_linear_encoder_or_none():
    X, y, X_valid, y_valid = digits(80)
    pixels, pixels_valid = X.reshape(80, -1), X_valid.reshape(60, -1)
    game = game_of(X, y, X_valid, y_valid)
    linear = replace(IMAGES, encoder=replace(CONVNET, architecture="linear", hidden=None))
    given = replace(IMAGES, embedding="given")
    validation = {"X_valid": pixels_valid, "y_valid": y_valid}

    by_encoder = estimate_hcdv(game, pixels, y, config=linear, rng=np.random.default_rng(0), **validation)
    as_given = estimate_hcdv(game, pixels, y, config=given, rng=np.random.default_rng(0), **validation)
    flattened = estimate_hcdv(game, X, y, config=given, rng=np.random.default_rng(0), X_valid=X_valid, y_valid=y_valid)

    directly = estimate_hcdv(game, pixels, y, config=given, rng=np.random.default_rng(0), **validation)
    assert by_encoder.metric_values.sum() == pytest.approx(as_given.metric_values.sum(), abs=1e-12)
    assert not np.allclose(by_encoder.values, as_given.values)
    np.testing.assert_array_equal(as_given.values, directly.values)
    np.testing.assert_array_equal(flattened.values, directly.values)


@pytest.mark.parametrize("embedding", ["standardized", "encoder"])
def test_ridge_regression_conserves_the_pot_of_the_clipped_r2(embedding):
    X, y = load_diabetes(return_X_y=True)
    config = replace(NUMBERS, embedding=embedding, encoder=replace(CONVNET, architecture="mlp", hidden=(8,)))
    game = game_of(X[:60], y[:60], X[60:160], y[60:160], RIDGE)

    found = estimate_hcdv(game, X[:60], y[:60], config=config, rng=np.random.default_rng(0))

    nobody, everybody = np.clip(game(np.repeat([[False], [True]], 60, axis=1)), -1, 1)
    assert found.metric_values.sum() == pytest.approx(everybody - nobody, abs=1e-12)
    assert np.isfinite(found.values).all()
    assert found.evaluations <= config.evaluations(60)
    assert sum(level.uniform + level.enumerated + level.sampled for level in found.levels) > 1


def test_the_clip_bounds_a_regression_that_does_worse_than_the_mean():
    # Two rows far off the line make R2 of the full data -8.6, which counts as -1.
    X, y = np.array([[0.0], [1.0]]), np.array([30.0, -30.0])
    X_valid, y_valid = np.arange(6.0)[:, None], 10 * np.arange(6.0)
    game = game_of(X, y, X_valid, y_valid, replace(RIDGE, free_disposal=False))
    nobody, everybody = game(np.repeat([[False], [True]], 2, axis=1))
    assert everybody < -1

    found = estimate_hcdv(game, X, y, config=replace(NUMBERS, embedding="given"), rng=np.random.default_rng(0))

    assert found.metric_values.sum() == pytest.approx(-1 - max(nobody, -1), abs=1e-12)


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("n_rows", [1, 5])
def test_one_row_and_equal_images_of_one_class_share_alike(task, n_rows):
    X, y, _, _ = digits(1)
    X, y = np.repeat(X, n_rows, axis=0), np.repeat(y, n_rows)
    config = replace(IMAGES, task=task, leaf_size=8, encoder=replace(CONVNET, epochs=1))

    class Share:
        n_players = n_rows

        def __call__(self, coalitions):
            return coalitions.mean(axis=1) * 0.5

    found = estimate_hcdv(Share(), X, y, config=config, rng=np.random.default_rng(0))

    np.testing.assert_allclose(found.values, 0.5 / n_rows, atol=1e-15)


def test_an_embedding_that_cannot_be_trained_gives_way_and_other_shapes_are_refused():
    X, y, _, _ = digits(10)
    wrong = replace(IMAGES, encoder=replace(CONVNET, architecture="convnet"))

    refused = FrozenEmbedding.fit(
        X, np.full(10, np.nan), config=replace(wrong, task="regression"), rng=np.random.default_rng(0)
    )

    assert "finite" in refused.encoder_refused
    again = FrozenEmbedding.from_arrays(refused.to_arrays())
    np.testing.assert_array_equal(again.embed(X), refused.embed(X))
    assert again.encoder_refused == refused.encoder_refused
    with pytest.raises(InvalidDataError, match="fitted to rows of shape"):
        refused.embed(X[:, :4])
    with pytest.raises(InvalidDataError, match="at least one row"):
        FrozenEmbedding.fit(X[:0], y[:0], config=IMAGES, rng=np.random.default_rng(0))
