"""From a submission to a decision: what is compared, once, what an operator may decide, and what sellers see of it."""

from dataclasses import replace

import pyarrow as pa
import pytest
from django.db import DatabaseError, transaction

from marketplace import tasks
from marketplace.basics.errors import NotAllowedError
from marketplace.models import AuditEvent, CopyComparison, CopyFinding, DatasetVersion, Membership, Notice, Role
from marketplace.selectors import copies as selectors
from marketplace.selectors import copy_evidence
from marketplace.services import copies, copy_search, submissions
from tests.factories.accounts import make_member, make_organization
from tests.factories.datasets import make_submission, make_version
from tests.factories.requests import make_request
from tests.integration.valuation.market import SCHEMA, csv_of, table

pytestmark = pytest.mark.django_db

ROWS = 60


@pytest.fixture(autouse=True)
def queued(monkeypatch):
    """Messages wait for a commit that never comes, or are counted here."""
    sent = []
    monkeypatch.setattr(copies.celery_app, "send_task", lambda name, **options: sent.append((name, options)))
    return sent


@pytest.fixture
def request_(db):
    return make_request(schema=SCHEMA, title="Incomes")


def submitted(request, rows, *, name, organization="Own House"):
    seller = make_member(Role.SELLER, organization=make_organization(name=organization))
    return make_submission(request=request, seller=seller, name=name, data=csv_of(rows))


@pytest.fixture
def finding(request_):
    rows = table(ROWS, seed=1)
    submitted(request_, rows, name="Original", organization="First House")
    submitted(request_, rows.take(list(reversed(range(ROWS)))), name="Shuffled", organization="Second House")
    submitted(request_, table(ROWS, seed=2), name="Honest", organization="Third House")
    copies.check(request=request_)
    return CopyFinding.objects.get()


def test_a_copy_is_found_once_and_names_both(request_, finding):
    copies.check(request=request_)
    tasks.check_copies(request_id=str(request_.pk))

    assert CopyFinding.objects.get() == finding
    assert finding.kind == "reordered"
    assert (finding.first.dataset.name, finding.second.dataset.name) == ("Original", "Shuffled")
    assert sorted(map(tuple, finding.pairs)) == [(row, ROWS - 1 - row) for row in range(ROWS)]
    assert (finding.rows_matched, finding.expected_by_chance, finding.state) == (ROWS, 0, "open")
    assert finding.log10_p_value == pytest.approx(-18.06, abs=0.01)
    assert CopyComparison.objects.count() == 9, "three files with each other, themselves and the validation rows"
    assert AuditEvent.objects.get(action="copies.found").actor is None
    assert selectors.summary(request_) == selectors.Summary(
        is_checked=True,
        is_checked_with_validation=True,
        open=1,
        disputed=0,
        first_keeps=0,
        both_keep=0,
        rows_left_out=0,
    )


def test_a_submission_queues_its_comparison_and_the_sweeper_queues_it_again(
    request_, queued, django_capture_on_commit_callbacks
):
    seller = make_member(Role.SELLER)
    version = make_version(request=request_, seller=seller, data=csv_of(table(20, seed=1)))
    with django_capture_on_commit_callbacks(execute=True):
        submissions.submit(version=version, by=seller)
    hint = ("marketplace.check_copies", {"kwargs": {"request_id": str(request_.pk)}})
    assert queued == [hint]

    assert selectors.outstanding(request_) == [(None, version)], "a file alone is compared with the validation rows"
    copies.sweep()
    assert queued == [hint, hint]

    copies.check(request=request_)
    copies.sweep()
    assert queued == [hint, hint], "what has been compared is not queued again"

    submitted(request_, table(20, seed=2), name="Other")
    tasks.sweep_copies()
    assert queued == [hint, hint, hint]


def test_a_check_that_is_out_of_time_leaves_the_rest(request_):
    for seed in range(3):
        submitted(request_, table(20, seed=seed), name=f"Set {seed}", organization=f"House {seed}")

    copies.check(request=request_, seconds_max=-1)

    assert len(selectors.outstanding(request_)) == 9


def test_who_uploaded_the_rows_in_an_older_version_comes_first(request_):
    rows = table(ROWS, seed=1)
    owner = make_member(Role.SELLER, organization=make_organization(name="Owner"))
    make_submission(request=request_, seller=owner, name="Own", data=csv_of(rows.slice(0, ROWS - 1)))
    submitted(request_, rows, name="Copied", organization="Copier")
    make_submission(request=request_, seller=owner, name="Own", data=csv_of(rows))

    copies.check(request=request_)

    finding = CopyFinding.objects.get()
    assert finding.first.uploaded_at > finding.second.uploaded_at
    assert (finding.first.dataset.name, finding.first.number, finding.second.dataset.name) == ("Own", 2, "Copied")


def test_a_decision_names_who_when_and_why_and_is_final(request_, finding):
    operator = make_member(Role.OPERATOR, full_name="Olga Operator")

    copies.decide(finding=finding, decision="disputed", reason="Both show invoices.", by=operator)
    assert selectors.excluded_rows(request_) == {}
    decided = copies.decide(finding=finding, decision="first_keeps", reason=" The second bought them. ", by=operator)

    assert (decided.state, decided.decided_by, decided.reason) == ("first_keeps", operator, "The second bought them.")
    assert selectors.excluded_rows(request_) == {str(finding.second_id): list(range(ROWS))}
    assert selectors.rows_left_out(finding.second) == ROWS
    assert selectors.rows_left_out(finding.first) == 0
    events = AuditEvent.objects.filter(action="copies.decided").order_by("at")
    assert [(event.actor, event.data["to"]) for event in events] == [(operator, "disputed"), (operator, "first_keeps")]
    with pytest.raises(copies.FindingDecidedError):
        copies.decide(finding=finding, decision="both_keep", reason="No.", by=operator)


def told():
    return {notice.organization.name: notice for notice in Notice.objects.select_related("organization")}


def test_an_upheld_finding_tells_the_second_seller_about_its_own_rows_and_nobody_else(finding):
    copies.decide(finding=finding, decision="first_keeps", reason="No source.", by=make_member(Role.OPERATOR))

    assert list(told()) == ["Second House"]
    notice = told()["Second House"]
    assert notice.subject == "60 rows of Shuffled, version 1 are left out"
    assert notice.body.startswith("60 of the 60 rows of Shuffled, version 1, which Second House submitted to “Incomes”")
    assert "submit them as a new version: that is looked at anew" in notice.body
    assert f"/datasets/{finding.second_id}/" in notice.body
    for secret in ("First House", "Original", "No source."):
        assert secret not in notice.body


@pytest.mark.parametrize(
    ("decision", "second"), [("first_keeps", "are left out of rounds"), ("both_keep", "none of your rows is left out")]
)
def test_the_end_of_a_dispute_is_told_to_both(finding, decision, second):
    operator = make_member(Role.OPERATOR)
    copies.decide(finding=finding, decision="disputed", reason="Both show invoices.", by=operator)
    assert told() == {}

    copies.decide(finding=finding, decision=decision, reason="One was forged.", by=operator)

    assert set(told()) == {"First House", "Second House"}
    assert "none of your rows is left out" in told()["First House"].body
    assert second in told()["Second House"].body
    assert "Second House" not in told()["First House"].body


def test_both_keeping_what_nobody_disputed_is_told_to_nobody(finding):
    copies.decide(finding=finding, decision="both_keep", reason="Public data.", by=make_member(Role.OPERATOR))

    assert told() == {}


def test_only_operators_who_belong_to_neither_decide_and_say_why(finding):
    party = make_member(Role.OPERATOR)
    Membership.objects.create(user=party, organization=finding.second.dataset.organization, role=Role.SELLER)
    refusals = [
        (make_member(Role.SELLER), "Because.", NotAllowedError),
        (party, "Because.", NotAllowedError),
        (make_member(Role.OPERATOR), "  ", copies.ReasonMissingError),
    ]
    for person, reason, refusal in refusals:
        with pytest.raises(refusal):
            copies.decide(finding=finding, decision="first_keeps", reason=reason, by=person)
    finding.refresh_from_db()
    assert finding.state == "open"


@pytest.mark.parametrize(
    ("before", "change"),
    [
        (None, {"rows_matched": 1}),
        (None, {"pairs": []}),
        (None, {"state": "first_keeps"}),
        ("first_keeps", {"state": "both_keep"}),
        ("both_keep", {"state": "open"}),
        ("disputed", {"reason": "Another reason."}),
        ("first_keeps", {"decided_by": None}),
    ],
)
def test_the_database_refuses_to_rewrite_a_finding(finding, before, change):
    if before:
        copies.decide(finding=finding, decision=before, reason="Seen.", by=make_member(Role.OPERATOR))

    with pytest.raises(DatabaseError), transaction.atomic():
        CopyFinding.objects.filter(pk=finding.pk).update(**change)
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        CopyFinding.objects.filter(pk=finding.pk).delete()
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        CopyComparison.objects.update(seconds=0)


def test_a_withdrawn_copy_waits_for_nobody(request_, finding):
    seller = finding.second.dataset.organization.memberships.get().user
    assert selectors.waiting(request_).count() == 1

    submissions.withdraw(version=finding.second, by=seller)

    assert selectors.waiting(request_).count() == 0
    copies.ensure_checked(request=request_)


def test_an_upheld_finding_ends_with_the_rows_that_it_protects(request_, finding):
    copies.decide(finding=finding, decision="first_keeps", reason="No source.", by=make_member(Role.OPERATOR))
    first = finding.first.dataset.organization.memberships.get().user
    assert selectors.excluded_rows(request_) == {str(finding.second_id): list(range(ROWS))}

    submissions.withdraw(version=finding.first, by=first)
    assert selectors.excluded_rows(request_) == {}
    assert selectors.rows_left_out(finding.second) == 0
    assert selectors.summary(request_).rows_left_out == 0

    submissions.submit(version=finding.first, by=first)
    assert selectors.excluded_rows(request_) == {str(finding.second_id): list(range(ROWS))}
    assert selectors.rows_left_out(finding.second) == ROWS


def test_the_second_seller_finds_the_decision_at_home_and_whom_to_write_to(client, finding, settings):
    settings.FAIRCUT_CONTACT = "desk@example.org"
    copies.decide(finding=finding, decision="first_keeps", reason="No source.", by=make_member(Role.OPERATOR))
    homes = {}
    for version in (finding.first, finding.second):
        client.force_login(version.dataset.organization.memberships.get().user)
        homes[version.pk] = client.get("/").content.decode()

    assert "An operator left out 60 of the 60 rows of Shuffled, version 1" in homes[finding.second_id]
    assert "left out" not in homes[finding.first_id]
    assert "mailto:desk@example.org" in client.get(f"/datasets/{finding.second_id}/").content.decode()
    assert "tell the operator (desk@example.org)" in told()["Second House"].body

    submissions.withdraw(version=finding.second, by=finding.second.dataset.organization.memberships.get().user)
    assert "left out" not in client.get("/").content.decode()


def test_whoever_withdrew_first_wins_nothing_and_nobody_is_told_of_rows_left_out(request_, finding):
    submissions.withdraw(version=finding.first, by=finding.first.dataset.organization.memberships.get().user)

    copies.decide(finding=finding, decision="first_keeps", reason="No source.", by=make_member(Role.OPERATOR))

    assert selectors.excluded_rows(request_) == {}
    assert told() == {}


@pytest.mark.parametrize("decision", [None, "both_keep"])
def test_rows_that_only_a_later_method_finds_are_another_finding_and_what_was_found_stays(
    request_, finding, monkeypatch, decision
):
    """The first method is made to find 40 of the 60 rows of a copy."""
    compare, rows = copy_search.compare, table(ROWS, seed=5)
    submitted(request_, rows, name="Other original", organization="Fourth House")
    submitted(request_, rows, name="Other copy", organization="Fifth House")
    with monkeypatch.context() as earlier:
        earlier.setattr(copy_search, "compare", lambda *files, **padded: [part(of) for of in compare(*files, **padded)])
        earlier.setattr(selectors, "METHOD", "copies-0")
        copies.check(request=request_)
    old = CopyFinding.objects.get(kind="exact")
    if decision:
        copies.decide(finding=old, decision=decision, reason="Same source.", by=make_member(Role.OPERATOR))
    before = list(CopyFinding.objects.order_by("pk").values())

    copies.check(request=request_)

    (new,) = CopyFinding.objects.exclude(pk__in=[old.pk, finding.pk])
    assert (new.first_id, new.second_id, new.kind, new.state) == (old.first_id, old.second_id, "exact", "open")
    assert old.pairs == [[row, row] for row in range(40)]
    assert new.pairs == [[row, row] for row in range(40, ROWS)]
    assert (new.rows_matched, new.method) == (20, selectors.METHOD)
    assert list(CopyFinding.objects.exclude(pk=new.pk).order_by("pk").values()) == before
    assert AuditEvent.objects.filter(action="copies.found").count() == 3


def part(found):
    return replace(found, pairs=found.pairs[:40])


def test_too_much_to_compare_is_left_to_the_workers(request_, queued, monkeypatch):
    monkeypatch.setattr(copies, "CELLS_AT_START", 1_000)
    for seed in range(2):
        submitted(request_, table(30, seed=seed), name=f"Set {seed}", organization=f"House {seed}")

    with pytest.raises(copies.CopiesNotCheckedError):
        copies.ensure_checked(request=request_)

    assert [name for name, _ in queued] == ["marketplace.check_copies"]


def test_the_pages_show_the_rows_side_by_side_and_take_the_decision(client, request_, finding):
    operator = make_member(Role.OPERATOR, full_name="Olga Operator")
    client.force_login(operator)
    address = f"/copies/{finding.pk}/"

    listed, page = client.get("/copies/").content.decode(), client.get(address).content.decode()
    for words in ("First House", "Second House", "equal, in another order"):
        assert words in listed
        assert words in page
    assert "chance explains less than 1" in page
    assert "Row 1 and row 60: 3 of 3 cells equal" in page or "Row 60 and row 1: 3 of 3 cells equal" in page
    assert "leave out 60 rows of Second House" in page

    client.post(f"{address}decide/", {"decision": "first_keeps", "reason": ""})
    finding.refresh_from_db()
    assert finding.state == "open"
    client.post(f"{address}decide/", {"decision": "first_keeps", "reason": "The first made them."})
    decided = client.get(address).content.decode()
    assert "The first made them." in decided
    assert "Olga Operator" in decided
    assert 'name="reason"' not in decided


def test_rows_with_one_column_changed_are_found_and_the_page_names_the_column(client, request_):
    rows, words = table(ROWS, seed=1), "equal or nearly so in every column but “income”"
    submitted(request_, rows, name="Original", organization="First House")
    submitted(request_, with_income_changed(rows), name="Changed", organization="Second House")
    copies.check(request=request_)
    found = CopyFinding.objects.get()
    client.force_login(make_member(Role.OPERATOR))

    page = client.get(f"/copies/{found.pk}/").content.decode()

    assert (found.kind, found.columns_ignored) == ("but_one", ["income"])
    assert found.pairs == [[row, row] for row in range(rows.num_rows)]
    assert words in page
    assert words in client.get("/copies/").content.decode()
    assert "although each of the 3 columns was left out in turn" in page
    assert "2 of 3 cells equal" in page
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        CopyFinding.objects.update(columns_ignored=["age"])


def test_rows_repeated_in_one_file_with_a_column_changed_are_kept_once_or_all(client, request_):
    rows = table(200, seed=1)
    submitted(request_, pa.concat_tables([rows, with_income_changed(rows)]), name="Padded")
    submitted(request_, table(200, seed=2), name="Honest", organization="Third House")
    copies.check(request=request_)
    found = CopyFinding.objects.get()
    client.force_login(make_member(Role.OPERATOR))

    page = client.get(f"/copies/{found.pk}/").content.decode()
    copies.decide(finding=found, decision="first_keeps", reason="Padding.", by=make_member(Role.OPERATOR))

    assert (found.first, found.kind, found.columns_ignored) == (found.second, "but_one", ["income"])
    assert "repeated within the file, equal or nearly so in every column but “income”" in page
    assert "Keep each row once?" in page
    assert selectors.excluded_rows(request_) == {str(found.second_id): list(range(200, 400))}


def with_income_changed(rows):
    other = {"low": "high", "high": "low"}
    return rows.set_column(2, "income", pa.array([other[income] for income in rows["income"].to_pylist()]))


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (["age"], "every column but “age”"),
        (["age", "race"], "every column but one: “age” or “race”"),
        (["age", "race", "sex"], "every column but one: “age”, “race” or “sex”"),
        (["age", "race", "sex", "hours", "pay"], "every column but one: “age”, “race”, “sex” or 2 others"),
    ],
)
def test_the_columns_in_which_rows_differ_are_named(columns, words):
    versions = [DatasetVersion(rows=ROWS) for _ in range(2)]
    finding = CopyFinding(kind="but_one", first=versions[0], second=versions[1], columns_ignored=columns)

    assert copy_evidence.kind_in_words(finding) == f"equal or nearly so in {words}"


def test_findings_about_one_file_lead_to_each_other_and_one_seller_is_not_called_two(client, request_):
    rows = table(ROWS, seed=1)
    seller = make_member(Role.SELLER, organization=make_organization(name="Own House"))
    submitted(request_, rows, name="Theirs", organization="Other House")
    make_submission(request=request_, seller=seller, name="First", data=csv_of(rows))
    make_submission(request=request_, seller=seller, name="Second", data=csv_of(rows))
    copies.check(request=request_)
    own, theirs = (
        CopyFinding.objects.get(second__dataset__name="Second", first__dataset__name=name)
        for name in ("First", "Theirs")
    )
    client.force_login(make_member(Role.OPERATOR))

    page, foreign = (client.get(f"/copies/{finding.pk}/").content.decode() for finding in (own, theirs))

    assert f"/copies/{theirs.pk}/" in page
    assert "Both files are of one seller" in page
    assert "ask both sellers" not in page
    assert f"/copies/{own.pk}/" in foreign
    assert "ask both sellers" in foreign


@pytest.mark.parametrize(("rows", "words"), [(29, "equal"), (30, "equal, in the same order")])
def test_the_order_is_named_only_where_much_of_the_file_is_alike(rows, words):
    finding = CopyFinding(kind="exact", rows_matched=rows, first=DatasetVersion(), second=DatasetVersion(rows=ROWS))

    assert copy_evidence.kind_in_words(finding) == words


def test_an_operator_who_is_a_party_sees_no_decision_to_take(client, finding):
    party = make_member(Role.OPERATOR)
    Membership.objects.create(user=party, organization=finding.first.dataset.organization, role=Role.SELLER)
    client.force_login(party)

    page = client.get(f"/copies/{finding.pk}/").content.decode()

    assert "You belong to one of the two sides." in page
    assert 'name="reason"' not in page


def test_sellers_and_buyers_reach_no_finding(client, request_, finding):
    parties = [version.dataset.organization.memberships.get().user for version in (finding.first, finding.second)]
    for person in (*parties, make_member(Role.BUYER)):
        client.force_login(person)
        for address in ("/copies/", f"/copies/{finding.pk}/"):
            assert client.get(address).status_code == 403
        assert client.post(f"/copies/{finding.pk}/decide/").status_code == 403


def test_a_seller_reads_of_its_own_rows_only_and_only_once_decided(client, finding):
    seller = finding.second.dataset.organization.memberships.get().user
    client.force_login(seller)
    address = f"/datasets/{finding.second_id}/"
    assert "left out" not in client.get(address).content.decode()

    copies.decide(finding=finding, decision="first_keeps", reason="Bought.", by=make_member(Role.OPERATOR))
    page = client.get(address).content.decode()

    assert "All 60 rows are left out of rounds" in page
    for secret in ("First House", "Original", "Bought."):
        assert secret not in page
    client.force_login(finding.first.dataset.organization.memberships.get().user)
    assert "left out" not in client.get(f"/datasets/{finding.first_id}/").content.decode()
