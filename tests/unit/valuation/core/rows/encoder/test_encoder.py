"""The encoder from outside: what it learns, what it repeats to the bit, what it refuses."""

import io

import numpy as np
import pytest
import torch

from tests.unit.test_isolation import loaded_by
from valuation.core.errors import FitFailedError, InvalidDataError, InvalidSpecError
from valuation.core.rows.encoder.config import EncoderConfig
from valuation.core.rows.encoder.encoder import Encoder
from valuation.core.rows.encoder.train import train_encoder

QUICK = EncoderConfig(epochs=3, hidden=(8,), dimensions=4, device="cpu")


def blobs(rng, n_each=60, n_features=6, classes=3):
    """Classes far apart along the first features, beside features of mere noise ten times as wide."""
    y = np.repeat(np.arange(classes), n_each)
    x = rng.normal(size=(len(y), n_features))
    x[np.arange(len(y)), y] += 12.0
    return np.hstack([x, 10 * rng.normal(size=(len(y), n_features))]), y


def trained(x, y, task="classification", config=QUICK, seed=0, **named):
    return train_encoder(x, y, task=task, config=config, rng=np.random.default_rng(seed), **named)


def nearest_centroid_accuracy(z, y):
    centroids = np.array([z[y == label].mean(axis=0) for label in np.unique(y)])
    return float((((z[:, None] - centroids) ** 2).sum(axis=2).argmin(axis=1) == y).mean())


@pytest.mark.parametrize("architecture", ["mlp", "linear"])
def test_separable_classes_are_separated_and_stay_so_on_new_rows(architecture):
    x, y = blobs(np.random.default_rng(0))
    new_x, new_y = blobs(np.random.default_rng(1))
    encoder = trained(x, y, config=EncoderConfig(architecture=architecture, epochs=30, device="cpu"))

    assert nearest_centroid_accuracy(encoder.embed(x), y) == 1.0
    assert nearest_centroid_accuracy(encoder.embed(new_x), new_y) == 1.0
    assert encoder.objective[-1] > encoder.objective[0]


def test_bars_in_images_are_told_apart_wherever_they_stand():
    rng = np.random.default_rng(0)
    images = 0.3 * rng.random((120, 8, 8))
    y = np.arange(120) % 2
    for image, label, place in zip(images, y, rng.integers(8, size=120), strict=True):
        image[(place, slice(None)) if label else (slice(None), place)] += 1.0
    encoder = trained(images, y, config=EncoderConfig(hidden=(8,), epochs=20, learning_rate=1e-2, device="cpu"))

    assert encoder.config.architecture == "convnet"
    assert nearest_centroid_accuracy(encoder.embed(images), y) == 1.0
    assert encoder.embed(images[..., None]).tobytes() == encoder.embed(images).tobytes()


def test_rows_of_unlike_targets_come_to_lie_apart():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 5))
    y = 3 * x[:, 0] + 100
    z = trained(x, y, "regression", EncoderConfig(device="cpu", epochs=30)).embed(x)

    distances = ((z[:, None] - z) ** 2).sum(axis=2) + 9 * np.eye(len(z))
    neighbour = y[distances.argmin(axis=1)]
    assert np.corrcoef(y, neighbour)[0, 1] > 0.9


def test_the_same_generator_gives_the_same_bits_whatever_the_threads_and_torchs_own_state():
    x, y = blobs(np.random.default_rng(0))
    first = trained(x, y)
    torch.manual_seed(99)
    before = torch.get_num_threads(), torch.random.get_rng_state().tolist()
    torch.set_num_threads(2)
    second = trained(x, y)

    assert torch.get_num_threads() == 2
    torch.set_num_threads(before[0])
    assert torch.random.get_rng_state().tolist() == before[1]
    assert first.embed(x).tobytes() == second.embed(x).tobytes()
    assert trained(x, y, seed=1).embed(x).tobytes() != first.embed(x).tobytes()


def test_rows_in_another_order_get_the_same_bits():
    rng = np.random.default_rng(0)
    x, y = blobs(rng)
    x[5], y[5] = x[40], y[40]
    order = rng.permutation(len(x))
    z = trained(x, y).embed(x)

    assert trained(x[order], y[order]).embed(x[order]).tobytes() == z[order].tobytes()
    assert z[5].tobytes() == z[40].tobytes()
    assert np.allclose((z**2).sum(axis=1), 1.0, rtol=1e-12)


def test_one_absurd_number_moves_no_other_row():
    x, y = blobs(np.random.default_rng(0), n_each=200)
    x[7, 3] = 1e300
    encoder = trained(x, y, config=EncoderConfig(device="cpu"))
    others = np.arange(len(x)) != 7

    assert nearest_centroid_accuracy(encoder.embed(x)[others], y[others]) == 1.0


def test_arrays_without_pickles_bring_an_encoder_back():
    x, y = blobs(np.random.default_rng(0))
    encoder = trained(x, y)
    file = io.BytesIO()
    np.savez(file, **encoder.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        again = Encoder.from_arrays(arrays)

    assert again.config == encoder.config
    assert again.objective.tolist() == encoder.objective.tolist()
    assert again.embed(x).tobytes() == encoder.embed(x).tobytes()
    with pytest.raises(InvalidDataError):
        Encoder.from_arrays({"format": np.array("another/1")})


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("n_rows", [1, 2, 3, 40])
@pytest.mark.parametrize("shape", [(2,), (3, 2)])
def test_alike_rows_and_equal_targets_are_ordinary(task, n_rows, shape):
    x = np.full((n_rows, *shape), 5.0)
    z = trained(x, np.ones(n_rows), task).embed(x)

    assert z.shape == (n_rows, 4)
    assert np.isfinite(z).all()
    assert np.unique(z, axis=0).shape == (1, 4)


def test_no_row_has_no_embedding_but_cannot_train():
    x, y = blobs(np.random.default_rng(0))

    assert trained(x, y).embed(x[:0]).shape == (0, 4)
    with pytest.raises(InvalidDataError):
        trained(x[:0], y[:0])


@pytest.mark.parametrize(
    ("x", "y", "task"),
    [
        (np.array([[1.0], [np.nan]]), [0, 1], "classification"),
        (np.array([[1.0], [np.inf]]), [0, 1], "classification"),
        (np.ones((2, 1)), [0.0, np.nan], "regression"),
        (np.ones((2, 1)), [0.0, np.nan], "classification"),
        (np.ones((2, 1)), [0, 1, 1], "classification"),
        (np.ones(2), [0, 1], "classification"),
        (np.ones((2, 0)), [0, 1], "classification"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(x, y, task):
    with pytest.raises(InvalidDataError):
        trained(x, y, task)


def test_rows_of_another_shape_or_unknown_numbers_are_not_embedded():
    x, y = blobs(np.random.default_rng(0))
    encoder = trained(x, y)

    for rows in (x[:, :-1], x[:, :, None], np.full_like(x, np.nan)):
        with pytest.raises(InvalidDataError):
            encoder.embed(rows)


def test_an_objective_that_overflows_is_an_error_and_no_encoder():
    x, y = blobs(np.random.default_rng(0))

    with pytest.raises(FitFailedError):
        trained(x, y, config=EncoderConfig(smoothness_weight=1e39, device="cpu"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"architecture": "transformer"},
        {"dimensions": 0},
        {"hidden": (0,)},
        {"dispersion_weight": -1.0},
        {"smoothness_weight": float("nan")},
        {"epochs": 0},
        {"batch_size": 1},
        {"learning_rate": 0.0},
        {"weight_decay": 2.0},
        {"device": "abacus"},
    ],
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(InvalidSpecError):
        EncoderConfig(**wrong)


def test_settings_are_json():
    config = EncoderConfig(hidden=(32, 16), architecture="mlp")

    assert EncoderConfig.from_json(config.to_json()) == config
    assert EncoderConfig.from_json({}) == EncoderConfig()
    with pytest.raises(InvalidSpecError):
        EncoderConfig.from_json({"colour": "red"})


def test_the_architecture_must_fit_the_rows():
    with pytest.raises(InvalidSpecError):
        trained(np.ones((3, 2)), [0, 1, 0], config=EncoderConfig(architecture="convnet"))
    with pytest.raises(InvalidSpecError):
        trained(np.ones((3, 4, 4)), [0, 1, 0], config=EncoderConfig(architecture="mlp"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is there")
def test_a_gpu_asked_for_in_vain_is_an_error():
    with pytest.raises(InvalidSpecError):
        trained(np.ones((3, 2)), [0, 1, 0], config=EncoderConfig(device="cuda"))


def test_progress_counts_epochs():
    told = []
    x, y = blobs(np.random.default_rng(0))
    trained(x, y, progress=lambda *counts: told.append(counts))

    assert told == [(1, 3), (2, 3), (3, 3)]


def test_settings_and_the_door_load_no_torch():
    assert loaded_by("import valuation.core.rows.encoder.encoder", "torch", "django", "sklearn") == set()
