"""What a finished run came to, beside the values themselves: covariances, what explains them, and what it cost."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field

from marketplace.basics.documents import Document, Floats
from valuation.core.checks.label_agreement import Agreement
from valuation.core.results import LevelSummary

FORMAT_VERSION: Final = 2
# 1: stages were sentences.
_STAGES: Final = {
    "freezing": "freezing",
    "evaluating, all workers together": "evaluating",
    "embedding rows": "embedding_rows",
    "valuing rows, all workers together": "valuing_rows",
    "merging": "merging",
}

# A segment of fewer validation rows says more about chance, and about the buyer's private rows, than about a seller.
SEGMENT_ROWS_MIN = 20
TOO_FEW = f"fewer than {SEGMENT_ROWS_MIN} validation rows each"


def stages_by_name(seconds: Mapping[str, float]) -> dict[str, float]:
    """Seconds under the names of the stages, where they were stored under sentences."""
    return {_STAGES.get(stage, stage): taken for stage, taken in seconds.items()}


class RuleCovariances(Document):
    """Both errors of a rule's values, in squared metric units, ``(sellers, sellers)``.

    None where the rule has no honest error of computation, or none of validation rows.
    """

    computation: Floats | None
    validation: Floats | None


class RunSeconds(Document):
    """How long each stage took; those that workers share count all workers together."""

    freezing: float = 0.0
    evaluating: float = 0.0
    embedding_rows: float = 0.0
    valuing_rows: float = 0.0
    merging: float = 0.0


class LearningCurve(Document):
    """Mean utility of random coalitions of so many rows, from nobody's to everybody's."""

    rows: Floats
    utilities: Floats


class SizeCut(Document):
    """FGSV values cut by the size of the coalition that a row joins, and the learning curve.

    `contributions` is (bins, sellers); bin b holds the rows that join as number `edges[b] + 1` to `edges[b + 1]`.
    """

    edges: tuple[int, ...]
    contributions: Floats
    curve: LearningCurve


class Removal(Document):
    """The score as sellers leave, those who add most first and those who add least first: of all, ..., of nobody."""

    best_first: Floats
    worst_first: Floats


class SegmentCut(Document):
    """FGSV values cut by a column of the validation rows: contributions and standard errors are (segments, sellers).

    `total_standard_errors` (segments,) are those of all sellers together. `scores` (segments,) are those of the model
    with everybody's rows there: the part that it names right under (balanced) accuracy, else the mean of the metric;
    None for runs that ended before they were kept.
    """

    column: str
    segments: tuple[str, ...]
    rows: tuple[int, ...]
    contributions: Floats
    standard_errors: Floats
    total_standard_errors: Floats
    scores: Floats | None = None
    score_standard_errors: Floats | None = None


class KindMeans(Document):
    """Mean values of rows by kind; only kinds of enough rows, named by their place in the column's kinds."""

    kinds: tuple[int, ...]
    rows: tuple[int, ...]
    means: tuple[float, ...]
    standard_errors: tuple[float, ...]
    ahead: tuple[float, ...]
    ahead_standard_errors: tuple[float, ...]


class RowKinds(Document):
    """One column's kinds: means of each seller's rows, in the order of the manifest, and of all rows."""

    column: str
    kinds: tuple[str, ...]
    sellers: tuple[KindMeans, ...]
    all: KindMeans


class RowOutcome(Document):
    """What valuing the rows came to; the values themselves are in a file."""

    points: str
    points_sha256: str
    method_version: str
    evaluations: int
    encoder_seconds: float
    encoder_refused: str
    # Rows were valued once before repetitions told how sure a value is.
    repetitions: int = 1
    nodes: int
    nodes_faded: int
    nodes_faded_metric: int
    depth: int
    leaves: int
    levels: tuple[LevelSummary, ...]
    settings: dict[str, Any]
    kinds: tuple[RowKinds, ...] = ()


class Outcome(Document):
    """What a run found, in the order of the manifest's sellers and in units of the buyer's metric.

    Attributes:
        covariances: By rule.
        total_validation_error: Standard error over validation rows of `utility_full` less `utility_empty`; None where
            the metric has none, and for runs that ended before it was kept.
        withheld: Places of the sellers of whose paid values too few draws told: their covariances are too small, and no
            interval should be made of them.
        by_size: None for runs that ended before it was kept; so are the others below.
        removal: Only where all coalitions of sellers were evaluated.
        by_class: By the classes of the validation target, where the metric is a plain mean of rows.
        by_segment: By each category column of the validation rows, where the metric is a plain mean of rows.
        labels: How each seller's labels agree with the buyer's; None of a seller with too few rows to tell.
        hcdv: None where no rows were valued.
    """

    format: int = Field(ge=1, le=FORMAT_VERSION)
    covariances: dict[str, RuleCovariances]
    utility_empty: float
    utility_full: float
    total_validation_error: float | None = None
    seconds: RunSeconds
    withheld: tuple[int, ...] = ()
    by_size: SizeCut | None = None
    removal: Removal | None = None
    by_class: SegmentCut | None = None
    by_segment: tuple[SegmentCut, ...] = ()
    labels: tuple[Agreement | None, ...] = ()
    hcdv: RowOutcome | None = None

    @property
    def row_evaluations(self) -> int:
        """Evaluations that valued single rows."""
        return self.hcdv.evaluations if self.hcdv else 0

    @classmethod
    def upgraded(cls, stored: Mapping[str, Any]) -> Mapping[str, Any]:
        """Stages by their names, as format 2 has them."""
        if "format" in stored:
            return stored
        return {**stored, "format": 1, "seconds": stages_by_name(stored["seconds"])}
