"""Copies of pictures and embeddings: how many are found in which dress, who else is named, and that innocents are not.

Run from the repository root, with the real data in FAIRCUT_DATA: ``python -m benchmarks.copies_pictures``. It takes
about ten minutes on one core. What it printed last is in docs/evidence/copies-pictures.md.
"""

import io
import itertools
import os
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

from marketplace.copies.pictures import compare_images
from marketplace.copies.vectors import compare_embeddings

FAIRCUT_DATA = Path(os.environ.get("FAIRCUT_DATA", "../shared/data"))
COPIED, SEEDS = 100, 1
# An article that shares this part of its words with another is the same one, edited again.
SAME_ARTICLE = 0.7


def stored(picture, quality, kind="JPEG"):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind, quality=quality)
    return np.asarray(Image.open(file))


def scaled(picture, by):
    height, width = picture.shape[:2]
    return np.asarray(
        Image.fromarray(picture).resize((round(width * by), round(height * by)), Image.Resampling.BICUBIC)
    )


def lit(picture, contrast, light=0.0):
    return np.clip(picture * contrast + light, 0, 255).astype(np.uint8)


def cut(picture, *, left=0, top=0, right=0, bottom=0):
    return picture[top : len(picture) - bottom, left : picture.shape[1] - right]


def cut_each(picture, pixels):
    return cut(picture, left=pixels, top=pixels, right=pixels, bottom=pixels)


def cut_at_random(picture):
    sides = np.random.default_rng(int(picture.sum())).integers(0, 4, size=4)
    return cut(picture, **dict(zip(("left", "top", "right", "bottom"), sides, strict=True)))


def cut_part(picture, part):
    height, width = (round(part * side) for side in picture.shape[:2])
    return cut(picture, left=width, top=height, right=width, bottom=height)


def fitted(picture, size):
    return np.asarray(Image.fromarray(picture).resize(size[::-1], Image.Resampling.BICUBIC))


def noisy(picture, grey_levels):
    noise = np.random.default_rng(int(picture.sum())).standard_normal(picture.shape)
    return np.clip(picture + grey_levels * noise, 0, 255).astype(np.uint8)


def turned(picture, degrees):
    return np.asarray(Image.fromarray(picture).rotate(degrees, Image.Resampling.BICUBIC))


DRESSES = {
    "PNG": lambda p: stored(p, None, "PNG"),
    "JPEG, quality 90": lambda p: stored(p, 90),
    "JPEG, quality 70": lambda p: stored(p, 70),
    "JPEG, quality 50": lambda p: stored(p, 50),
    "JPEG 50, cropped 1 px, JPEG 50": lambda p: stored(cut(stored(p, 50), left=1, top=1), 50),
    "cropped, 1 px each side": lambda p: cut_each(p, 1),
    "cropped, 2 px each side": lambda p: cut_each(p, 2),
    "cropped, 3 px each side": lambda p: cut_each(p, 3),
    "cropped, 1 px one side": lambda p: cut(p, left=1),
    "cropped, 2 px one side": lambda p: cut(p, top=2),
    "cropped, 3 px one side": lambda p: cut(p, right=3),
    "cropped, 0 to 3 px at each side": cut_at_random,
    "cropped, 10 % off height and width": lambda p: cut_part(p, 0.05),
    "cropped, 10 % each side": lambda p: cut_part(p, 0.1),
    "cropped 2 px, scaled back, JPEG 70": lambda p: stored(fitted(cut_each(p, 2), p.shape[:2]), 70),
    "half the size": lambda p: scaled(p, 0.5),
    "three quarters of the size": lambda p: scaled(p, 0.75),
    "2.5 times the size": lambda p: scaled(p, 2.5),
    "halved and doubled": lambda p: fitted(scaled(p, 0.5), p.shape[:2]),
    "brightness x 1.2": lambda p: lit(p, 1.2),
    "brightness x 0.6": lambda p: lit(p, 0.6),
    "contrast x 1.4": lambda p: lit(p, 1.4, -50.0),
    "grey": lambda p: np.asarray(Image.fromarray(p).convert("L")),
    "mirrored": lambda p: p[:, ::-1],
    "mirrored, cropped 2 px": lambda p: cut_each(p, 2)[:, ::-1],
    "framed in white, 2 px": lambda p: np.pad(p, ((2, 2), (2, 2), (0, 0))[: p.ndim], constant_values=255),
    "noise of 8 grey levels": lambda p: noisy(p, 8),
    "noise of 16 grey levels": lambda p: noisy(p, 16),
    "mirrored, cropped, lit, scaled, JPEG 50": lambda p: stored(
        scaled(lit(cut(p, left=1, top=2, right=3, bottom=2)[:, ::-1], 1.15), 2), 50
    ),
    "cropped, 15 % each side": lambda p: cut_part(p, 0.15),
    "turned by 3 degrees": lambda p: turned(p, 3),
    "turned by 5 degrees": lambda p: turned(p, 5),
    "turned by 90 degrees": np.rot90,
}


def pictures():
    """Name, pictures, classes and rows of a file, for three sets of real pictures."""
    with np.load(FAIRCUT_DATA / "cifar10" / "cifar10_12k.npz") as archive:
        yield "CIFAR-10", archive["X_train"], archive["y_train"], 1_000
    with np.load(FAIRCUT_DATA / "fashion_mnist" / "fashion_mnist.npz") as archive:
        yield "Fashion-MNIST", archive["X_train"][:10_000], archive["y_train"][:10_000], 1_000
    with np.load(FAIRCUT_DATA / "flickr_logos_27" / "flickr_logos_64px.npz") as archive:
        yield "FlickrLogos-27", archive["X"], archive["y"], 400


def shares(found, copied, others):
    """Of 100 copies, how many are named with their original; of 100 other rows, how many are named."""
    if found is None:
        return 0.0, 0.0
    pairs = found.pairs
    own = (pairs[:, 0] == pairs[:, 1]) & (pairs[:, 1] < copied)
    return 100 * own.sum() / copied, 100 * (pairs[:, 1] >= copied).sum() / others


def dressed():
    results = {dress: [] for dress in DRESSES}
    sets = list(pictures())
    for name, images, _, rows in sets:
        orders = [np.random.default_rng(seed).permutation(len(images))[: 2 * rows - COPIED] for seed in range(SEEDS)]
        for dress, change in DRESSES.items():
            seen = []
            for order in orders:
                first, others = list(images[order[:rows]]), list(images[order[rows:]])
                found = compare_images(first, [change(picture) for picture in first[:COPIED]] + others)
                seen.append(shares(found, COPIED, len(others)))
            results[dress].append(np.mean(seen, axis=0))
        print(f"({name} done)", flush=True)
    print("| dress |", " | ".join(f"{name} | others" for name, *_ in sets), "|")
    for dress, of_sets in results.items():
        cells = " | ".join(f"{found:.1f} | {others:.2f}" for found, others in of_sets)
        print(f"| {dress} | {cells} |")


def cuts(classes, rows):
    """Ways to cut a set into innocent sellers: the rows of each."""
    for seed in range(3):
        shuffled = np.random.default_rng(seed).permutation(len(classes))
        sellers = min(12, len(classes) // rows)
        yield "at random", np.split(shuffled[: sellers * rows], sellers)
        yield "at random, of unlike size", np.split(shuffled[: rows * 4], [rows * 2, rows * 5 // 2, rows * 3])
    yield "by class", [np.flatnonzero(classes == label)[:rows] for label in np.unique(classes)]


def innocents(name, items, classes, rows, compare):
    tally = {}
    started, count = time.perf_counter(), 0
    for way, sellers in cuts(classes, rows):
        files = [items[places] for places in sellers]
        pairs = list(itertools.combinations(files, 2))
        found = sum(compare(first, second) is not None for first, second in pairs)
        before = tally.get(way, (0, 0))
        tally[way], count = (before[0] + found, before[1] + len(pairs)), count + len(pairs)
    seconds = (time.perf_counter() - started) / count
    for way, (found, tried) in tally.items():
        print(f"| {name} | {way} | {found} of {tried} |")
    print(f"({seconds:.2f} s a pair)", flush=True)


def moved(vectors, part):
    noise = np.random.default_rng(1).standard_normal(vectors.shape)
    return vectors + part * noise * np.linalg.norm(vectors, axis=1, keepdims=True) / np.sqrt(vectors.shape[1])


VECTOR_DRESSES = {
    "float16": lambda v: v.astype(np.float16),
    "int8": lambda v: np.rint(v * 127 / np.abs(v).max()),
    "two decimals": lambda v: np.round(v, 2),
    "times 10": lambda v: 10 * v,
    "moved by 5 %": lambda v: moved(v, 0.05),
    "moved by 10 %": lambda v: moved(v, 0.1),
    "moved by 20 %, normalised": lambda v: moved(v, 0.2) / np.linalg.norm(moved(v, 0.2), axis=1, keepdims=True),
    "moved by 30 %, float16": lambda v: moved(v, 0.3).astype(np.float16),
    "moved by 40 %": lambda v: moved(v, 0.4),
    "one decimal": lambda v: np.round(v, 1),
    "256 of 384 columns": lambda v: v * (np.arange(v.shape[1]) < 256),
}


def embeddings():
    with np.load(FAIRCUT_DATA / "bbc_news" / "bbc_minilm.npz") as archive:
        vectors, labels = archive["embeddings"].astype(np.float64), archive["labels"]
    texts = pq.read_table(FAIRCUT_DATA / "bbc_news" / "bbc_news.parquet", columns=["text"])["text"].to_pylist()
    words = [set(text.lower().split()) for text in texts]
    print("| dress | copies named | the same article, edited | other articles |")
    for dress, change in VECTOR_DRESSES.items():
        seen = []
        for seed in range(10):
            order = np.random.default_rng(seed).permutation(len(vectors))[:1_900]
            first, second = order[:1_000], np.concatenate([order[:COPIED], order[1_000:]])
            found = compare_embeddings(vectors[first], change(vectors[second]))
            pairs = [] if found is None else [(first[one], row, second[row]) for one, row in found.pairs]
            copies = sum(row < COPIED for _, row, _ in pairs)
            shared = [len(words[a] & words[b]) / len(words[a] | words[b]) for a, row, b in pairs if row >= COPIED]
            same = sum(part >= SAME_ARTICLE for part in shared)
            seen.append((100 * copies / COPIED, same / 9, (len(shared) - same) / 9))
        print("|", dress, "|", " | ".join(f"{value:.2f}" for value in np.mean(seen, axis=0)), "|", flush=True)
    innocents("BBC News", vectors, labels, 200, compare_embeddings)


def cost():
    with np.load(FAIRCUT_DATA / "fashion_mnist" / "fashion_mnist.npz") as archive:
        images = archive["X_train"][:20_000]
    for rows in (1_000, 3_000, 10_000):
        first, others = list(images[:rows]), list(images[rows : 2 * rows - COPIED])
        started = time.process_time()
        found = compare_images(first, [cut_at_random(picture) for picture in first[:COPIED]] + others)
        seconds, (own, strangers) = time.process_time() - started, shares(found, COPIED, len(others))
        print(
            f"two files of {rows} pictures: {seconds:.0f} s of one core; {own:.0f} of 100 found, {strangers:.2f} others"
        )


if __name__ == "__main__":
    embeddings()
    dressed()
    for name, images, classes, rows in pictures():
        innocents(name, images, classes, rows * 3 // 10, lambda one, two: compare_images([*one], [*two]))
    cost()
