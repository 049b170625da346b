"""Copies among text embeddings, tried on BBC News where the shared data is there, and the rule that names them."""

import os
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from marketplace.copies.vectors import compare_embeddings, copies_among, nearest_by_angle

REPOSITORY = Path(__file__).parents[4]
SHARED = Path(os.environ.get("FAIRCUT_DATA", REPOSITORY.parent / "shared" / "data"))
EMBEDDINGS, ARTICLES = SHARED / "bbc_news" / "bbc_minilm.npz", SHARED / "bbc_news" / "bbc_news.parquet"
COPIED, ROWS = 150, 800


@pytest.fixture(scope="module")
def texts():
    """Embeddings of articles and the words of each, in the same order."""
    if not EMBEDDINGS.exists():
        pytest.skip("FAIRCUT_DATA holds no bbc_news/bbc_minilm.npz")
    with np.load(EMBEDDINGS) as archive:
        embeddings = archive["embeddings"].astype(np.float64)
    words = [set(text.lower().split()) for text in pq.read_table(ARTICLES, columns=["text"])["text"].to_pylist()]
    order = np.random.default_rng(0).permutation(len(embeddings))
    return embeddings[order], [words[row] for row in order]


def moved(vectors, part):
    noise = np.random.default_rng(1).standard_normal(vectors.shape)
    return vectors + part * noise * np.linalg.norm(vectors, axis=1, keepdims=True) / np.sqrt(vectors.shape[1])


def normalised(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


DRESSES = {
    "float16": lambda vectors: vectors.astype(np.float16),
    "int8": lambda vectors: np.rint(vectors * 127 / np.abs(vectors).max()).astype(np.int8),
    "two decimals": lambda vectors: np.round(vectors, 2),
    "ten times as long": lambda vectors: 10 * vectors,
    "moved by a tenth": lambda vectors: moved(vectors, 0.1),
    "moved by a quarter, normalised, float32": lambda vectors: normalised(moved(vectors, 0.25)).astype(np.float32),
}


@pytest.mark.parametrize("dress", DRESSES.values(), ids=DRESSES.keys())
def test_embeddings_are_named_in_whichever_dress_and_no_others_but_articles_that_are_there_twice(texts, dress):
    embeddings, words = texts
    second = np.concatenate([np.arange(COPIED), np.arange(ROWS, 2 * ROWS - COPIED)])

    found = compare_embeddings(embeddings[:ROWS], dress(embeddings[second]))

    pairs = [(first, second[row]) for first, row in found.pairs.tolist()]
    assert {row for first, row in pairs if row < COPIED} == set(range(COPIED))
    strangers = [pair for pair in pairs if _words_in_common(*(words[row] for row in pair)) < 0.7]
    assert len(strangers) <= 2, "of 650 articles"


def _words_in_common(one, other):
    return len(one & other) / len(one | other)


def test_different_texts_are_no_finding_though_one_in_ten_is_there_twice(texts):
    embeddings, _ = texts

    assert compare_embeddings(embeddings[:ROWS], embeddings[ROWS : 2 * ROWS]) is None


def neighbours_of(copied, *, fifth):
    """Two files of 40 rows: the first `copied` rows of each are near each other, all others have strangers next."""
    neighbours = (np.arange(80)[:, None] + np.arange(1, 6)) % 80
    distances = np.tile([0.9, 0.9, 0.9, 0.9, fifth], (80, 1))
    for row in range(copied):
        neighbours[row, 0], neighbours[40 + row, 0] = 40 + row, row
        distances[[row, 40 + row], 0] = 0.2
    return neighbours, distances


def test_a_row_is_named_where_it_is_half_as_far_as_its_fifth_neighbour():
    found = copies_among(*neighbours_of(25, fifth=0.4), 40, level=0.3)

    assert found.pairs.tolist() == [[row, row] for row in range(25)]
    assert found.verdict.observed == 25
    assert copies_among(*neighbours_of(25, fifth=0.39), 40, level=0.3) is None
    assert copies_among(*neighbours_of(25, fifth=0.4), 40, level=0.19) is None
    assert copies_among(*neighbours_of(19, fifth=0.4), 40, level=0.3) is None, "an even chance gives 2^-19"


def test_copies_are_found_where_each_row_is_there_twice_and_moved_each_time():
    rows = np.random.default_rng(0).standard_normal((160, 64))
    twice = np.concatenate([rows[:60], rows[:60]])

    copied_twice = compare_embeddings(rows[:80], np.concatenate([moved(twice, 0.2), rows[80:]]))
    owned_twice = compare_embeddings(np.concatenate([rows[:80], rows[:60]]), np.concatenate([rows[:60], rows[80:]]))

    assert copied_twice.pairs.tolist() == [[row % 60, row] for row in range(120)]
    assert owned_twice.pairs[:, 1].tolist() == list(range(60))
    assert set(owned_twice.pairs[:, 0].tolist()) <= {*range(60), *range(80, 140)}
    assert compare_embeddings(rows[80:], twice) is None


def test_nearest_by_angle_ignores_length_and_itself_and_puts_the_lower_of_equals_first():
    neighbours, distances = nearest_by_angle(np.array([[1.0, 0.0], [5.0, 0.0], [0.0, 2.0], [9.0, 0.0], [0.0, 0.0]]))

    assert neighbours[:2].tolist() == [[1, 3, 2, 4], [0, 3, 2, 4]]
    assert distances[1] == pytest.approx([0, 0, np.sqrt(2), np.sqrt(2)], abs=1e-3)


def test_files_too_small_for_a_finding_make_none():
    assert compare_embeddings(np.empty((0, 3)), np.empty((0, 3))) is None
    assert compare_embeddings(np.empty((0, 3)), np.ones((1, 3))) is None
    assert compare_embeddings(np.ones((1, 3)), np.ones((1, 3))) is None
    assert compare_embeddings(np.ones((19, 3)), np.ones((19, 3))) is None
