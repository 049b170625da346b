"""The form that opens an account, which allauth finds by the name in the settings."""

from typing import Any

from allauth.account.forms import SignupForm
from django import forms
from django.core.validators import MaxLengthValidator

from marketplace.models import User


class SignUpForm(SignupForm):
    """A name, an address that is confirmed by a link, a password."""

    full_name = forms.CharField(
        label="Full name",
        max_length=User._meta.get_field("full_name").max_length,  # noqa: SLF001 - Django documents _meta as public
        help_text="Colleagues and operators see it beside what you do.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ("full_name", "email", "password1", "password2")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "E-mail address"
        # allauth would cut a longer one, and write to somebody else's address.
        most = User._meta.get_field("email").max_length  # noqa: SLF001 - Django documents _meta as public
        self.fields["email"].validators.append(MaxLengthValidator(most))
        self.fields["email"].help_text = "We send a link there, to see that it is yours."
        self.fields["password1"].help_text = "At least 12 characters, not a common one, and not like your name."
        self.fields["password2"].label = "Password again"
