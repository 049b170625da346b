"""People sign in by e-mail; what they may do follows from their memberships."""

from typing import Any, ClassVar

import pgtrigger
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person. There is no superuser: every right comes from a membership."""

    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(
        default=False, help_text="Made by the demo; production settings refuse such accounts."
    )
    date_joined = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique_whatever_case",
                violation_error_message="Somebody already signs in with this e-mail address.",
            ),
        ]

    def __str__(self) -> str:
        return self.email


class Role(models.TextChoices):
    SELLER = "seller"
    BUYER = "buyer"
    OPERATOR = "operator"


class Organization(models.Model):
    name = models.CharField(max_length=120, unique=True)
    # Policies act on beneficial owners, so that one company behind several accounts is treated as one.
    beneficial_owner = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="fronts")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="organization_name_unique_whatever_case",
                violation_error_message="Another organisation has this name.",
            ),
            models.CheckConstraint(
                condition=~models.Q(beneficial_owner=models.F("pk")),
                name="organization_not_its_own_front",
                violation_error_message="An organisation is not a front of itself; leave the beneficial owner empty.",
            ),
        ]
        triggers = [
            # Policies look one step up: a chain of fronts would hide its end from them.
            pgtrigger.Trigger(
                name="owner_is_no_front",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Q(new__beneficial_owner__isnull=False),
                func="""
                    IF EXISTS (
                        SELECT 1 FROM marketplace_organization
                        WHERE (id = NEW.beneficial_owner_id AND beneficial_owner_id IS NOT NULL)
                           OR beneficial_owner_id = NEW.id
                    ) THEN
                        RAISE EXCEPTION 'A beneficial owner has none itself; name the last of the chain.';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def owner_key(self) -> int:
        return self.beneficial_owner_id or self.pk


class Membership(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "organization", "role"], name="membership_unique"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role} of {self.organization}"
