"""Ranking of augmented samples: exact values of hand-made ones, and bad samples below good ones."""

from dataclasses import replace

import numpy as np
import pytest

from tests.oracles.games_at_random import TableGame
from valuation.core import ModelSpec, exact_shapley, make_utility
from valuation.core.errors import InvalidDataError, InvalidSpecError
from valuation.core.library.augmentation import rank_augmented
from valuation.core.rows.config import HcdvConfig
from valuation.core.rows.encoder.frozen import FrozenEmbedding

CONFIG = HcdvConfig(children=(4,), leaf_size=64, permutations=(32,))
CLEAN, MISLABELLED, OFF = range(3)


def neighbours_game(X, y, X_valid, y_valid, k):
    """``U(S)`` of the nearest neighbours, from its definition, as a table over all coalitions."""
    coalitions = ((np.arange(2 ** len(X))[:, None] >> np.arange(len(X))) & 1).astype(bool)
    nearest = np.argsort(((X_valid[:, None] - X) ** 2).sum(axis=2), axis=1, kind="stable")
    right = np.zeros((len(coalitions), len(X_valid)))
    for at, inside in enumerate(coalitions):
        for row, order in enumerate(nearest):
            right[at, row] = (y[order[inside[order]][:k]] == y_valid[row]).sum() / k
    return TableGame(right.mean(axis=1))


def test_scores_are_shapley_values_of_the_union_and_bad_samples_stand_last():
    X, y = np.array([[1.0, 0.1], [1.0, 0.3], [0.1, 1.0], [0.3, 1.0]]), np.array([0, 0, 1, 1])
    X_valid, y_valid = np.array([[1.0, 0.2], [0.2, 1.0]]), np.array([0, 1])
    # A clean one of each class, one with the wrong label, one that lies where nothing is.
    samples, labels = np.array([[1.0, 0.17], [0.16, 1.0], [1.0, 0.19], [-3.0, -3.1]]), np.array([0, 1, 1, 0])

    found = rank_augmented(
        None,
        X,
        y,
        samples,
        labels,
        config=replace(CONFIG, n_neighbors=2),
        rng=np.random.default_rng(0),
        X_valid=X_valid,
        y_valid=y_valid,
    )

    union = np.concatenate([X, samples]), np.concatenate([y, labels])
    truth = exact_shapley(neighbours_game(*union, X_valid, y_valid, 2))
    np.testing.assert_allclose(found.scores, truth[4:], atol=1e-14)
    assert found.order.tolist() == [1, 0, 3, 2]
    assert found.scores[2] < 0 < found.scores[3] < found.scores[0] < found.scores[1]
    assert found.novel.tolist() == [False, False, False, True]
    assert found.evaluations == 0
    assert [found.top(share).tolist() for share in (0, 0.5, 1)] == [[], [1, 0], [1, 0, 3, 2]]


def pool(seed):
    """200 rows of two classes, and of each kind 20 samples made by a jitter: as they are, relabelled, moved far off."""
    rng = np.random.default_rng(seed)

    def drawn(n_rows):
        y = np.arange(n_rows) % 2
        X = rng.normal(size=(n_rows, 4))
        X[:, 0] += 5.0 * y - 2.5
        return X, y

    (X, y), valid = drawn(200), drawn(100)
    of, kinds = rng.permutation(200)[:60], np.repeat([CLEAN, MISLABELLED, OFF], 20)
    samples = X[of] + 0.3 * rng.normal(size=(60, 4))
    samples[kinds == OFF, 1] += 25.0
    return X, y, samples, np.where(kinds == MISLABELLED, 1 - y[of], y[of]), kinds, *valid


def below(scores, kinds, kind):
    """How often a sample of that kind is worth less than a clean one."""
    bad, good = scores[kinds == kind][:, None], scores[kinds == CLEAN]
    return ((bad < good) + 0.5 * (bad == good)).mean()


def test_neighbours_put_mislabelled_and_far_samples_below_clean_ones():
    figures = []
    for seed in range(4):
        X, y, samples, labels, kinds, X_valid, y_valid = pool(seed)
        found = rank_augmented(
            None,
            X,
            y,
            samples,
            labels,
            config=CONFIG,
            rng=np.random.default_rng(seed),
            X_valid=X_valid,
            y_valid=y_valid,
        )
        best = kinds[found.top(1 / 3)]
        figures.append(
            [below(found.scores, kinds, MISLABELLED), below(found.scores, kinds, OFF), (best == CLEAN).sum()]
        )
        assert found.novel[kinds == OFF].all()

    # Pairs in which the bad sample is worth less, relabelled and far; clean samples among the best 20.
    np.testing.assert_allclose(figures, [[1, 1, 20], [1, 1, 20], [1, 1, 20], [0.995, 0.95, 19]], atol=1e-12)


def test_hcdv_over_the_union_puts_relabelled_samples_below_clean_ones_and_counts_what_it_spends():
    X, y, samples, labels, kinds, X_valid, y_valid = pool(0)
    union = np.concatenate([X, samples]), np.concatenate([y, labels])
    game = make_utility(ModelSpec("logistic_regression", {}, "accuracy"), *union, X_valid, y_valid)
    shuffled = np.random.default_rng(1).permutation(60)

    found, again = (
        rank_augmented(
            make_utility(
                ModelSpec("logistic_regression", {}, "accuracy"),
                np.concatenate([X, samples[order]]),
                np.concatenate([y, labels[order]]),
                X_valid,
                y_valid,
            ),
            X,
            y,
            samples[order],
            labels[order],
            config=CONFIG,
            rng=np.random.default_rng(0),
            X_valid=X_valid,
            y_valid=y_valid,
        )
        for order in (np.arange(60), shuffled)
    )

    assert below(found.scores, kinds, MISLABELLED) > 0.85
    assert found.evaluations <= CONFIG.evaluations(game.n_players)
    np.testing.assert_allclose(again.scores, found.scores[shuffled], atol=1e-9)


def test_no_sample_equal_samples_and_bad_questions():
    X, y, X_valid, y_valid = np.eye(4)[:, :2] + 0.1, np.array([0, 1, 1, 1]), np.eye(2), np.array([0, 1])
    ask = {"config": CONFIG, "rng": np.random.default_rng(0), "X_valid": X_valid, "y_valid": y_valid}

    nothing = rank_augmented(None, X, y, X[:0], y[:0], **ask)
    alike = rank_augmented(None, X, y, X[[0, 0, 0]], y[[0, 0, 0]], **ask)

    assert (len(nothing.scores), nothing.top(1).tolist()) == (0, [])
    # Equal rows rank one after the other among neighbours and share alike.
    np.testing.assert_array_equal(alike.scores, alike.scores[0])
    with pytest.raises(InvalidSpecError):
        alike.top(1.5)
    with pytest.raises(InvalidDataError):
        rank_augmented(None, X, y, X[:, :1], y, **ask)
    with pytest.raises(InvalidDataError, match="give a game"):
        rank_augmented(None, X, y, X, y, **{**ask, "y_valid": None})
    with pytest.raises(InvalidDataError, match="fitted to rows"):
        rank_augmented(None, X, y, X, y, embedding=FrozenEmbedding((3,), None), **ask)
