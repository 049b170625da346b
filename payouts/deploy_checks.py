"""What must not reach production of the payouts: `manage.py check --deploy --database default` refuses it."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from payouts.models import ApiKey


@register(Tags.database, deploy=True)
def no_demo_keys(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Keys made by the demo's operators belong to accounts whose passwords are printed in the README."""
    if not databases or settings.DEMO:
        return []
    count = ApiKey.objects.filter(created_by__is_demo=True, revoked_at__isnull=True).count()
    if not count:
        return []
    return [
        Error(f"{count} API keys of demo accounts are alive.", hint="Revoke them on the keys page.", id="faircut.E003")
    ]
