"""The forms of accounts, which allauth finds by their names in the settings: its fields, in our words."""

from typing import Any, ClassVar

from allauth.account import forms as account
from allauth.mfa.base import forms as factor
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.core.validators import MaxLengthValidator

from marketplace.forms.plain import PlainForm
from marketplace.models import User

ADDRESS = "E-mail address"
NEW_PASSWORD = {"password1": "New password", "password2": "New password again"}
PASSWORD_HINT = "At least 12 characters, not a common one, and not like your name."  # noqa: S105 - a hint, no password


class _AccountForm(PlainForm):
    """A form of allauth with our labels and hints, and no placeholder that repeats them."""

    labels: ClassVar[dict[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = self.labels.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)
            if name == "password1":
                field.help_text = PASSWORD_HINT


class SignUpForm(_AccountForm, account.SignupForm):
    """A name, an address that is confirmed by a link, a password."""

    labels: ClassVar = {"email": ADDRESS, "password2": "Password again"}
    full_name = forms.CharField(
        label="Full name",
        max_length=User._meta.get_field("full_name").max_length,  # noqa: SLF001 - Django documents _meta as public
        help_text="Colleagues and operators see it beside what you do.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ("full_name", "email", "password1", "password2")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # allauth would cut a longer one, and write to somebody else's address.
        most = User._meta.get_field("email").max_length  # noqa: SLF001 - Django documents _meta as public
        self.fields["email"].validators.append(MaxLengthValidator(most))
        self.fields["email"].help_text = "We send a link there, to see that it is yours."


class SignInForm(_AccountForm, account.LoginForm):
    labels: ClassVar = {"login": ADDRESS, "remember": "Stay signed in on this device"}


class ChangePasswordForm(_AccountForm, account.ChangePasswordForm):
    labels: ClassVar = {"oldpassword": "Present password", **NEW_PASSWORD}


class ResetPasswordForm(_AccountForm, account.ResetPasswordForm):
    labels: ClassVar = {"email": ADDRESS}


class ResetPasswordKeyForm(_AccountForm, account.ResetPasswordKeyForm):
    labels: ClassVar = NEW_PASSWORD


class ReauthenticateForm(_AccountForm, account.ReauthenticateForm):
    pass


class SecondFactorForm(_AccountForm, factor.AuthenticateForm):
    pass


class SecondFactorAgainForm(_AccountForm, factor.ReauthenticateForm):
    pass


class AuthenticatorForm(_AccountForm, ActivateTOTPForm):
    labels: ClassVar = {"code": "Code"}
