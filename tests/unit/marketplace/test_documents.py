"""Documents: what is read and written again is the same JSON, and what does not fit is refused by its place."""

from functools import cached_property

import numpy as np
import pytest
from django.db import connection, models
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from marketplace.basics.documents import Document, DocumentError, DocumentField, Floats


class Leaf(Document):
    name: str
    count: int = 0


class Tree(Document):
    """A key that is no name in Python, documents within, numbers, and what may be missing."""

    kind: str = Field(alias="class")
    height: float
    is_old: bool
    leaves: tuple[Leaf, ...]
    rings: Floats | None = None
    notes: dict[str, float | None] = Field(default_factory=dict)


STORED = {
    "class": "oak",
    "height": 12.5,
    "is_old": True,
    "leaves": [{"name": "first", "count": 2}, {"name": "second"}],
    "rings": [[0.1, 2.0], [3.0, 4.5]],
    "notes": {"moss": 1.5, "ivy": None},
}
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def test_every_key_is_a_field():
    tree = Tree.from_json(STORED)

    assert (tree.kind, tree.height, tree.is_old) == ("oak", 12.5, True)
    assert tree.leaves == (Leaf(name="first", count=2), Leaf(name="second"))
    assert tree.rings.dtype == np.float64
    assert tree.rings.tolist() == [[0.1, 2.0], [3.0, 4.5]]


@pytest.mark.parametrize("missing", [(), ("rings",), ("notes",), ("rings", "notes")])
def test_what_was_never_stored_is_not_written_either(missing):
    stored = {name: value for name, value in STORED.items() if name not in missing}

    assert Tree.from_json(stored).to_json() == stored
    assert Tree.from_json(stored | {"rings": None}).to_json() == stored | {"rings": None}


@given(height=FLOATS, rings=st.lists(FLOATS), note=FLOATS)
def test_numbers_keep_their_bits(height, rings, note):
    stored = STORED | {"height": height, "rings": rings, "notes": {"moss": note}}

    assert repr(Tree.from_json(stored).to_json()) == repr(stored)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"width": 3}, "width"),
        ({"height": "tall"}, "height"),
        ({"height": "12.5"}, "height"),
        ({"height": True}, "height"),
        ({"height": None}, "height"),
        ({"is_old": 1}, "is_old"),
        ({"is_old": "yes"}, "is_old"),
        ({"leaves": {"name": "first"}}, "leaves"),
        ({"leaves": [{"name": "first"}, {"count": 2}]}, "leaves.1.name"),
        ({"leaves": [{"name": "first", "counts": 2}]}, "leaves.0.counts"),
        ({"leaves": [{"name": "first", "count": "2"}]}, "leaves.0.count"),
        ({"leaves": [{"name": "first", "count": 2.5}]}, "leaves.0.count"),
        ({"notes": {"moss": "green"}}, "notes.moss"),
        ({"rings": 3.0}, "rings"),
        ({"rings": {}}, "rings"),
        ({"rings": ["1.5"]}, "rings"),
        ({"rings": [1.5, None]}, "rings"),
        ({"rings": [True]}, "rings"),
        ({"rings": [[1.5], [1.5, 2.5]]}, "rings"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_place(change, place):
    with pytest.raises(DocumentError, match=f"^Stored Tree does not fit at {place}[:.]"):
        Tree.from_json(STORED | change)


@pytest.mark.parametrize("missing", ["class", "height", "is_old", "leaves"])
def test_a_key_that_has_to_be_there_is_missed(missing):
    with pytest.raises(DocumentError, match=f"^Stored Tree does not fit at {missing}: Field required"):
        Tree.from_json({name: value for name, value in STORED.items() if name != missing})


@pytest.mark.parametrize("stored", [None, [], "oak", 3])
def test_what_is_no_object_is_no_document(stored):
    with pytest.raises(DocumentError, match=r"^Stored Tree does not fit at the whole: "):
        Tree.from_json(stored)


def test_a_document_never_changes():
    with pytest.raises(ValidationError, match="frozen"):
        Leaf(name="first").name = "second"


def column(**options):
    field = DocumentField(Leaf, **options)
    field.set_attributes_from_name("leaf")
    return field


@pytest.mark.parametrize("value", [{"name": "first"}, {}, [], "first", 3, True, Tree.from_json(STORED)])
def test_a_column_takes_its_document_and_nothing_else(value):
    with pytest.raises(DocumentError, match=f"^leaf takes Leaf documents, and no {type(value).__name__}"):
        column().get_db_prep_save(value, connection)


def test_a_column_writes_and_reads_the_documents_json():
    written = column().get_db_prep_save(Leaf(name="first"), connection)

    assert written.obj == {"name": "first"}
    assert column().from_db_value('{"name": "first"}', None, connection) == Leaf(name="first")
    assert column(null=True).get_db_prep_save(None, connection) is None
    assert column(null=True).from_db_value(None, None, connection) is None


def test_a_column_that_holds_something_else_is_not_read():
    with pytest.raises(DocumentError, match="Stored Leaf does not fit at nom"):
        column().from_db_value('{"name": "first", "nom": "premier"}', None, connection)


def test_migrations_see_a_column_of_json():
    _, path, arguments, options = column(default=Leaf).deconstruct()

    assert (path, arguments, options) == ("django.db.models.JSONField", [], {"default": dict})
    copy = column(null=True).clone()
    assert (type(copy), copy.document, copy.null) == (DocumentField, Leaf, True)
    assert isinstance(copy, models.JSONField)


def test_a_copy_knows_nothing_that_was_computed_of_the_first():
    class Square(Document):
        side: float

        @cached_property
        def area(self) -> float:
            return self.side**2

    first = Square(side=2.0)

    assert first.area == 4.0
    assert first.model_copy(update={"side": 3.0}).area == 9.0


def test_nobody_changes_the_arrays_of_a_document():
    rings = Tree.from_json(STORED).rings

    with pytest.raises(ValueError, match="read-only"):
        rings[0, 0] = 1.0
