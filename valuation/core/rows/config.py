"""Settings of an HCDV run, and what they cost."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from valuation.core.errors import BudgetTooSmallError, InvalidSpecError
from valuation.core.rows.dispersion import Task
from valuation.core.rows.encoder.config import EncoderConfig
from valuation.core.rows.tree.balanced_kmeans import cluster_sizes
from valuation.core.rows.tree.partitions import PARTITIONS, HierarchyName

Context = Literal["alone", "rest"]
LargeLeaf = Literal["knn", "uniform"]
Embedding = Literal["given", "standardized", "encoder"]
Method = Literal["nothing", "enumerated", "sampled", "knn", "uniform"]

ENDS_EVALUATIONS = 2


@dataclass(frozen=True)
class HcdvConfig:
    """What an HCDV run is free to choose; all of it can be written as JSON.

    Attributes:
        task: What the targets are.
        embedding: Where the embedding comes from: the features are one already (``given``), are standardised, or are
            embedded by an encoder trained on the rows, which gives way to standardised features where it cannot be
            trained.
        encoder: Settings of that encoder.
        dispersion_weight: ``lambda`` of equation 20, at least 0.
        hierarchy: How rows are cut into clusters.
        children: Clusters of a split at level 0, 1, ...; the last holds for all deeper levels.
        leaf_size: Most rows of a leaf, ``M``.
        permutations: Orders ``T`` of a local game at level 0, 1, ...; the last holds for all deeper levels.
        context: Whether a node's children play alone, as in the paper, or join random clusters of the levels above.
        large_leaf: How leaves with ``2^m > T m`` are valued: KNN-Shapley in the embedding (classification, needs
            validation embeddings) or uniformly.
        n_neighbors: Neighbours of KNN-Shapley.
        neighbor_pairs: Most pairs of a row and a validation row among which it looks for them; of more validation rows
            every second, third, ... is asked, from a random one on.
        balanced_classes: Whether KNN-Shapley counts the validation rows of every class alike, as balanced accuracy,
            macro F1 and AUC do, instead of every validation row.
        shares_limit: Largest sum of absolute shares of a pot, ``A``, above 1.
        metric_range: The metric is clipped to this range, so that ``v`` is bounded whatever the metric: no change for
            accuracies and AUC; R2 is cut at -1. ``None`` leaves the metric as it is.
        in_baselines: Whether ``metric_range`` and ``dispersion_weight`` count in units of ``|M(empty)|``, the loss of
            the constant predictor: for losses without a bound (log loss, squared error), where (-2, 0) cuts at twice
            that loss, which for the squared error is R2 cut at -1.

    Raises:
        InvalidSpecError: A setting is out of range.
    """

    task: Task = "classification"
    embedding: Embedding = "given"
    encoder: EncoderConfig = field(default_factory=lambda: EncoderConfig(device="cpu"))
    dispersion_weight: float = 0.1
    hierarchy: HierarchyName = "balanced_kmeans"
    children: tuple[int, ...] = (16,)
    leaf_size: int = 64
    permutations: tuple[int, ...] = (256,)
    context: Context = "alone"
    large_leaf: LargeLeaf = "knn"
    n_neighbors: int = 5
    neighbor_pairs: int = 200_000_000
    balanced_classes: bool = False
    shares_limit: float = 2.0
    metric_range: tuple[float, float] | None = (-1.0, 1.0)
    in_baselines: bool = False

    def __post_init__(self) -> None:
        """Refuse settings that no run could honour."""
        checks = (
            ("embedding", self.embedding in {"given", "standardized", "encoder"}, "given, standardized or encoder"),
            ("hierarchy", self.hierarchy in PARTITIONS, " or ".join(PARTITIONS)),
            ("dispersion_weight", self.dispersion_weight >= 0, "at least 0"),
            ("children", bool(self.children) and min(self.children) > 1, "one or more numbers of at least 2"),
            ("leaf_size", self.leaf_size >= 1, "at least 1"),
            ("permutations", bool(self.permutations) and min(self.permutations) > 1, "numbers of at least 2"),
            ("shares_limit", self.shares_limit > 1, "more than 1"),
            ("n_neighbors", self.n_neighbors >= 1, "at least 1"),
            ("neighbor_pairs", self.neighbor_pairs >= 1, "at least 1"),
            ("metric_range", self.metric_range is None or self.metric_range[0] < self.metric_range[1], "low < high"),
        )
        for setting, holds, expected in checks:
            if not holds:
                raise InvalidSpecError(setting, getattr(self, setting), expected)

    def permutations_at(self, level: int) -> int:
        """Orders of a local game at a level."""
        return self.permutations[min(level, len(self.permutations) - 1)]

    def children_at(self, level: int) -> int:
        """Clusters of a split at a level."""
        return self.children[min(level, len(self.children) - 1)]

    def unit(self, empty: float) -> float:
        """What ``metric_range`` and ``dispersion_weight`` are counted in, given ``M(empty)``."""
        return abs(empty) if self.in_baselines and empty else 1.0

    def method(self, n_parts: int, level: int, *, is_leaf: bool) -> Method:
        """How a local game is solved: by enumeration while ``2^K <= T K``, else as the kind of node allows."""
        if n_parts < 2:  # noqa: PLR2004
            return "nothing"
        if 2**n_parts <= self.permutations_at(level) * n_parts:
            return "sampled" if self.context == "rest" and level else "enumerated"
        return self.large_leaf if is_leaf else "sampled"

    def node_evaluations(self, n_parts: int, level: int, *, is_leaf: bool) -> int:
        """Utility evaluations of a node's local game."""
        method, orders = self.method(n_parts, level, is_leaf=is_leaf), self.permutations_at(level)
        if method == "enumerated":
            return int(2**n_parts) - 1
        if method == "sampled":
            joined = self.context == "rest" and level
            return orders * (n_parts + 1) if joined else orders * (n_parts - 1) + 1 + n_parts
        return 0

    def evaluations(self, n_rows: int) -> int:
        """Most utility evaluations that a run over ``n_rows`` rows spends; sizes of clusters are known beforehand."""
        spent, level, sizes = ENDS_EVALUATIONS, 0, {n_rows: 1}
        while sizes:
            below: dict[int, int] = {}
            for size, nodes in sizes.items():
                is_leaf = size <= self.leaf_size
                n_parts = size if is_leaf else min(self.children_at(level), size)
                spent += nodes * self.node_evaluations(n_parts, level, is_leaf=is_leaf)
                for part in () if is_leaf else cluster_sizes(size, n_parts).tolist():
                    below[part] = below.get(part, 0) + nodes
            sizes, level = below, level + 1
        return spent

    def within(self, n_rows: int, budget: int) -> "HcdvConfig":
        """The same with leaves large enough, doubled as often as needed, that a run stays within the budget.

        Raises:
            BudgetTooSmallError: Not even one leaf of all rows does.
        """
        config = self
        while config.evaluations(n_rows) > budget:
            if config.leaf_size >= n_rows:
                raise BudgetTooSmallError(budget, config.evaluations(n_rows))
            config = replace(config, leaf_size=2 * config.leaf_size)
        return config

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        document = {**asdict(self), "encoder": self.encoder.to_json()}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in document.items()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "HcdvConfig":
        """Read what ``to_json`` returned, also after a passage through JSON.

        Raises:
            InvalidSpecError: A setting is out of range.
        """
        settings: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in document.items()
        }
        return cls(**{**settings, "encoder": EncoderConfig.from_json(document["encoder"])})
