"""Several findings decided at once: each keeps its record, and one that may not be decided stops none of the others."""

import pytest
from django.urls import reverse

from marketplace.basics.errors import NotAllowedError
from marketplace.models import AuditEvent, CopyFinding, Membership, Notice, Role
from marketplace.services import copies, copies_together
from marketplace.services.copies import ReasonMissingError
from marketplace.services.copies_together import DecisionsRefusedError
from tests.factories.accounts import make_member, make_organization
from tests.factories.datasets import make_submission
from tests.factories.requests import make_request
from tests.integration.valuation.market import SCHEMA, csv_of, table

pytestmark = pytest.mark.django_db
ADDRESS = "/copies/together/"


@pytest.fixture(autouse=True)
def no_broker(monkeypatch):
    monkeypatch.setattr(copies.celery_app, "send_task", lambda *_args, **_kwargs: None)


@pytest.fixture
def findings():
    """Three copies of one file by three houses: each pair of them is a finding."""
    request, rows = make_request(schema=SCHEMA, title="Incomes"), table(40, seed=1)
    for number, house in enumerate(["First House", "Second House", "Third House"]):
        seller = make_member(Role.SELLER, organization=make_organization(name=house))
        make_submission(request=request, seller=seller, name=f"Set {number}", data=csv_of(rows.slice(number)))
    copies.check(request=request)
    found = list(CopyFinding.objects.order_by("second__uploaded_at", "first__uploaded_at"))
    assert [finding.rows_matched for finding in found] == [39, 38, 38]
    return found


@pytest.fixture
def operator():
    return make_member(Role.OPERATOR)


def party_to(house):
    person = make_member(Role.OPERATOR)
    Membership.objects.create(user=person, organization=house, role=Role.SELLER)
    return person


def states():
    return sorted(CopyFinding.objects.values_list("state", flat=True))


def test_each_finding_keeps_a_record_of_its_own(findings, operator):
    decided = copies_together.decide(findings=findings, decision="both_keep", reason="Public rows.", by=operator)

    assert {finding.pk for finding in decided} == {finding.pk for finding in findings}
    assert states() == ["both_keep"] * 3
    assert set(CopyFinding.objects.values_list("reason", "decided_by")) == {("Public rows.", operator.pk)}
    events = AuditEvent.objects.filter(action="copies.decided")
    assert {event.subject_id for event in events} == {str(finding.pk) for finding in findings}
    assert {event.data["reason"] for event in events} == {"Public rows."}


def test_a_seller_is_told_once_of_a_file_whatever_is_decided_about_it(findings, operator):
    copies_together.decide(findings=findings, decision="first_keeps", reason="Copied.", by=operator)

    told = Notice.objects.filter(kind="copies_decided").order_by("subject")
    assert [notice.subject for notice in told] == [
        "38 rows of Set 2, version 1 are left out", "39 rows of Set 1, version 1 are left out",
    ]  # fmt: skip


def test_the_end_of_several_disputes_is_told_once_a_file(findings, operator):
    for decision in ("disputed", "both_keep"):
        copies_together.decide(findings=findings, decision=decision, reason="Asked.", by=operator)

    told = Notice.objects.filter(kind="copies_decided")
    assert sorted(told.values_list("organization__name", flat=True)) == ["First House", "Second House", "Third House"]


def test_one_that_may_not_be_decided_stops_all_and_is_named(findings):
    person = party_to(findings[0].first.dataset.organization)
    copies.decide(finding=findings[2], decision="disputed", reason="Asked both.", by=make_member(Role.OPERATOR))

    with pytest.raises(DecisionsRefusedError, match="3 of the 3 findings cannot be decided so by you") as refused:
        copies_together.decide(findings=findings, decision="disputed", reason="Asked both.", by=person)

    why = {refusal.finding.pk: refusal.why for refusal in refused.value.refusals}
    assert why == {
        findings[0].pk: "You belong to one of the two sides.",
        findings[1].pk: "You belong to one of the two sides.",
        findings[2].pk: "This finding is decided already: disputed.",
    }
    assert states() == ["disputed", "open", "open"]
    assert AuditEvent.objects.filter(action="copies.decided").count() == 1


def test_only_operators_and_only_with_a_reason(findings, operator):
    with pytest.raises(NotAllowedError):
        copies_together.decide(findings=findings, decision="both_keep", reason="Mine.", by=make_member(Role.SELLER))
    with pytest.raises(ReasonMissingError):
        copies_together.decide(findings=findings, decision="both_keep", reason="  ", by=operator)

    assert states() == ["open"] * 3


def test_the_page_names_the_consequence_and_takes_the_decision(client, findings, operator):
    client.force_login(operator)
    chosen = [str(finding.pk) for finding in findings]

    page = client.get(ADDRESS, {"finding": chosen}).content.decode()
    # 39 rows of the second file, and 38 of the third, which both findings about it name.
    assert "leave out 77 rows of 2 files by Second House and Third House, who earn nothing for them" in page
    assert page.count("First House: Set 0") == 2
    answer = client.post(ADDRESS, {"finding": chosen, "decision": "first_keeps", "reason": "Copied."}, follow=True)

    assert answer.redirect_chain == [(reverse("marketplace:copy_list"), 302)]
    assert "3 decisions are recorded" in answer.content.decode()
    assert states() == ["first_keeps"] * 3


def test_a_refused_choice_keeps_the_rest_and_the_reason(client, findings, operator):
    person = party_to(findings[0].first.dataset.organization)
    client.force_login(person)
    form = {"finding": [finding.pk for finding in findings], "decision": "both_keep", "reason": "All are public."}

    answer = client.post(ADDRESS, form)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "2 of the 3 findings cannot be decided so by you, and none was decided" in page
    assert page.count("You belong to one of the two sides.") == 2
    assert page.count(f'name="finding" value="{findings[2].pk}"') == 3
    assert f'value="{findings[0].pk}"' not in page
    assert page.count('value="All are public."') == 1
    assert states() == ["open"] * 3

    assert "Let the rows of 1 finding count" in page
    assert "38 rows of 1 file by Third House, who earns nothing" in page
    assert client.post(ADDRESS, form | {"finding": [findings[2].pk]}).status_code == 302
    assert states() == ["both_keep", "open", "open"]


def test_what_is_missing_is_asked_for_where_it_was_tried(client, findings, operator):
    client.force_login(operator)
    chosen = [str(finding.pk) for finding in findings]

    answer = client.post(ADDRESS, {"finding": chosen, "decision": "disputed", "reason": ""})

    assert answer.status_code == 422
    assert "Reason: It is empty. Fill it in." in answer.content.decode()
    assert states() == ["open"] * 3


def test_disputes_are_offered_only_while_none_of_them_is_one(client, findings, operator):
    copies.decide(finding=findings[0], decision="disputed", reason="Asked both.", by=operator)
    client.force_login(operator)

    whole = client.get(ADDRESS, {"finding": [finding.pk for finding in findings]}).content.decode()
    rest = client.get(ADDRESS, {"finding": [finding.pk for finding in findings[1:]]}).content.decode()

    assert "Are they in dispute?" not in whole
    assert "Are they in dispute?" in rest


def test_the_list_offers_what_this_person_may_decide(client, findings, operator):
    copies.decide(finding=findings[0], decision="both_keep", reason="Public rows.", by=operator)
    addressed = [f'name="finding" value="{finding.pk}"' for finding in findings]

    client.force_login(operator)
    page = client.get(reverse("marketplace:copy_list")).content.decode()
    assert [words in page for words in addressed] == [False, True, True]
    assert "Decide the chosen together" in page

    client.force_login(party_to(findings[0].second.dataset.organization))
    page = client.get(reverse("marketplace:copy_list")).content.decode()
    assert not any(words in page for words in addressed), "of one left to choose there is nothing to decide together"
    assert "Decide the chosen together" not in page


def test_the_list_can_be_that_of_one_request(client, findings, operator):
    client.force_login(operator)
    other = make_request(title="Another question")
    address = reverse("marketplace:copy_list")

    def shown(key):
        return client.get(address, {"request": key}).content.decode()

    assert shown(findings[0].request_id).count('name="finding"') == 3
    assert "Only findings of" in shown(findings[0].request_id)
    assert "No copies found" in shown(other.pk)
    assert shown("nonsense").count('name="finding"') == 3


@pytest.mark.parametrize("query", [{}, {"finding": "nonsense"}, {"finding": "6f0c0f5e-3a7e-4bb0-9a56-000000000000"}])
def test_nothing_chosen_leads_back_to_the_list(client, operator, query):
    client.force_login(operator)

    for answer in (client.get(ADDRESS, query, follow=True), client.post(ADDRESS, query, follow=True)):
        assert answer.redirect_chain == [(reverse("marketplace:copy_list"), 302)]
        assert "Choose the findings that one reason decides" in answer.content.decode()


def test_sellers_reach_nothing(client, findings):
    client.force_login(make_member(Role.SELLER))

    assert client.get(ADDRESS, {"finding": [findings[0].pk]}).status_code in {403, 404}
