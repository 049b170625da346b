"""What happens when somebody's second factor changes: it is recorded, and an earlier proof no longer counts."""

from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.dispatch import receiver
from django.http import HttpRequest

from marketplace.models import User
from marketplace.services import events


@receiver([authenticator_added, authenticator_removed, authenticator_reset])
def factor_changed(sender: Any, request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
    """Forget that this session proved a factor: the proof was of another one."""
    del sender
    records = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        record for record in records if record.get("method") != "mfa"
    ]
    events.record(action="second_factor.changed", subject=user, by=user, data={"kind": authenticator.type})
