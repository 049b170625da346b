"""What allauth asks us: may a stranger sign up?"""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountsAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        return False
