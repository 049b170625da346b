"""Who trades what: people, organisations, requests, datasets, submissions, and the record of who did what."""

from marketplace.models.accounts import Membership, Organization, Role, User
from marketplace.models.copies import CopyComparison, CopyFinding
from marketplace.models.datasets import Dataset, DatasetVersion, Submission
from marketplace.models.events import AuditEvent
from marketplace.models.invitations import Invitation
from marketplace.models.notices import Notice
from marketplace.models.requests import DataRequest
from marketplace.models.uploads import UploadDraft

__all__ = [
    "AuditEvent",
    "CopyComparison",
    "CopyFinding",
    "DataRequest",
    "Dataset",
    "DatasetVersion",
    "Invitation",
    "Membership",
    "Notice",
    "Organization",
    "Role",
    "Submission",
    "UploadDraft",
    "User",
]
