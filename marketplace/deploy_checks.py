"""What must not reach production: `manage.py check --deploy` refuses it."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from marketplace.models import User


@register(Tags.security, deploy=True)
def no_demo_mode(**_: Any) -> list[CheckMessage]:
    """Demo mode allows known passwords and plain HTTP."""
    if not settings.DEMO:
        return []
    return [
        Error(
            "FAIRCUT_DEMO is on.", hint="Unset it: demo mode accepts plain HTTP and known passwords.", id="faircut.E001"
        )
    ]


@register(Tags.database, deploy=True)
def no_demo_accounts(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Accounts made by the demo have their passwords printed in the README.

    Runs where a database is named (`check --deploy --database default`), as Django asks of checks that query.
    """
    if not databases or settings.DEMO:
        return []
    count = User.objects.filter(is_demo=True, is_active=True).count()
    if not count:
        return []
    return [
        Error(
            f"{count} demo accounts are active.",
            hint="Start production on a database that never ran the demo.",
            id="faircut.E002",
        )
    ]
