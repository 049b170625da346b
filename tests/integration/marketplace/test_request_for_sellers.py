"""What the page of a request says to those who may answer it, and to those who may not."""

import io

import pytest
from django.urls import reverse

from marketplace import ingest
from marketplace.models import Role
from marketplace.selectors.uploads import example_rows
from tests.factories.accounts import make_member, organization_of
from tests.factories.requests import SCHEMA, make_request
from tests.integration.marketplace.uploading import (
    signed_in,
    stored,
    upload,
)
from tests.integration.words import words_of

pytestmark = pytest.mark.django_db


def test_the_request_says_to_sellers_how_it_pays_and_shows_rows_that_fit():
    page = signed_in(make_member(Role.SELLER)).get(reverse("marketplace:request_detail", args=[make_request().pk]))

    assert "How it pays" in words_of(page)
    assert "not by how many rows there are" in words_of(page)
    header = ",".join(column["name"] for column in SCHEMA["columns"])
    rows = [",".join(row) for row in example_rows(SCHEMA)]
    assert rows == ["30,2,Female,<=50K", "60,5,Male,>50K", "90,,Female,<=50K"]
    found = ingest.check(
        io.BytesIO("\n".join([header, *rows]).encode()), filename="a.csv", schema=ingest.TableSchema.from_json(SCHEMA)
    )
    assert isinstance(found, ingest.Checked)


def test_buyers_are_not_told_how_sellers_are_paid():
    buyer = make_member(Role.BUYER)
    request = make_request(buyer=organization_of(buyer))

    assert "How it pays" not in words_of(signed_in(buyer).get(reverse("marketplace:request_detail", args=[request.pk])))


def test_a_house_that_buys_and_sells_is_told_that_nobody_sells_to_themselves():
    seller = make_member(Role.SELLER)
    request = make_request(buyer=organization_of(seller))

    client = signed_in(seller)
    own, other = (
        words_of(client.get(reverse("marketplace:request_detail", args=[one.pk]))) for one in (request, make_request())
    )
    for words in ("Upload a file", "How it pays"):
        assert words not in own
        assert words in other
    before = stored()

    response = upload(client, request)

    assert response.status_code == 409
    assert "belongs to the buyer of “Rows that tell high earners”, and nobody sells to themselves." in words_of(
        response
    )
    assert stored() == before
