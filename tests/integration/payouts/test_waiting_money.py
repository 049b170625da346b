"""Money that cannot be sent yet: held, carried over, released once, and paid once."""

import csv
import datetime as dt
import io

import pytest
from django.test import Client
from django.utils import timezone

from marketplace.models import AuditEvent, Notice
from payouts import tasks
from payouts.errors import LineHeldError, RoundStateError
from payouts.models import Export, LedgerEntry, LedgerTransaction, LineRelease, PayoutLine
from payouts.selectors.money.projection import project
from payouts.selectors.seller.statements import statement_of
from payouts.services import api_keys, profiles, rounds
from tests.integration.payouts import scenario
from tests.integration.payouts.browsing import browser, page, words


def line_of(payout_round, organization):
    return PayoutLine.objects.select_related("round__request", "organization").get(
        round=payout_round, organization=organization
    )


def owed_minor(organization):
    """What the ledger says we owe a seller."""
    entries = LedgerEntry.objects.filter(account__kind="payable", account__organization=organization)
    return -sum(entries.values_list("amount_minor", flat=True))


def change_details(place, index=0):
    """Another account for a seller, which starts the pause."""
    profiles.give(
        organization=place.sellers[index],
        details=scenario.payout_details(payee="Somebody else", iban=scenario.iban()),
        by=place.people[index],
    )


@pytest.fixture
def after_the_pause(monkeypatch):
    return lambda: monkeypatch.setattr("payouts.selectors.money.profiles.is_cooling_down", lambda _: False)


def read_over_rest(payout_round, by):
    """The releases that accounting reads with a round."""
    _, secret = api_keys.create(
        name="ERP", client="Books", scopes=["rounds:read"], expires_at=timezone.now() + dt.timedelta(days=1), by=by
    )
    answer = Client().get(f"/api/v1/rounds/{payout_round.pk}", headers={"Authorization": f"Bearer {secret}"})
    return answer.json()["releases"]


def paid(payout_round, by):
    return rounds.mark_paid(payout_round=payout_round, bank_reference=f"SEPA-{payout_round.pk}", by=by)


@pytest.fixture
def held(place):
    """A posted round whose first seller changed its account after the approval."""
    approved = scenario.approved(place)
    change_details(place)
    return rounds.post(payout_round=approved, by=place.first)


def test_changed_details_hold_the_money_when_the_round_is_posted(place, held):
    line = line_of(held, place.sellers[0])

    assert line.state == "held"
    assert [other.state for other in held.lines.exclude(pk=line.pk)] == ["submitted"] * 3
    credited = LedgerTransaction.objects.get(natural_key=f"round:{held.pk}:line:{line.number}")
    assert credited.reason == "hold"
    rows = csv.DictReader(io.StringIO(bytes(Export.objects.get(round=held, kind="csv").body).decode()))
    assert [row["disposition"] for row in rows if row["kind"] == "seller"] == ["hold", "pay", "pay", "pay"]
    told = Notice.objects.get(kind="payout_held")
    assert (told.organization, told.recipient) == (place.sellers[0], place.people[0].email)
    assert "so it is not sent before" in told.body
    event = AuditEvent.objects.get(action="round.line_held")
    assert event.data["reason"].startswith(f"{place.sellers[0].name}: The payout details were changed on ")
    assert "it is not sent before" in statement_of(line).owed[0].next_step


def test_a_held_line_is_released_after_the_pause_once_and_not_before(place, held, after_the_pause):
    line = line_of(held, place.sellers[0])
    with pytest.raises(LineHeldError, match="nothing is sent to them before"):
        rounds.release(line=line, by=place.second)
    assert line_of(held, place.sellers[0]).state == "held"
    assert not LineRelease.objects.exists()

    after_the_pause()
    entries = LedgerEntry.objects.count()
    for _ in range(2):
        released = rounds.release(line=line, by=place.second)

    assert released.state == "submitted"
    release = LineRelease.objects.get()
    assert (release.line, release.reason, release.by, release.payout_round) == (line, "pause_over", place.second, None)
    assert AuditEvent.objects.filter(action="round.line_released").count() == 1
    assert Notice.objects.filter(kind="payout_released", organization=place.sellers[0]).count() == 1
    assert LedgerEntry.objects.count() == entries, "what is owed was credited when the round was posted"
    paid(held, place.first)
    assert line_of(held, place.sellers[0]).state == "paid"
    assert owed_minor(place.sellers[0]) == 0


def test_a_round_is_paid_around_a_held_line_which_is_confirmed_by_itself_later(place, held, after_the_pause):
    paid(held, place.first)
    line = line_of(held, place.sellers[0])
    assert line.state == "held"
    assert owed_minor(place.sellers[0]) == line.amount_minor
    with pytest.raises(RoundStateError):
        rounds.mark_line_paid(line=line, bank_reference="LATE", by=place.first)

    after_the_pause()
    tasks.release_lines()
    tasks.release_lines()
    assert LineRelease.objects.get().by is None
    for _ in range(2):
        rounds.mark_line_paid(line=line, bank_reference="LATE", by=place.first)

    assert line_of(held, place.sellers[0]).state == "paid"
    assert owed_minor(place.sellers[0]) == 0
    assert AuditEvent.objects.filter(action="round.line_paid").count() == 1
    assert statement_of(line).movements[-1].reference == "LATE"
    dispositions = [record.disposition for record in project(held).records if record.kind == "seller"]
    assert dispositions == ["hold", "pay", "pay", "pay"], "what was exported at the posting stays true"


def test_missing_details_hold_the_money_until_they_are_given(db):
    place = scenario.market(with_details=False)
    posted = scenario.posted(place)
    assert {line.state for line in posted.lines.all()} == {"action_required"}
    paid(posted, place.first)
    assert not LedgerTransaction.objects.filter(reason="payment").exists()

    scenario.give_details(place.sellers[1], place.people[1])
    tasks.release_lines()

    assert [line.state for line in posted.lines.order_by("number")] == [
        "action_required", "submitted", "action_required", "action_required",
    ]  # fmt: skip
    assert LineRelease.objects.get().reason == "details_given"
    headline = words(browser(place.people[0]).get(page("result", posted.pk)))
    assert "It cannot be sent yet: your payout details are missing." in headline


def test_carried_balances_go_along_with_the_round_that_reaches_the_minimum(place):
    keeping = scenario.policy(minimum_minor=120_000)
    small = place.sellers[3]
    first, second = (paid(scenario.posted(place, chosen=keeping), place.first) for _ in range(2))
    assert [line_of(each, small).state for each in (first, second)] == ["below_minimum"] * 2

    third = scenario.posted(place, chosen=keeping)

    assert line_of(third, small).reason == "proportional"
    assert [line_of(each, small).state for each in (first, second, third)] == ["submitted"] * 3
    assert {release.payout_round_id for release in LineRelease.objects.all()} == {third.pk}
    assert (statement_of(line_of(third, small)).opening_minor, owed_minor(small)) == (100_000, 150_000)
    assert statement_of(line_of(third, small)).owed[0].next_step.startswith("It waited and is released now")
    shown = words(browser(place.second).get(page("round_detail", third.pk)))
    assert "Balances that go along with this round" in shown
    with_third = read_over_rest(third, place.first)
    assert [
        (one["round_id"], one["amount"], one["reason"], one["goes_with"], one["is_paid"]) for one in with_third
    ] == [(str(each.pk), "500.00", "minimum_reached", str(third.pk), False) for each in (first, second)]
    paid(third, place.first)
    assert owed_minor(small) == 0
    assert [one["is_paid"] for one in read_over_rest(first, place.first)] == [True]
    assert [line_of(each, small).state for each in (first, second, third)] == ["paid"] * 3
    assert LedgerTransaction.objects.filter(reason="payment", reference=f"SEPA-{third.pk}").count() == 6
    last = statement_of(line_of(third, small))
    assert (last.opening_minor, [move.amount_minor for move in last.movements], last.closing_minor) == (
        100_000, [50_000, -50_000, -50_000, -50_000], 0,
    )  # fmt: skip


def test_a_carried_balance_waits_on_where_the_details_were_changed(place, after_the_pause):
    keeping = scenario.policy(minimum_minor=60_000)
    first = paid(scenario.posted(place, chosen=keeping), place.first)
    small = place.sellers[3]
    change_details(place, index=3)

    second = scenario.posted(place, chosen=keeping)

    assert [line_of(each, small).state for each in (first, second)] == ["held", "held"]
    assert owed_minor(small) == 100_000
    after_the_pause()
    tasks.release_lines()
    assert {release.reason for release in LineRelease.objects.all()} == {"pause_over"}
    paid(second, place.first)
    rounds.mark_line_paid(line=line_of(first, small), bank_reference="LATE", by=place.first)
    assert owed_minor(small) == 0


def test_operators_release_and_confirm_on_the_pages(place, held, after_the_pause):
    paid(held, place.first)
    line = line_of(held, place.sellers[0])
    operator = browser(place.second)
    before = words(operator.get(page("round_detail", held.pk)))
    assert "Not with the seller yet" in before
    assert "Release it" not in before

    after_the_pause()
    assert "Nothing holds it any more. Release it" in words(operator.get(page("round_detail", held.pk)))
    operator.post(page("line_release", line.pk))
    assert "was released and waits for the bank's confirmation" in words(operator.get("/")).replace("&#x27;", "'")
    assert "Record the payment" in words(operator.get(page("round_detail", held.pk)))
    operator.post(page("line_paid", line.pk), {"bank_reference": ""})
    assert line_of(held, place.sellers[0]).state == "submitted"
    operator.post(page("line_paid", line.pk), {"bank_reference": "LATE"})

    assert line_of(held, place.sellers[0]).state == "paid"
    for stranger in (place.people[0], scenario.person("buyer", place.buyer)):
        assert browser(stranger).post(page("line_release", line.pk)).status_code == 403
