"""Columns and target of a guided request: read from a sample, changed one by one, refused with how to mend them."""

import pytest
from django.urls import reverse

from tests.integration.marketplace.guided import address, upload
from tests.integration.words import words_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty"),
        (b"age,buys\n1\n", "The row has 1 cells; the header has 2."),
        (b"age,age\n1,2\n", "2 columns have this name."),
        (b"age,buys\n", "no row below its column names"),
        (b"=age,buys\n1,no\n", "must not begin with"),
        (b"PAR1 nothing PAR1", "cannot be read"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    ],
)
def test_a_sample_that_cannot_be_read_says_why(client, draft, content, said):
    before = draft.schema

    answer = client.post(address("columns", draft), upload(content))

    draft.refresh_from_db()
    assert answer.status_code == 422
    assert said in words_of(answer)
    assert draft.schema == before


def test_a_column_of_free_text_is_left_out_and_told(client, draft):
    content = b"name,age\n" + b"".join(b"Person %d,%d\n" % (number, number) for number in range(50))

    answer = client.post(address("columns", draft), upload(content), follow=True)

    draft.refresh_from_db()
    assert [column["name"] for column in draft.schema["columns"]] == ["age"]
    assert "The column name is left out: 50 different texts" in words_of(answer)
    assert draft.target == ""


def test_columns_are_changed_added_and_left_out(client, draft):
    edit = reverse("marketplace:draft_column", args=[draft.pk, 0])
    client.post(edit, {"name": "age", "kind": "number", "required": "on", "minimum": "18", "maximum": ""})
    client.post(reverse("marketplace:draft_column_new", args=[draft.pk]),
                {"name": "size", "kind": "category", "categories": "S\nM\n\nL\n"})  # fmt: skip
    client.post(reverse("marketplace:draft_column_remove", args=[draft.pk, 1]))

    draft.refresh_from_db()
    assert [column["name"] for column in draft.schema["columns"]] == ["age", "buys", "size"]
    assert draft.schema["columns"][0]["maximum"] is None
    assert draft.schema["columns"][2]["categories"] == ["S", "M", "L"]
    assert draft.target == "buys"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "town", "kind": "number"}, "declared 2 times"),
        ({"name": "age", "kind": "number", "minimum": "9", "maximum": "1"}, "below the least one"),
        ({"name": "age", "kind": "category", "categories": " \n "}, "needs its words"),
        ({"name": "age", "kind": "category", "categories": "a\na"}, "listed 2 times"),
        ({"name": "@age", "kind": "number"}, "must not begin with"),
        ({"name": "age", "kind": "number", "minimum": "nan"}, "This is not a number. Write it like 12.5."),
        ({"name": "", "kind": "image"}, "Name: It is empty. Fill it in."),
    ],
)
def test_a_column_that_cannot_be_is_refused(client, draft, given, said):
    before = draft.schema

    answer = client.post(reverse("marketplace:draft_column", args=[draft.pk, 0]), given)

    draft.refresh_from_db()
    assert answer.status_code == 422
    assert said in words_of(answer)
    assert draft.schema == before


@pytest.mark.parametrize(
    ("target", "task", "said"),
    [
        ("age", "classification", "must be a category"),
        ("buys", "regression", "must be a number"),
        ("wage", "regression", "This is not on the list, or no longer."),
    ],
)
def test_a_target_that_does_not_fit_is_refused(client, draft, target, task, said):
    answer = client.post(address("target", draft), {"target": target, "task": task})

    assert answer.status_code == 422
    assert said in words_of(answer)
    assert "schema" not in words_of(answer)
    assert "open the request again" not in words_of(answer)
