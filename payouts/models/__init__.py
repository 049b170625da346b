"""What is paid: policies, rounds and lines, the ledger under them, and what readers get."""

from payouts.models.approvals import Approval
from payouts.models.attacks import AttackProgress, AttackRetry, AttackTest
from payouts.models.keys import ApiKey
from payouts.models.ledger import LedgerAccount, LedgerEntry, LedgerTransaction
from payouts.models.lines import PayoutLine
from payouts.models.policies import PayoutPolicy
from payouts.models.profiles import PayoutProfile
from payouts.models.releases import LineRelease
from payouts.models.reports import AuditReport, Export
from payouts.models.rounds import PayoutRound

# The application's database role may read and append here, and nothing else (`manage.py grant_app_rights`).
APPEND_ONLY_TABLES = tuple(
    model._meta.db_table  # noqa: SLF001 - Django documents _meta as public
    for model in (
        LedgerAccount,
        LedgerTransaction,
        LedgerEntry,
        Approval,
        AttackRetry,
        AttackTest,
        AuditReport,
        Export,
        LineRelease,
        PayoutProfile,
    )
)

__all__ = [
    "APPEND_ONLY_TABLES",
    "ApiKey",
    "Approval",
    "AttackProgress",
    "AttackRetry",
    "AttackTest",
    "AuditReport",
    "Export",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerTransaction",
    "LineRelease",
    "PayoutLine",
    "PayoutPolicy",
    "PayoutProfile",
    "PayoutRound",
]
