"""What a round leaves behind for readers: the audit figures and the exports, both written once."""

import pgtrigger
from django.db import models

from marketplace.basics.documents import DocumentField
from payouts.documents import AuditFigures
from payouts.models.rounds import PayoutRound

APPEND_ONLY = pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)


class AuditReport(models.Model):
    round = models.OneToOneField(PayoutRound, on_delete=models.PROTECT, related_name="audit_report")
    figures: "models.Field[AuditFigures, AuditFigures]" = DocumentField(AuditFigures)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"audit report of {self.round_id}"


class Export(models.Model):
    """A snapshot of a posted round: the same bytes whenever it is asked for."""

    class Kind(models.TextChoices):
        CSV = "csv"
        JSON = "json"

    round = models.ForeignKey(PayoutRound, on_delete=models.PROTECT, related_name="exports")
    kind = models.CharField(max_length=4, choices=Kind.choices)
    schema = models.CharField(max_length=40)
    body = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "kind"], name="export_once_per_kind")]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.schema} of {self.round_id} as {self.kind}"
