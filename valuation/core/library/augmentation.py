"""Which augmented samples help: ranked by what they are worth beside the originals, whose embedding they use."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from valuation.core.errors import InvalidDataError, InvalidSpecError
from valuation.core.games.game import FloatVector, Game, IndexVector
from valuation.core.library.estimate_hcdv import estimate_hcdv
from valuation.core.rows.config import HcdvConfig
from valuation.core.rows.encoder.frozen import FrozenEmbedding
from valuation.core.rows.games.neighbor_values import neighbor_values, shared_codes
from valuation.core.rows.growing.growth import Builder, nearest_leaves, tree_of_branch
from valuation.core.rows.growing.row_keys import ranks_of, row_keys
from valuation.core.sampling.seeds import seed_from


@dataclass(frozen=True, eq=False)
class AugmentationRanking:
    """Augmented samples by what they are worth.

    Attributes:
        scores: Value of each among originals and samples, float64 ``(m,)``: of HCDV in units of ``v``, of neighbours
            as a part of an accuracy.
        order: Samples from the best to the worst, int ``(m,)``; ties by what they contain.
        distances: Cosine distance of each to the nearest centroid of the originals' leaves, float64 ``(m,)``.
        novel: Whether that is above ``tau``: the sample lies where no original does, bool ``(m,)``.
        evaluations: Utility evaluations spent.
        encoder_refused: Why there is no encoder where one was asked for; empty where all went well.
    """

    scores: FloatVector
    order: IndexVector
    distances: FloatVector
    novel: npt.NDArray[np.bool_]
    evaluations: int
    encoder_refused: str = ""

    def top(self, share: float) -> IndexVector:
        """The best samples, as many as the share of all says, rounded down; best first, int ``(k,)``.

        Raises:
            InvalidSpecError: The share is not in [0, 1].
        """
        if not 0 <= share <= 1:
            raise InvalidSpecError("share", share, "0 to 1")
        return self.order[: int(share * len(self.order) + 1e-9)]


def rank_augmented(
    game: Game | None,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    X_augmented: npt.ArrayLike,
    y_augmented: npt.ArrayLike,
    *,
    config: HcdvConfig,
    rng: np.random.Generator,
    X_valid: npt.ArrayLike | None = None,
    y_valid: npt.ArrayLike | None = None,
    embedding: FrozenEmbedding | None = None,
    novel_distance: float = 0.35,
) -> AugmentationRanking:
    """Rank augmented samples by their values among originals and samples (HCDV, "Valuation of Augmented Data").

    The samples are never used to fit the embedding. With a game, values are HCDV's over the union, as in the paper.
    Without one they are exact KNN-Shapley values over the union in the same embedding, which take no evaluation.

    Args:
        game: The metric of coalitions of the originals followed by the samples; ``None`` asks the neighbours alone.
        X: Originals, ``(n, f)`` or images; ``n >= 1``.
        y: Their labels or numbers, ``(n,)``.
        X_augmented: Samples of the same shape, ``(m, ...)``; there may be none.
        y_augmented: Their targets, those of the originals they were made of.
        config: Settings of HCDV and of the embedding.
        rng: Source of all randomness.
        X_valid: Validation rows; needed without a game, and where a leaf is valued by its neighbours.
        y_valid: Their labels.
        embedding: A frozen one; fitted to the originals where it is ``None``.
        novel_distance: ``tau`` of novelty.

    Returns:
        Scores, order and novelty. Scores carry no standard errors (see
        :class:`~valuation.core.results.HcdvValues`); those of neighbours are exact.

    Raises:
        InvalidDataError: Shapes do not fit, or neighbours are asked without validation rows or of numbers.

    Note:
        docs/algorithms/hcdv-augmentation.md says which of the two found bad samples where.
    """
    originals, samples = np.asarray(X, dtype=np.float64), np.asarray(X_augmented, dtype=np.float64)
    targets, sample_targets = np.asarray(y), np.asarray(y_augmented)
    if sample_targets.shape != samples.shape[:1] or originals.shape[1:] != samples.shape[1:]:
        raise InvalidDataError("Augmented samples must be shaped as the originals, with a target each.")
    seed = seed_from(rng)
    embedding = embedding or FrozenEmbedding.fit(X, targets, config=config, rng=np.random.default_rng([seed, 0]))
    z, keys = embedding.embed(originals), row_keys(originals, targets)
    tree = tree_of_branch(Builder(z, keys, config, seed).built(np.arange(len(z))))
    distances = nearest_leaves(tree, z, embedding.embed(samples))[1]
    X_union = np.concatenate([originals, samples])
    # An array of no target has a type of its own, which must not turn numbers into texts.
    y_union = np.concatenate([targets, sample_targets]) if len(samples) else targets
    ranks, evaluations = ranks_of(row_keys(X_union, y_union)), 0
    if game is None:
        if X_valid is None or y_valid is None or config.task != "classification":
            raise InvalidDataError("Neighbours rank samples by labels of validation rows: give them, or give a game.")
        z_union, z_valid = embedding.embed(X_union), embedding.embed(X_valid)
        codes, codes_valid = shared_codes(y_union, np.asarray(y_valid))
        scores = neighbor_values(z_union, codes, z_valid, codes_valid, order=np.argsort(ranks), config=config)
    else:
        found = estimate_hcdv(
            game,
            X_union,
            y_union,
            config=config,
            rng=np.random.default_rng([seed, 1]),
            X_valid=X_valid,
            y_valid=y_valid,
            embedding=embedding,
        )
        scores, evaluations = found.values, found.evaluations
    scores = scores[len(z) :]
    return AugmentationRanking(
        scores=scores,
        order=np.lexsort((ranks[len(z) :], -scores)),
        distances=distances,
        novel=distances > novel_distance,
        evaluations=evaluations,
        encoder_refused=embedding.encoder_refused,
    )
