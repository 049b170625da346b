"""Requests and runs from before terms were written out keep the game that they were opened and valued under."""

from importlib import import_module

import pytest
from django.apps import apps

from marketplace.models import DataRequest, Role
from tests.factories.accounts import make_member
from tests.factories.drafts import make_draft
from tests.factories.requests import make_request
from tests.integration.valuation.market import make_market
from tests.integration.words import words_of
from valuation.core.models import ModelSpec
from valuation.documents import Manifest
from valuation.services import inputs

pytestmark = pytest.mark.django_db

BEFORE = {"family": "knn", "params": {"n_neighbors": 5}, "seed": 0}
FIRST_TERMS = {"class_weights": False, "free_disposal": False, "clip_numbers": False, "start_rows": 0}


def test_an_open_request_has_the_first_terms_written_in_and_a_draft_gets_the_new_ones():
    opened = make_request(model_spec=BEFORE, metric="balanced_accuracy")
    draft = make_draft(make_member(Role.BUYER))
    DataRequest.objects.filter(pk=draft.pk).update(model_spec=BEFORE, metric="balanced_accuracy")
    write = import_module("marketplace.migrations.0012_first_terms").write_first_terms

    write(apps, None)
    write(apps, None)

    opened.refresh_from_db()
    draft.refresh_from_db()
    assert opened.model_spec == BEFORE | FIRST_TERMS
    assert draft.model_spec == BEFORE
    of_draft = ModelSpec.from_json({**draft.model_spec, "metric": draft.metric})
    assert (of_draft.class_weights, of_draft.free_disposal, of_draft.clip_numbers) == (True, True, True)


@pytest.mark.parametrize(("written", "has_terms"), [(2, False), (3, True)])
def test_a_run_that_was_frozen_before_plays_the_first_game(written, has_terms):
    stored = inputs.freeze(request=make_market(model_spec=BEFORE)).to_json()
    before = {"format": written, "model": BEFORE | {"metric": "balanced_accuracy"}}

    spec = Manifest.from_json(stored | before).spec

    assert {name: bool(getattr(spec, name)) for name in ("class_weights", "free_disposal", "clip_numbers")} == {
        "class_weights": has_terms,
        "free_disposal": has_terms,
        "clip_numbers": has_terms,
    }


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (FIRST_TERMS, "nothing is shared where the policy pays by chance: the pot returns to the buyer"),
        ({}, "nothing is shared: the pot returns to the buyer"),
    ],
)
def test_a_request_says_under_which_policies_nothing_is_shared(client, terms, said):
    seller = make_member(Role.SELLER)
    request = make_request(model_spec=BEFORE | terms, metric="balanced_accuracy")
    client.force_login(seller)

    page = words_of(client.get(f"/requests/{request.pk}/"))

    assert f"does not beat a constant answer by more than the error of the validation rows, {said}" in page
