"""Which kinds of rows may be said to be ahead of the others, or behind, when many are compared at once."""

from collections.abc import Sequence

from valuation.core.statistics.confidence import LEVEL, normal_quantile
from valuation.selectors.row_kinds import KindMean


def joint_quantile(compared: int) -> float:
    """Standard errors that a kind must be off by: all comparisons together keep the level (Bonferroni)."""
    return normal_quantile(1 - (1 - LEVEL) / max(compared, 1))


def clearly_ahead(means: Sequence[KindMean], quantile: float) -> KindMean | None:
    """Of the kinds that are surely ahead of the other rows, that of the highest mean."""
    return max((mean for mean in means if mean.surely_ahead > quantile), key=lambda mean: mean.mean, default=None)


def clearly_behind(means: Sequence[KindMean], quantile: float) -> KindMean | None:
    """Of the kinds that are surely behind the other rows, that of the lowest mean."""
    return min((mean for mean in means if mean.surely_ahead < -quantile), key=lambda mean: mean.mean, default=None)


def did(mean: KindMean) -> str:
    """What such rows did: of two losses the smaller cost less, and is not called a gain."""
    added = max(mean.mean, mean.mean - mean.ahead) > 0
    if mean.ahead > 0:
        return "clearly added more" if added else "clearly cost less"
    return "clearly added less" if added else "clearly cost more"
