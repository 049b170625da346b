"""Where a seller's money goes. Every change is a new version: what was paid to which account stays on record."""

import pgtrigger
from django.core.validators import RegexValidator
from django.db import models

from marketplace.models import Organization, User


class PayoutProfile(models.Model):
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="payout_profiles")
    version = models.PositiveIntegerField()
    payee_name = models.CharField(max_length=70)
    # The parts of ISO 20022's postal address, which banks ask for one by one.
    street = models.CharField(max_length=70)
    building_number = models.CharField(max_length=16)
    postcode = models.CharField(max_length=16)
    town = models.CharField(max_length=35)
    country = models.CharField(max_length=2, validators=[RegexValidator(r"^[A-Z]{2}$")])
    iban = models.CharField(max_length=34)
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField(auto_now_add=True)
    # Nothing should be sent to these details before; equal to given_at where there was nothing to change.
    cool_down_until = models.DateTimeField()

    class Meta:
        ordering = ["organization", "version"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "version"], name="profile_version_unique"),
            models.CheckConstraint(
                condition=models.Q(iban__regex=r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$"),
                name="profile_iban_normalised",
                violation_error_message="An IBAN is stored without spaces, in capitals.",
            ),
            models.CheckConstraint(condition=models.Q(country__regex="^[A-Z]{2}$"), name="profile_country_code"),
        ]
        indexes = [models.Index(fields=["iban"], name="profile_iban")]
        triggers = [pgtrigger.Protect(name="profile_is_history", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"payout details of {self.organization}, version {self.version}"
