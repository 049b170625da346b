"""Typed documents: what one part writes as JSON and another reads, with every key a field that types check.

A document is frozen. Reading refuses what does not fit with a sentence that names the place; a key that was not stored
is not written either, so that reading and writing again leaves the same JSON, and the same hash of it.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Self

import numpy as np
from django.db import models
from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator, ValidationError

from marketplace.basics.errors import FaircutError


def _as_floats(stored: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    array = np.asarray(stored)
    # As floats, null would be read as NaN, and "1.5" as a number.
    if array.ndim == 0 or array.dtype.kind not in "iuf":
        raise ValueError("it is no array of numbers")
    floats = array.astype(np.float64)
    floats.flags.writeable = False  # a document is frozen, whoever is handed its arrays
    return floats


# Numbers as JSON holds them: lists in lists, read as float64.
Floats = Annotated[
    np.ndarray[Any, np.dtype[np.float64]],
    PlainValidator(_as_floats),
    PlainSerializer(lambda array: array.tolist()),
]


class DocumentError(FaircutError):
    """A stored document does not fit what reads it."""

    code = "document_does_not_fit"
    status = 500


class Document(BaseModel):
    """The base of every document; a subclass says what its JSON holds."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, protected_namespaces=())

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other values, which knows nothing that was computed of the first."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied

    def to_json(self) -> dict[str, Any]:
        """Plain JSON of what was given, and nothing that was left at its default."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    @classmethod
    def from_json(cls, stored: Any) -> Self:
        """Read what `to_json` wrote.

        Raises:
            DocumentError: A key is missing, unknown, or holds something else.
        """
        try:
            current = cls.upgraded(stored) if isinstance(stored, Mapping) else stored
        except (AttributeError, KeyError, TypeError) as error:
            raise DocumentError(f"Stored {cls.__name__} does not fit its earlier version: {error!r}.") from error
        try:
            # Strictly, so that "5" is no 5 and 1 is not true; as JSON, because a list of Python's is strictly no tuple.
            return cls.model_validate_json(json.dumps(current), strict=True)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(step) for step in first["loc"]) or "the whole"
            raise DocumentError(f"Stored {cls.__name__} does not fit at {place}: {first['msg']}.") from error

    @classmethod
    def upgraded(cls, stored: Mapping[str, Any]) -> Mapping[str, Any]:
        """What an earlier version stored, as this version names it; nothing stored is ever rewritten."""
        return stored


class DocumentField(models.JSONField):
    """A JSON column whose value is a document: whatever else is written there is refused.

    A model names the document as the type of the attribute, so that types check every key that is read of it.
    """

    def __init__(self, document: type[Document], **options: Any) -> None:
        self.document = document
        super().__init__(**options)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """A JSON column to migrations: documents change without them."""
        name, _, arguments, options = super().deconstruct()
        if options.get("default") is self.document:
            options["default"] = dict
        return name, "django.db.models.JSONField", arguments, options

    def clone(self) -> "DocumentField":
        """The same column of the same document."""
        _, _, arguments, options = super().deconstruct()
        return DocumentField(self.document, *arguments, **options)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Document | None:
        """The document that is stored."""
        stored = super().from_db_value(value, expression, connection)
        return None if stored is None else self.document.from_json(stored)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Its JSON."""
        if isinstance(value, self.document):
            value = value.to_json()
        elif value is not None and not hasattr(value, "resolve_expression"):
            raise DocumentError(f"{self.name} takes {self.document.__name__} documents, and no {type(value).__name__}.")
        return super().get_db_prep_value(value, connection, prepared)
