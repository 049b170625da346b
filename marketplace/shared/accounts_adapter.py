"""What allauth asks us: may a stranger sign up, and how is a person called?"""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from marketplace.models import User


class AccountsAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        return False


def display_name(user: User) -> str:
    return user.full_name or user.email
