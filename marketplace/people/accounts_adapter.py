"""What allauth asks us: how an account is opened, and how a person is called."""

from typing import ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django import forms
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from marketplace.models import User
from marketplace.services import events


class AccountsAdapter(DefaultAccountAdapter):
    error_messages: ClassVar = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "No account has this e-mail address with this password. Check both, or set a new "
        "password.",
        "enter_current_password": "This is not your present password. Type it again.",
        "incorrect_password": "This is not your password. Type it again.",
        "too_many_login_attempts": "Too many attempts failed. Wait five minutes, then try again.",
    }

    def save_user(self, request: HttpRequest, user: User, form: forms.Form, commit: bool = True) -> User:  # noqa: FBT001, FBT002 - allauth's signature
        # One line: colleagues read it in e-mails, where a second line could pass for ours.
        user.full_name = " ".join(form.cleaned_data["full_name"].split())
        saved: User = super().save_user(request, user, form, commit=commit)
        events.record(action="person.signed_up", subject=saved, by=saved)
        return saved

    def send_account_already_exists_mail(self, email: str) -> None:
        # Takes as long as opening an account, whose password is hashed: the clock must not tell who has one.
        make_password(email)
        super().send_account_already_exists_mail(email)


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages: ClassVar = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This code is wrong, too old or used already. Enter the one that the app shows now.",
    }


def display_name(user: User) -> str:
    return user.full_name or user.email
