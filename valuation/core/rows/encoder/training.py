"""The training of HCDV's encoder: batches, Adam, one pass after another."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from valuation.core.errors import FitFailedError, InvalidDataError, InvalidSpecError
from valuation.core.games.game import IndexVector
from valuation.core.models.torch_threads import one_thread
from valuation.core.rows.dispersion import Task
from valuation.core.rows.encoder.config import Architecture, Array, EncoderConfig
from valuation.core.rows.encoder.encoder import Encoder
from valuation.core.rows.encoder.inputs import FloatArray, Scaling
from valuation.core.rows.encoder.networks import Weights, embed, first_weights
from valuation.core.rows.encoder.objective import dispersion, smoothness, surrogate

# Few rows are cut into at least this many batches of at least so many rows, or an epoch would be a single step.
_BATCHES = 8
_SMALLEST_BATCH = 16
_IMAGE_AXES = 4
DEFAULT_HIDDEN: dict[Architecture, tuple[int, ...]] = {"mlp": (64,), "convnet": (16, 32), "linear": ()}


@dataclass(frozen=True, eq=False)
class KnownTargets:
    """Targets as the network sees them.

    Attributes:
        values: Class codes, int64 ``(n,)``, or standardised numbers, float64 ``(n,)``.
        task: Which.
        n_outputs: Classes, or 1.
    """

    values: npt.NDArray[Any]
    task: Task
    n_outputs: int

    def taken(self, rows: IndexVector) -> "KnownTargets":
        """The targets of some rows."""
        return replace(self, values=self.values[rows])


def known_targets(targets: npt.NDArray[Any], task: Task) -> KnownTargets:
    """Class codes in sorted order, or numbers scaled and cut as features are.

    Raises:
        InvalidDataError: A number is not finite.
    """
    if task == "classification":
        if targets.dtype.kind == "f" and not np.isfinite(targets).all():
            raise InvalidDataError("Labels must be finite where they are numbers.")
        classes, codes = np.unique(targets, return_inverse=True)
        return KnownTargets(codes.astype(np.int64), task, len(classes))
    numbers = targets.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise InvalidDataError("Targets must be finite numbers.")
    return KnownTargets(Scaling.fit(numbers[:, None])(numbers[:, None])[:, 0], task, 1)


def fit(
    rows: FloatArray,
    targets: KnownTargets,
    config: EncoderConfig,
    rng: np.random.Generator,
    progress: Callable[[int, int], None] | None,
) -> Encoder:
    """Train on rows in content order; see :func:`valuation.core.rows.encoder.encoder.train_encoder`."""
    architecture = _architecture(rows, config)
    hidden = DEFAULT_HIDDEN[architecture] if config.hidden is None else config.hidden
    config = replace(config, architecture=architecture, hidden=hidden)
    device = _device(config)
    scaling = Scaling.fit(rows)
    start = first_weights(scaling.shape, config, targets.n_outputs, rng)
    weights = {name: torch.from_numpy(weight).to(device).requires_grad_() for name, weight in start.items()}
    x = torch.from_numpy(scaling(rows).astype(np.float32)).to(device)
    dtype = np.int64 if targets.task == "classification" else np.float32
    y = torch.from_numpy(targets.values.astype(dtype)).to(device)
    history = []
    with one_thread():
        optimizer = torch.optim.AdamW(list(weights.values()), lr=config.learning_rate, weight_decay=config.weight_decay)
        for epoch in range(config.epochs):
            batches = _batches(len(x), config, rng)
            total = 0.0
            for number, batch in enumerate(batches):
                done = (epoch + number / len(batches)) / config.epochs
                for group in optimizer.param_groups:
                    group["lr"] = config.learning_rate * (1.0 - done)
                chosen = torch.from_numpy(batch).to(device)
                total += _step(optimizer, batch_objective(weights, x[chosen], y[chosen], targets.task, config))
            history.append(total / len(batches))
            if progress is not None:
                progress(epoch + 1, config.epochs)
    kept: dict[str, Array] = {
        name: weight.detach().cpu().numpy() for name, weight in weights.items() if not name.startswith("head")
    }
    return Encoder(config, scaling, kept, np.array(history))


def _batches(n_rows: int, config: EncoderConfig, rng: np.random.Generator) -> list[IndexVector]:
    size = min(config.batch_size, max(_SMALLEST_BATCH, n_rows // _BATCHES))
    return np.array_split(rng.permutation(n_rows), -(-n_rows // size))


def _step(optimizer: torch.optim.Optimizer, objective: Tensor) -> float:
    """Go one step uphill; the objective before it."""
    value = float(objective.detach())
    if not np.isfinite(value):
        raise FitFailedError("The encoder's objective was not finite; lower its learning rate.")
    optimizer.zero_grad()
    torch.autograd.backward(-objective)
    optimizer.step()
    return value


def batch_objective(weights: Weights, x: Tensor, y: Tensor, task: Task, config: EncoderConfig) -> Tensor:
    """Equation 10 on one batch in random order: ``M + lambda * dispersion - alpha * Omega``.

    Each row's partner in ``Omega`` is the next of the batch.
    """
    z = embed(weights, x)
    objective = surrogate(functional.linear(z, weights["head"], weights["head.bias"]), y, task)
    if config.dispersion_weight > 0:
        objective = objective + config.dispersion_weight * dispersion(z, y, task)
    if config.smoothness_weight > 0 and len(x) > 1:
        omega = smoothness(partial(embed, weights), x, z.roll(-1, dims=0))
        objective = objective - config.smoothness_weight * omega
    return objective


def _architecture(rows: FloatArray, config: EncoderConfig) -> Architecture:
    images = rows.ndim == _IMAGE_AXES
    chosen: Architecture = config.architecture or ("convnet" if images else "mlp")
    if images != (chosen == "convnet"):
        raise InvalidSpecError("architecture", chosen, "convnet for images, mlp or linear for features")
    return chosen


def _device(config: EncoderConfig) -> torch.device:
    found = torch.cuda.is_available()
    if config.device == "cuda" and not found:
        raise InvalidSpecError("device", "cuda", "cpu or auto: this machine has no GPU that torch can use")
    return torch.device("cuda" if found and config.device != "cpu" else "cpu")
