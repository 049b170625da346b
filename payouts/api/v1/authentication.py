"""Who calls the API: replaced by scoped keys."""

from rest_framework.authentication import BasicAuthentication as ApiKeyAuthentication  # noqa: F401
