"""Copies among vectors: text embeddings by angle, images by what is left of them after a small cosine transform."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image
from scipy.fft import dctn

from marketplace.copies.compare import Copies, near_copies

Array = np.ndarray[Any, Any]

# Distances between unit vectors; 0.1, 0.2 and 0.4 are angles of 6, 11 and 23 degrees.
EMBEDDING_DISTANCES = (0.1, 0.2, 0.4)
IMAGE_DISTANCES = (0.2, 0.35, 0.5)
# Rows compared at once: 1,000 x 20,000 float32 distances are 80 MB.
ROWS_AT_ONCE = 1_000
IMAGE_SIDE = 32
FREQUENCIES = 8
# Rec. 601 weights of red, green and blue.
LUMINANCE = (0.299, 0.587, 0.114)


def compare_embeddings(first: Array, second: Array) -> Copies | None:
    """Find embeddings of the second file, float ``(n, d)``, that are nearly parallel to one of the first."""
    return _compare(first, second, EMBEDDING_DISTANCES)


def compare_images(first: Sequence[Array], second: Sequence[Array]) -> Copies | None:
    """Find pictures, uint8 ``(height, width)`` or ``(height, width, 3)``, that show what one of the first shows.

    Finds pictures that were stored again with loss, made brighter, scaled, or cropped by a few percent; not pictures
    that were turned or mirrored.
    """
    return _compare(fingerprints(first), fingerprints(second), IMAGE_DISTANCES)


def fingerprints(images: Sequence[Array]) -> Array:
    """Describe each picture by the lowest frequencies of its brightness, float64 ``(n, FREQUENCIES**2 - 1)``.

    The numbers behind the perceptual hash pHash (Zauner 2010), kept as numbers: their signs alone are too few to tell
    thousands of pictures apart. The mean is left out and the length is 1, so that light and contrast do not matter.
    """
    small = np.stack([_brightness(image) for image in images])
    spectra = dctn(small, axes=(1, 2), norm="ortho")[:, :FREQUENCIES, :FREQUENCIES]
    return np.asarray(spectra.reshape(len(images), -1)[:, 1:])


def _brightness(image: Array) -> Array:
    grey = image if image.ndim == 2 else np.rint(image @ np.array(LUMINANCE)).astype(np.uint8)  # noqa: PLR2004
    return np.asarray(Image.fromarray(grey).resize((IMAGE_SIDE, IMAGE_SIDE), Image.Resampling.BOX), dtype=np.float64)


def _compare(first: Array, second: Array, thresholds: Sequence[float]) -> Copies | None:
    neighbours, distances = nearest_by_angle(np.concatenate([first, second]))
    candidates = [near_copies(neighbours, distances, len(first), threshold) for threshold in thresholds]
    found = [copies for copies in candidates if copies is not None]
    return min(found, key=lambda copies: copies.verdict.log10_p, default=None)


def nearest_by_angle(vectors: Array) -> tuple[Array, Array]:
    """The nearest other vector of each, int64 ``(n,)``, and the distance of the unit vectors, float64 ``(n,)``."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units = (vectors / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
    neighbours, cosines = np.empty(len(units), dtype=np.int64), np.empty(len(units))
    for start in range(0, len(units), ROWS_AT_ONCE):
        rows = np.arange(start, min(start + ROWS_AT_ONCE, len(units)))
        products = units[rows] @ units.T
        products[rows - start, rows] = -np.inf
        neighbours[rows] = products.argmax(axis=1)
        cosines[rows] = products[rows - start, neighbours[rows]]
    return neighbours, np.sqrt(np.maximum(2 - 2 * cosines, 0))
