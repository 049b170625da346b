"""An invitation to act for an organisation: it belongs to one e-mail address, expires, and counts once."""

import uuid

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core import signing
from django.db import models
from django.db.models.functions import Lower

from marketplace.models.accounts import Organization, Role, User

TOKEN_SALT = "marketplace.invitation"  # noqa: S105 - names what is signed; the key is SECRET_KEY


class Invitation(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    roles = ArrayField(models.CharField(max_length=10, choices=Role.choices))
    # Null for the first operator, whom the marketplace's own command invites.
    invited_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-invited_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(roles__contained_by=Role.values) & ~models.Q(roles=[]),
                name="invitation_roles_known",
                violation_error_message="Choose at least one of the offered roles.",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at__isnull=True, accepted_by__isnull=True)
                | models.Q(accepted_at__isnull=False, accepted_by__isnull=False, withdrawn_at__isnull=True),
                name="invitation_accepted_by_somebody",
            ),
            models.UniqueConstraint(
                models.F("organization"),
                Lower("email"),
                condition=models.Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
                name="invitation_one_open_per_address",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="invitation_terms", fields=["organization", "email", "roles", "invited_by", "expires_at"]
            ),
            pgtrigger.Protect(
                name="invitation_counts_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__accepted_at__isnull=False) | pgtrigger.Q(old__withdrawn_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.organization}"

    @property
    def token(self) -> str:
        """What the link carries: the id, signed by this site."""
        return signing.dumps(str(self.pk), salt=TOKEN_SALT)
