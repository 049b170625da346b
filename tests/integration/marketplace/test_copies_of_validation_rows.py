"""Rows brought from the buyer's validation rows: found, decided by a person, and told without their content."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from marketplace.basics.errors import NotAllowedError
from marketplace.models import CopyComparison, CopyFinding, Membership, Notice, Role
from marketplace.selectors import copies as selectors
from marketplace.services import copies, copies_together
from tests.factories.accounts import make_member, make_organization
from tests.factories.datasets import make_submission
from tests.factories.requests import make_request
from tests.integration.valuation.market import SCHEMA, csv_of, table

pytestmark = pytest.mark.django_db

ROWS, COPIED = 60, 40


@pytest.fixture(autouse=True)
def queued(monkeypatch):
    """Messages wait for a commit that never comes."""
    monkeypatch.setattr(copies.celery_app, "send_task", lambda *_args, **_options: None)


@pytest.fixture
def validation():
    return table(300, seed=99)


@pytest.fixture
def request_(db, validation):
    sink = io.BytesIO()
    pq.write_table(validation, sink)
    return make_request(
        schema=SCHEMA, title="Incomes", buyer=make_organization(name="Buying House"), validation_rows=300,
        validation_file=ContentFile(sink.getvalue(), "validation.parquet"),
    )  # fmt: skip


@pytest.fixture
def seller():
    return make_member(Role.SELLER, organization=make_organization(name="Insider"))


@pytest.fixture
def finding(request_, validation, seller):
    rows = pa.concat_tables([table(ROWS - COPIED, seed=1), validation.slice(100, COPIED)])
    make_submission(request=request_, seller=seller, name="Leaked", data=csv_of(rows))
    copies.check(request=request_)
    return CopyFinding.objects.get()


def decide(finding, decision):
    return copies.decide(finding=finding, decision=decision, reason="Asked both.", by=make_member(Role.OPERATOR))


def test_validation_rows_in_a_file_are_found_and_a_round_waits_for_a_decision(request_, finding):
    assert finding.is_of_validation
    assert (finding.kind, finding.second.dataset.name, finding.rows_matched) == ("exact", "Leaked", COPIED)
    assert finding.pairs == [[100 + row, ROWS - COPIED + row] for row in range(COPIED)]
    assert selectors.excluded_rows(request_) == {}
    with pytest.raises(copies.FindingsWaitError):
        copies.ensure_checked(request=request_)

    copies.check(request=request_)

    assert CopyFinding.objects.count() == 1
    assert list(CopyComparison.objects.values_list("earlier", "later")) == [(None, finding.second_id)]


def test_a_seller_of_other_rows_is_compared_and_not_found(request_, seller):
    make_submission(request=request_, seller=seller, name="Own", data=csv_of(table(ROWS, seed=1)))

    copies.ensure_checked(request=request_)

    assert not CopyFinding.objects.exists()
    assert selectors.summary(request_).is_checked_with_validation


def test_upheld_the_rows_are_left_out_and_both_are_told_how_many_and_nothing_else(request_, finding):
    make_member(Role.BUYER, organization=request_.buyer)
    decided = decide(finding, "first_keeps")
    notices = {notice.organization.name: notice for notice in Notice.objects.select_related("organization")}

    assert selectors.excluded_rows(request_) == {str(finding.second_id): list(range(ROWS - COPIED, ROWS))}
    assert selectors.rows_left_out(finding.second) == COPIED
    assert decided.state_shown == "left_out"
    copies.ensure_checked(request=request_)
    assert set(notices) == {"Insider", "Buying House"}
    assert "40 of the 60 rows of Leaked, version 1" in notices["Insider"].body
    assert "validation" not in notices["Insider"].body
    assert "measures" not in notices["Insider"].body
    assert "Asked both." not in notices["Insider"].body


def test_the_buyer_learns_that_its_rows_are_out_and_not_who_has_them(request_, finding):
    make_member(Role.BUYER, organization=request_.buyer)

    decide(finding, "first_keeps")

    notice = Notice.objects.get(organization=request_.buyer)
    assert notice.subject == "a seller submitted 40 of your validation rows"
    assert "Insider" not in notice.body


def test_the_buyer_is_told_once_of_rows_that_stand_in_two_files(request_, validation, finding, seller):
    make_member(Role.BUYER, organization=request_.buyer)
    make_submission(request=request_, seller=seller, name="Again", data=csv_of(validation.slice(90, 30)))
    copies.check(request=request_)
    both = list(CopyFinding.objects.filter(first=None))

    copies_together.decide(findings=both, decision="first_keeps", reason="Asked both.", by=make_member(Role.OPERATOR))

    notice = Notice.objects.get(organization=request_.buyer)
    assert len(both) == 2
    assert notice.subject == "a seller submitted 50 of your validation rows"


@pytest.mark.parametrize(("decision", "told"), [("both_keep", ["Insider"]), ("first_keeps", ["Insider"])])
def test_a_dispute_lets_the_rows_count_until_its_end_is_told(request_, finding, decision, told):
    decide(finding, "disputed")
    assert selectors.excluded_rows(request_) == {}
    copies.ensure_checked(request=request_)

    decide(finding, decision)

    assert [notice.organization.name for notice in Notice.objects.all()] == told
    assert bool(selectors.excluded_rows(request_)) == (decision == "first_keeps")


def test_the_operators_pages_name_the_buyers_rows_and_both_choices(client, finding):
    client.force_login(make_member(Role.OPERATOR))
    address = f"/copies/{finding.pk}/"

    listed, page = client.get("/copies/").content.decode(), client.get(address).content.decode()

    for words in ("found among the validation rows: equal", "Insider"):
        assert words in listed
        assert words in page
    assert "Row 101 and row 21: 3 of 3 cells equal" in page
    assert "40 of 60 rows found among the validation rows: equal" in page
    assert "Buying House, 300 rows" in page
    assert "Are these validation rows?" in page
    assert "ask both sellers" not in page

    client.post(f"{address}decide/", {"decision": "both_keep", "reason": "Both took them from a public table."})
    decided = client.get(address).content.decode()
    assert "Rows count" in decided
    assert "Both keep" not in decided


def test_changed_validation_rows_are_named_and_not_shown(client, request_, finding):
    client.force_login(make_member(Role.OPERATOR))
    with request_.validation_file.open("ab") as stream:
        stream.write(b"one byte more")

    page = client.get(f"/copies/{finding.pk}/").content.decode()

    assert "are not those whose hash was committed" in page
    assert "Rows side by side" not in page


def test_decided_with_others_it_says_that_nothing_ends_it_and_the_list_asks_no_more_for_more_findings(
    client, request_, validation, finding, django_assert_num_queries
):
    client.force_login(make_member(Role.OPERATOR))
    with CaptureQueriesContext(connection) as of_one:
        client.get("/copies/")
    queries = len(of_one)
    other = make_member(Role.SELLER, organization=make_organization(name="Second House"))
    make_submission(request=request_, seller=other, name="Leaked too", data=csv_of(validation.slice(200, COPIED)))
    copies.check(request=request_)
    two = CopyFinding.objects.filter(first=None)

    page = client.get("/copies/together/", {"finding": [found.pk for found in two]}).content.decode()

    assert two.count() == 2
    assert "One about validation rows holds for good" in page
    with django_assert_num_queries(queries):
        client.get("/copies/")


@pytest.mark.parametrize("side", ["buyer", "seller", "rival"])
def test_an_operator_of_the_buyer_or_of_any_seller_decides_nothing_and_reads_no_validation_row(
    client, request_, finding, side
):
    party, rival = make_member(Role.OPERATOR), make_member(Role.SELLER, organization=make_organization(name="Rival"))
    make_submission(request=request_, seller=rival, name="Rival's", data=csv_of(table(ROWS, seed=3)))
    organization = {
        "buyer": request_.buyer,
        "seller": finding.second.dataset.organization,
        "rival": rival.memberships.get().organization,
    }[side]
    Membership.objects.create(user=party, organization=organization, role=Role.SELLER)
    client.force_login(party)

    page = client.get(f"/copies/{finding.pk}/").content.decode()

    assert "You belong to the buyer or a seller of this request." in page
    assert "Rows side by side" not in page
    assert 'name="reason"' not in page
    with pytest.raises(NotAllowedError):
        copies.decide(finding=finding, decision="both_keep", reason="Fine.", by=party)


def test_the_seller_reads_on_its_own_page_how_many_rows_and_no_cell_of_them(client, finding, seller):
    decide(finding, "first_keeps")
    client.force_login(seller)

    page = client.get(f"/datasets/{finding.second_id}/").content.decode()

    assert "40 of the 60 rows are left out of rounds" in page
    assert "validation" not in page
    assert client.get(f"/copies/{finding.pk}/").status_code == 403


def test_the_database_keeps_one_finding_of_a_kind_and_one_comparison_with_the_validation_rows(finding):
    evidence = {"rows_matched": 1, "expected_by_chance": 0, "log10_p_value": -9, "pairs": [[0, 0]]}
    evidence["method"] = selectors.METHOD
    for kind in ("exact", "within"):
        with pytest.raises(IntegrityError), transaction.atomic():
            CopyFinding.objects.create(request=finding.request, second=finding.second, kind=kind, **evidence)
    with pytest.raises(IntegrityError), transaction.atomic():
        CopyComparison.objects.create(
            request=finding.request, later=finding.second, method=selectors.METHOD, seconds=0.0
        )
