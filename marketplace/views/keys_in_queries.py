"""Keys of objects as they stand in the query of an address, where anybody may write anything."""

from uuid import UUID


def key_of(text: str) -> UUID | None:
    """The key that a text is; None where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
