"""How an encoder is asked for: rows and targets checked and in content order before torch is loaded."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from valuation.core.errors import InvalidDataError
from valuation.core.rows.dispersion import Task
from valuation.core.rows.encoder.config import EncoderConfig
from valuation.core.rows.encoder.encoder import Encoder
from valuation.core.rows.encoder.inputs import checked_features, flat_rows
from valuation.core.rows.tree.balanced_kmeans import content_order


def train_encoder(
    features: npt.ArrayLike,
    targets: npt.ArrayLike,
    *,
    task: Task,
    config: EncoderConfig,
    rng: np.random.Generator,
    progress: Callable[[int, int], None] | None = None,
) -> Encoder:
    """Train the encoder of HCDV's stage I.

    Maximises ``E_batch[M + lambda * dispersion] - alpha * Omega`` (HCDV, arXiv:2512.19363, equation 10) over the
    encoder and a linear head on it. ``M`` cannot be differentiated; its surrogate is minus the head's cross-entropy,
    or minus its squared error of standardised targets. The dispersion is the mean cosine distance of pairs of
    different labels (equation 18), or of all pairs weighted by ``|y_i - y_j|``. ``Omega`` is the mean over pairs of
    ``||grad_x_p d(f(x_p), f(x_q))||^2``, by double back-propagation.

    Owners are no input, and rows are taken in content order: the order given changes no bit of the encoder.

    Args:
        features: Finite ``(n, f)``, or images ``(n, h, w)`` or ``(n, h, w, c)``; ``n >= 1``.
        targets: Labels or finite numbers, ``(n,)``, as ``task`` says.
        task: What the targets are.
        config: Settings.
        rng: Source of the first weights, the batches and the pairs. The same state gives the same bits on a CPU (one
            thread is used, whatever the process has); a GPU promises no bits.
        progress: Told epochs done and epochs in all, after each.

    Returns:
        The encoder. O(epochs n) time, one more forward and two more backward passes a batch for ``Omega``.

    Raises:
        InvalidDataError: There is no row, shapes do not fit, or something is not finite.
        InvalidSpecError: The architecture does not fit the rows, or there is no GPU where one is asked for.
        FitFailedError: The objective was not finite.

    Note:
        ``f`` ends on the unit sphere, so that the tree's Euclidean and the dispersion's cosine distances agree.
        ``Omega`` is a mean, not a sum, over pairs, and each row of a batch is paired with one other at random: an
        unbiased estimate at a cost that does not grow with the square of the batch.
    """
    rows = checked_features(features)
    if not len(rows):
        raise InvalidDataError("There is no row to train an encoder on.")
    wanted = np.asarray(targets)
    if wanted.shape != (len(rows),):
        raise InvalidDataError(f"{len(rows)} rows need as many targets, not an array of shape {wanted.shape}.")
    from valuation.core.rows.encoder import training  # noqa: PLC0415 - torch, only where an encoder is trained

    known = training.known_targets(wanted, task)
    order = content_order(flat_rows(rows), known.values)
    return training.fit(rows[order], known.taken(order), config, rng, progress)
