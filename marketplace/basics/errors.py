"""The base of every error that a person may read: a stable code, what is wrong, and how to mend it."""


class FaircutError(Exception):
    """A refusal that a person or a client can act on. Edges map it to a page or to problem+json."""

    code = "faircut_error"
    status = 400

    def __init__(self, message: str, *, remedy: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        if code is not None:
            self.code = code

    @property
    def in_words(self) -> str:
        """What is wrong, and how to mend it where that is known."""
        return f"{self.message} {self.remedy}".strip()


class NotAllowedError(FaircutError):
    """The person may not do this."""

    code = "not_allowed"
    status = 403


class ConflictError(FaircutError):
    """The thing has moved on since the person looked at it."""

    code = "conflict"
    status = 409
