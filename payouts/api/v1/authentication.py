"""Who calls the API: an accounting client with a scoped key."""

from dataclasses import dataclass
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from payouts.models import ApiKey
from payouts.services import api_keys


@dataclass(frozen=True)
class Client:
    """The other system; there is no person behind it."""

    name: str
    is_authenticated: bool = True


class ApiKeyAuthentication(BaseAuthentication):
    """Reads `Authorization: Bearer fck_...`."""

    def authenticate(self, request: Request) -> tuple[Client, ApiKey] | None:
        scheme, _, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer":
            raise AuthenticationFailed("Send the key as 'Authorization: Bearer fck_...'.")
        key = api_keys.authenticate(secret.strip())
        if key is None:
            raise AuthenticationFailed("The key is not known, has expired or was revoked.")
        return Client(key.client), key

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        return 'Bearer realm="Faircut"'


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:  # noqa: ARG002 - spectacular's signature
        return {"type": "http", "scheme": "bearer", "bearerFormat": "fck_", "description": "A scoped key of a client."}
