"""Keys of accounting clients: made once, shown once, kept as a hash."""

import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from marketplace.models import User
from marketplace.services import events
from payouts.models import ApiKey

_FORMAT = re.compile(r"fck_(?P<prefix>[0-9a-f]{8})_(?P<secret>[A-Za-z0-9_-]{43})")
# Enough to see that a key is in use, without a write on every request.
LAST_USED_EVERY = dt.timedelta(minutes=1)


@transaction.atomic
def create(*, name: str, client: str, scopes: Sequence[str], expires_at: dt.datetime, by: User) -> tuple[ApiKey, str]:
    """Make a key; the second part of the answer is the key itself, which nobody can see again.

    Raises:
        ValidationError: A scope is not known, or none is given.
    """
    prefix = secrets.token_hex(4)
    secret = f"fck_{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey(
        name=name,
        client=client,
        prefix=prefix,
        sha256=_hash(secret),
        scopes=sorted(scopes),
        expires_at=expires_at,
        created_by=by,
    )
    key.full_clean(exclude={"last_used_at", "revoked_at"})
    key.save()
    events.record(action="key.created", subject=key, by=by, data={"prefix": prefix, "scopes": key.scopes})
    return key, secret


@transaction.atomic
def revoke(*, key: ApiKey, by: User) -> ApiKey:
    """End a key now; ending it again changes nothing."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=timezone.now()):
        events.record(action="key.revoked", subject=key, by=by, data={"prefix": key.prefix})
    key.refresh_from_db()
    return key


def authenticate(secret: str) -> ApiKey | None:
    """Return the key behind a secret if it is known, not revoked and not expired, and note its use.

    Keys that the demo's operators made are worth nothing outside demo mode.
    """
    match = _FORMAT.fullmatch(secret)
    if match is None:
        return None
    key = ApiKey.objects.select_related("created_by").filter(prefix=match["prefix"]).first()
    now = timezone.now()
    if key is None or not constant_time_compare(key.sha256, _hash(secret)):
        return None
    if key.revoked_at is not None or key.expires_at <= now:
        return None
    if key.created_by.is_demo and not settings.DEMO:
        return None
    if key.last_used_at is None or now - key.last_used_at > LAST_USED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


def _hash(secret: str) -> str:
    # A random key of 256 bits needs no slow hash: there is nothing to guess.
    return hashlib.sha256(secret.encode()).hexdigest()
