"""Who may sign in at all."""

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser


class SignInBackend(AuthenticationBackend):
    """Sign-in by e-mail; the demo's people, whose passwords are public, exist only where demo mode is on."""

    def user_can_authenticate(self, user: AbstractBaseUser) -> bool:
        if getattr(user, "is_demo", False) and not settings.DEMO:
            return False
        return bool(super().user_can_authenticate(user))

    def _check_password(self, user: AbstractBaseUser, password: str) -> bool:
        # allauth goes on with people who may not authenticate, to tell them that they are inactive; we tell nobody.
        return self.user_can_authenticate(user) and bool(super()._check_password(user, password))
