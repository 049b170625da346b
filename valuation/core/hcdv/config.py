"""Settings of an HCDV run."""

from dataclasses import dataclass
from typing import Literal

from valuation.core.errors import InvalidSpecError
from valuation.core.hcdv.dispersion import Task
from valuation.core.hcdv.partitions import PARTITIONS, HierarchyName

Context = Literal["alone", "rest"]
LargeLeaf = Literal["knn", "uniform"]


@dataclass(frozen=True)
class HcdvConfig:
    """What an HCDV run is free to choose.

    Attributes:
        task: What the targets are.
        dispersion_weight: ``lambda`` of equation 20, at least 0.
        hierarchy: How rows are cut into clusters.
        children: Clusters of a split at level 0, 1, ...; the last holds for all deeper levels.
        leaf_size: Most rows of a leaf, ``M``.
        permutations: Orders ``T`` of a local game at level 0, 1, ...; the last holds for all deeper levels.
        context: Whether a node's children play alone, as in the paper, or join random clusters of the levels above.
        large_leaf: How leaves with ``2^m > T m`` are valued: KNN-Shapley in the embedding (classification, needs
            validation embeddings) or uniformly.
        n_neighbors: Neighbours of KNN-Shapley.
        shares_limit: Largest sum of absolute shares of a pot, ``A``, above 1.
        metric_range: The metric is clipped to this range, so that ``v`` is bounded whatever the metric: no change for
            accuracies and AUC; R2 is cut at -1; log loss and squared error must be scaled first, or given their own
            range. ``None`` leaves the metric as it is.

    Raises:
        InvalidSpecError: A setting is out of range.
    """

    task: Task = "classification"
    dispersion_weight: float = 0.1
    hierarchy: HierarchyName = "balanced_kmeans"
    children: tuple[int, ...] = (16,)
    leaf_size: int = 64
    permutations: tuple[int, ...] = (256,)
    context: Context = "alone"
    large_leaf: LargeLeaf = "knn"
    n_neighbors: int = 5
    shares_limit: float = 2.0
    metric_range: tuple[float, float] | None = (-1.0, 1.0)

    def __post_init__(self) -> None:
        """Refuse settings that no run could honour."""
        checks = (
            ("hierarchy", self.hierarchy in PARTITIONS, " or ".join(PARTITIONS)),
            ("dispersion_weight", self.dispersion_weight >= 0, "at least 0"),
            ("permutations", bool(self.permutations) and min(self.permutations) > 1, "numbers of at least 2"),
            ("shares_limit", self.shares_limit > 1, "more than 1"),
            ("n_neighbors", self.n_neighbors >= 1, "at least 1"),
            ("metric_range", self.metric_range is None or self.metric_range[0] < self.metric_range[1], "low < high"),
        )
        for field, holds, expected in checks:
            if not holds:
                raise InvalidSpecError(field, getattr(self, field), expected)

    def permutations_at(self, level: int) -> int:
        """Orders of a local game at a level."""
        return self.permutations[min(level, len(self.permutations) - 1)]
