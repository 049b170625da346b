"""E-mails that Faircut owes somebody: one row for each person and happening, sent once."""

import pgtrigger
from django.db import models

from marketplace.models.accounts import Organization


class Notice(models.Model):
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="notices")
    recipient = models.EmailField()
    kind = models.CharField(max_length=40)
    # What happened, written by the caller: the same happening is told to the same person once.
    key = models.CharField(max_length=120)
    subject = models.CharField(max_length=150)
    body = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    # A task that sends holds the notice; one that has held it for too long is taken for dead.
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recipient", "key"], name="notice_told_once")]
        indexes = [
            models.Index(fields=["created_at"], condition=models.Q(sent_at__isnull=True), name="notice_unsent"),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="notice_words", exclude=["claimed_at", "sent_at"]),
            pgtrigger.Protect(
                name="notice_sent_is_history",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__sent_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient}"
