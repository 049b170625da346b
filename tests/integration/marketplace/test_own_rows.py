"""Rows that a buyer has already: checked as validation rows are, apart from them, private, committed at opening."""

import io

import pyarrow.parquet as pq
import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, ProgrammingError, transaction
from django.urls import reverse

from marketplace.basics.errors import ConflictError
from marketplace.models import AuditEvent, DataRequest, Role
from marketplace.selectors.stored_rows import base_table
from marketplace.services import drafts
from tests.factories.accounts import make_member
from tests.factories.drafts import rows_csv
from tests.integration.marketplace.guided import address, upload
from tests.integration.marketplace.uploading import signed_in
from tests.integration.words import words_of

pytestmark = pytest.mark.django_db

HEADER = b"age,town,buys\n"
# No validation row has an age with a decimal.
OWN = HEADER + b"".join(b"%d.5,Ely,%s\n" % (age, b"yes" if age > 49 else b"no") for age in range(20, 80))
OWN_ROWS = 60


@pytest.fixture
def validation_lines():
    """The validation rows as `complete` uploads them, in their order and without repeats."""
    return list(dict.fromkeys(rows_csv(150, seed=1).splitlines()[1:]))


@pytest.fixture
def own(client, complete):
    """The complete draft with rows of the buyer's own."""
    client.post(address("own-rows", complete), upload(OWN))
    complete.refresh_from_db()
    return complete


def test_own_rows_are_kept_normalised_under_their_hash(client, complete):
    answer = client.post(address("own-rows", complete), upload(OWN), follow=True)

    complete.refresh_from_db()
    assert "Your own rows are kept and hashed. No seller sees them." in words_of(answer)
    assert (complete.base_rows, len(complete.base_sha256)) == (OWN_ROWS, 64)
    assert base_table(complete).to_pylist()[0] == {"age": 20.5, "town": "Ely", "buys": "no"}
    assert f"Your own rows {OWN_ROWS}, SHA-256 {complete.base_sha256}" in words_of(
        client.get(address("review", complete))
    )


def test_the_step_is_optional(client, complete):
    page = words_of(client.get(f"/requests/{complete.pk}/"))

    assert "Every step is done." in page
    assert "Your own rows Optional" in page
    assert "Your own rows None" in words_of(client.get(address("review", complete)))


def test_a_file_with_problems_is_refused_with_where_to_mend_it(client, complete):
    answer = client.post(address("own-rows", complete), upload(OWN.replace(b"Ely", b"Oslo")))

    complete.refresh_from_db()
    assert answer.status_code == 422
    assert "“Oslo” is not one of the categories" in words_of(answer)
    assert reverse("marketplace:draft_column", args=[complete.pk, 1]) in answer.content.decode()
    assert (complete.base_rows, complete.base_sha256, bool(complete.base_file)) == (0, "", False)
    assert files_in("base") == []


def test_own_rows_wait_for_the_validation_file(client, draft):
    answer = client.post(address("own-rows", draft), upload(OWN), follow=True)

    assert "Upload the validation file first" in words_of(answer)
    assert answer.redirect_chain[-1][0] == address("validation", draft)


def test_rows_of_the_validation_file_are_refused_by_number_and_can_be_left_out(client, complete, validation_lines):
    lines = OWN.splitlines()
    lines[3:3] = validation_lines[:2]
    # The same rows whatever the order of the columns.
    content = b"\n".join(b",".join(reversed(line.split(b","))) for line in lines) + b"\n"

    answer = client.post(address("own-rows", complete), upload(content))

    complete.refresh_from_db()
    assert answer.status_code == 422
    assert "2 rows of this file are also in the validation file, equal in every column: rows 4, 5." in words_of(answer)
    assert (complete.base_rows, files_in("base")) == (0, [])

    answer = client.post(address("own-rows", complete), upload(content) | {"is_leaving_out": "on"}, follow=True)

    complete.refresh_from_db()
    assert "2 of the file were left out: the validation file has them." in words_of(answer)
    assert complete.base_rows == OWN_ROWS
    assert [row["age"] for row in base_table(complete).to_pylist()[:4]] == [20.5, 21.5, 22.5, 23.5]


def test_the_first_of_many_shared_rows_are_named_and_nothing_but_shared_rows_is_no_file(
    client, complete, validation_lines
):
    content = HEADER + b"\n".join(validation_lines[:7]) + b"\n"

    answer = client.post(address("own-rows", complete), upload(content))
    assert "7 rows of this file are also in the validation file" in words_of(answer)
    assert "the first are rows 2, 3, 4, 5, 6." in words_of(answer)

    answer = client.post(address("own-rows", complete), upload(content) | {"is_leaving_out": "on"})
    assert "Every row of this file is also in the validation file, so none is left." in words_of(answer)


def test_a_validation_file_that_holds_own_rows_is_refused(client, own):
    before = own.validation_sha256
    content = rows_csv(150, seed=2) + OWN.splitlines()[1] + b"\n"

    answer = client.post(address("validation", own), upload(content))

    own.refresh_from_db()
    assert answer.status_code == 422
    assert "1 row of this file is also among your own rows, equal in every column: row 152." in words_of(answer)
    assert own.validation_sha256 == before
    assert client.post(address("validation", own), upload(rows_csv(150, seed=2))).status_code == 302


def test_own_rows_held_against_a_validation_file_that_was_replaced_meanwhile_are_refused(buyer, own):
    stale = DataRequest.objects.get(pk=own.pk)
    drafts.set_validation(request=own, file=upload(rows_csv(150, seed=2))["file"], by=buyer)

    with pytest.raises(ConflictError, match="changed meanwhile"):
        drafts.set_base(request=stale, file=upload(OWN)["file"], is_leaving_out=False, by=buyer)

    assert len(files_in("base")) == 1


def test_own_rows_are_replaced_and_removed_with_their_files(client, own, django_capture_on_commit_callbacks):
    first = own.base_file.name
    with django_capture_on_commit_callbacks(execute=True):
        client.post(address("own-rows", own), upload(OWN.replace(b"Ely", b"Bath")))
    own.refresh_from_db()
    assert not default_storage.exists(first)
    assert default_storage.exists(own.base_file.name)

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("marketplace:draft_base_remove", args=[own.pk]), follow=True)

    own.refresh_from_db()
    assert "Your own rows are removed." in words_of(answer)
    assert (own.base_rows, own.base_sha256, bool(own.base_file), files_in("base")) == (0, "", False, [])
    assert own.validation_rows == 150


@pytest.mark.parametrize(
    ("step", "given"),
    [("target", {"target": "town", "task": "classification"}), ("columns/1/remove", {})],
)
def test_other_columns_forget_own_rows_and_say_so(client, own, step, given, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(address(step, own), given, follow=True)

    own.refresh_from_db()
    assert "Your own rows were held against other columns and are removed." in words_of(answer)
    assert (own.base_rows, own.base_sha256, bool(own.base_file), files_in("base")) == (0, "", False, [])


def test_a_deleted_draft_leaves_no_own_rows(client, own, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        client.post(address("delete", own))

    assert files_in("base") == []


def test_trainings_begin_with_own_rows_or_are_filled_up_and_not_both(client, own, buyer):
    filled_up = own.model_spec | {"start_rows": 5}
    said = "With rows of your own no training begins with nothing, so none is filled up."
    answer = client.post(address("parameters", own), {"C": "1", "start_rows": "5"})
    assert answer.status_code == 422
    assert said in words_of(answer)
    with pytest.raises(IntegrityError, match="request_begins_one_way"), transaction.atomic():
        DataRequest.objects.filter(pk=own.pk).update(model_spec=filled_up)

    drafts.remove_base(request=own, by=buyer)
    drafts.set_model(request=own, task=own.task, model_spec=filled_up, metric=own.metric, by=buyer)

    answer = client.post(address("own-rows", own), upload(OWN))
    assert answer.status_code == 422
    assert said in words_of(answer)


def test_opening_commits_the_hash_and_no_exchanged_row_opens(client, own):
    with default_storage.open(own.base_file.name, "rb") as stream:
        rows = stream.read()
    exchanged = pq.read_table(io.BytesIO(rows)).slice(1)
    with default_storage.open(own.base_file.name, "wb") as stream:
        pq.write_table(exchanged, stream)
    answer = client.post(f"/requests/{own.pk}/open/", follow=True)
    own.refresh_from_db()
    assert own.is_draft
    assert "The stored rows of your own are not those that were checked." in words_of(answer)

    with default_storage.open(own.base_file.name, "wb") as stream:
        stream.write(rows)
    client.post(f"/requests/{own.pk}/open/")

    own.refresh_from_db()
    assert own.is_open
    assert AuditEvent.objects.get(action="request.opened").data["base_sha256"] == own.base_sha256
    for change in ({"base_sha256": "f" * 64}, {"base_rows": 5}, {"base_file": "base/others.parquet"}):
        with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
            DataRequest.objects.filter(pk=own.pk).update(**change)
    answer = client.post(reverse("marketplace:draft_base_remove", args=[own.pk]), follow=True)
    assert "committed and cannot change any more" in words_of(answer)
    assert default_storage.exists(own.base_file.name)


@pytest.mark.parametrize("part", [{"base_rows": 5}, {"base_sha256": "f" * 64}, {"base_file": "base/x.parquet"}])
def test_the_database_keeps_file_hash_and_count_together(complete, part):
    with pytest.raises(IntegrityError, match="request_base_rows_complete"), transaction.atomic():
        DataRequest.objects.filter(pk=complete.pk).update(**part)


def test_sellers_learn_how_many_own_rows_there_are_and_nobody_can_fetch_them(own, buyer):
    drafts.open_draft(request=own, by=buyer)

    for role in (Role.SELLER, Role.OPERATOR):
        client = signed_in(make_member(role))
        page = client.get(reverse("marketplace:request_detail", args=[own.pk]))
        assert f"Buyer's own rows {OWN_ROWS}, private to the buyer; committed at opening under SHA-256" in words_of(
            page
        )
        assert own.base_file.name not in page.content.decode()
        assert client.get(address("own-rows", own)).status_code == 403
        for path in (f"/{own.base_file.name}", f"/media/{own.base_file.name}", f"/storage/{own.base_file.name}"):
            assert client.get(path).status_code == 404
    told = words_of(signed_in(make_member(Role.SELLER)).get(reverse("marketplace:request_detail", args=[own.pk])))
    assert f"The buyer has {OWN_ROWS} rows of its own already; you are paid for what your rows add to them." in told
    assert "the pot returns to the buyer, who receives neither model nor rows" in told
    assert "below that of the buyer's own rows alone" in told


def files_in(folder):
    return default_storage.listdir(folder)[1] if default_storage.exists(folder) else []
