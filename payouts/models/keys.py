"""Keys of accounting clients: shown once, kept as a hash, limited to scopes and a date."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from marketplace.models import User


class ApiKey(models.Model):
    class Scope(models.TextChoices):
        ROUNDS_READ = "rounds:read", "Read posted rounds and their audit figures"
        LINES_READ = "lines:read", "Read payout lines and exports"

    name = models.CharField(max_length=80)
    client = models.CharField(max_length=120, help_text="The organisation or system that uses the key.")
    prefix = models.CharField(max_length=8, unique=True)
    sha256 = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices))
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scopes__contained_by=["rounds:read", "lines:read"]) & ~models.Q(scopes=[]),
                name="key_scopes_known",
                violation_error_message="Choose at least one of the offered scopes.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"
