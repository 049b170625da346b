"""What a key may do."""

from rest_framework.permissions import IsAuthenticated as HasScope  # noqa: F401
