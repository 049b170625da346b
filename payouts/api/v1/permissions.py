"""What a key may do: each view names the scope it needs."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from payouts.models import ApiKey


class HasScope(BasePermission):
    """Allows a key that holds the view's `required_scope`; a view without one is open to nobody."""

    message = "The key lacks the scope that this resource needs."

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, ApiKey) and getattr(view, "required_scope", None) in request.auth.scopes
