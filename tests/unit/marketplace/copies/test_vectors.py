"""Copies among text embeddings and pictures, tried on BBC News and CIFAR-10 where the shared data is there."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from marketplace.copies.vectors import compare_embeddings, compare_images, fingerprints, nearest_by_angle

REPOSITORY = Path(__file__).parents[4]
SHARED = Path(os.environ.get("FAIRCUT_DATA", REPOSITORY.parent / "shared" / "data"))
EMBEDDINGS, PICTURES = SHARED / "bbc_news" / "bbc_minilm.npz", SHARED / "cifar10" / "cifar10_12k.npz"


@pytest.fixture(scope="module")
def texts():
    if not EMBEDDINGS.exists():
        pytest.skip("FAIRCUT_DATA holds no bbc_news/bbc_minilm.npz")
    with np.load(EMBEDDINGS) as archive:
        embeddings = archive["embeddings"].astype(np.float64)
    return embeddings[np.random.default_rng(0).permutation(len(embeddings))]


@pytest.fixture(scope="module")
def pictures():
    if not PICTURES.exists():
        pytest.skip("FAIRCUT_DATA holds no cifar10/cifar10_12k.npz")
    with np.load(PICTURES) as archive:
        return archive["X_train"][:1200]


def test_embeddings_that_were_moved_a_little_are_found(texts):
    rng = np.random.default_rng(1)
    first, second = texts[:800], texts[800:1600].copy()
    assert compare_embeddings(first, second) is None, "one text in ten is in BBC News twice, and that is chance"

    second[:150] = first[:150] + 0.01 * rng.standard_normal((150, texts.shape[1]))
    found = compare_embeddings(first, second)

    assert set(range(150)) <= set(found.pairs[:, 1].tolist())
    assert len(found.pairs) < 150 + 120


def re_encoded(picture):
    stored = io.BytesIO()
    Image.fromarray(picture).save(stored, "JPEG", quality=60)
    return np.asarray(Image.open(stored))


def cropped(picture):
    return picture[1:-1, 1:-1]


def brightened(picture):
    return np.clip(picture * 1.2, 0, 255).astype(np.uint8)


def enlarged(picture):
    return np.asarray(Image.fromarray(picture).resize((80, 80)))


@pytest.mark.parametrize("altered", [re_encoded, cropped, brightened, enlarged])
def test_pictures_that_were_stored_again_are_found(pictures, altered):
    first, second = list(pictures[:600]), [altered(picture) for picture in pictures[:120]] + list(pictures[600:1080])

    found = compare_images(first, second)

    own = [(first_row, row) for first_row, row in found.pairs.tolist() if first_row == row]
    assert len(own) >= 0.9 * 120


def test_different_pictures_are_no_finding(pictures):
    assert compare_images(list(pictures[:600]), list(pictures[600:])) is None


def test_light_and_contrast_do_not_matter_to_a_fingerprint():
    picture = np.random.default_rng(0).integers(40, 120, size=(32, 32), dtype=np.uint8)

    dark, light = fingerprints([picture, picture * 2])
    assert np.dot(dark, light) == pytest.approx(np.linalg.norm(dark) * np.linalg.norm(light))


def test_nearest_by_angle_ignores_length_and_itself():
    neighbours, distances = nearest_by_angle(np.array([[1.0, 0.0], [5.0, 0.0], [0.0, 2.0], [0.0, 0.0]]))

    assert neighbours[:2].tolist() == [1, 0]
    assert distances[:2] == pytest.approx([0, 0], abs=1e-3)
