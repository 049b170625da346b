"""What a run stores as JSON: what it was frozen with, how far it is, and what it came to."""

from valuation.documents.manifest import Manifest, ManifestSubmission
from valuation.documents.outcome import (
    KindMeans,
    LearningCurve,
    Outcome,
    Removal,
    RowKinds,
    RowOutcome,
    RuleCovariances,
    RunSeconds,
    SegmentCut,
    SizeCut,
)
from valuation.documents.progress import Progress, RowProgress, SellerProgress
from valuation.documents.sellers import OfSellers, Seller

__all__ = [
    "KindMeans",
    "LearningCurve",
    "Manifest",
    "ManifestSubmission",
    "OfSellers",
    "Outcome",
    "Progress",
    "Removal",
    "RowKinds",
    "RowOutcome",
    "RowProgress",
    "RuleCovariances",
    "RunSeconds",
    "SegmentCut",
    "Seller",
    "SellerProgress",
    "SizeCut",
]
