"""Model and validation rows of a guided request: only what fits the task, and rows that can judge."""

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse

from tests.factories.drafts import rows_csv
from tests.integration.marketplace.guided import address, upload
from tests.integration.words import words_of
from valuation.core.models.catalogue import model_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("model", "given", "said"),
    [
        ("logistic_regression", {"C": "0"}, "It is 0.0, and must be at least 0.0001."),
        ("logistic_regression", {"C": "nan"}, "This is not a number. Write it like 12.5."),
        ("logistic_regression", {"C": ""}, "Freedom (C): It is empty. Fill it in."),
        ("knn", {"n_neighbors": "2.5"}, "This is not a whole number. Write it like 12."),
        ("sklearn:LinearDiscriminantAnalysis", {"solver": "svd", "shrinkage": "0.5"}, "null with the solver svd"),
        ("sklearn:DecisionTreeClassifier", {"criterion": "__import__"}, "This is not on the list, or no longer."),
    ],
)
def test_a_parameter_out_of_bounds_is_refused_with_its_bounds(client, draft, model, given, said):
    client.post(address("model", draft), {"model": model, "metric": "accuracy"})
    draft.refresh_from_db()
    before = draft.model_spec
    defaults = {name: value for name, value in model_of(before, draft.task).defaults.items() if value is not None}

    answer = client.post(address("parameters", draft), defaults | given)

    draft.refresh_from_db()
    assert answer.status_code == 422
    assert said in words_of(answer)
    assert draft.model_spec == before


def test_only_models_of_the_task_are_offered_and_another_task_asks_again(client, draft):
    answer = client.post(address("model", draft), {"model": "ridge_regression", "metric": "r2"})
    assert answer.status_code == 422
    client.post(address("model", draft), {"model": "knn", "metric": "accuracy"})

    client.post(address("target", draft), {"target": "age", "task": "regression"})

    draft.refresh_from_db()
    assert (draft.task, draft.model_spec, draft.metric) == ("regression", {}, "")
    assert "Ridge regression" in words_of(client.get(address("model", draft)))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (rows_csv(99), "at least 100 are needed"),
        (rows_csv(150, one_class=True), "every model scores alike"),
        (rows_csv(150).replace(b"Ely", b"Elyy"), "Perhaps “Ely” is meant"),
        (rows_csv(150).replace(b",town", b",city"), "1 problem"),
        (b"", "The file is empty"),
    ],
)
def test_a_validation_file_that_cannot_judge_is_refused(client, draft, content, said):
    answer = client.post(address("validation", draft), upload(content))

    draft.refresh_from_db()
    assert answer.status_code == 422
    assert said in words_of(answer) or "town" in words_of(answer)
    assert draft.validation_sha256 == ""
    assert not default_storage.exists("validation") or default_storage.listdir("validation")[1] == []


def test_a_word_that_the_sample_lacked_is_one_problem_and_its_column_can_be_widened(client, draft):
    content = rows_csv(150).replace(b"Ely", b"Oslo")
    times = content.count(b"Oslo")
    assert times > 1

    answer = client.post(address("validation", draft), upload(content))

    page, names = words_of(answer), [column["name"] for column in draft.schema["columns"]]
    assert page.count("“Oslo” is not one of the categories") == 1
    assert f"At least {min(times, 20)} rows have this problem." in page
    column = reverse("marketplace:draft_column", args=[draft.pk, names.index("town")])
    assert f'href="{column}"' in answer.content.decode()
    assert reverse("marketplace:draft_column", args=[draft.pk, names.index("age")]) not in answer.content.decode()


def test_another_schema_forgets_the_validation_rows(client, complete, django_capture_on_commit_callbacks):
    stored = complete.validation_file.name
    assert default_storage.exists(stored)

    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("marketplace:draft_column_remove", args=[complete.pk, 1]))

    complete.refresh_from_db()
    assert (complete.validation_sha256, complete.validation_rows, complete.validation_profile) == ("", 0, {})
    assert not default_storage.exists(stored)
