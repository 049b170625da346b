"""What a round stores as JSON for its readers: the audit figures, and what each attack came to."""

from payouts.documents.attack_figures import AttackFigures, AttackTry, Estimate, SameAsVictim
from payouts.documents.audit_figures import AuditFigures, RuleErrors, SumProof

__all__ = [
    "AttackFigures",
    "AttackTry",
    "AuditFigures",
    "Estimate",
    "RuleErrors",
    "SameAsVictim",
    "SumProof",
]
