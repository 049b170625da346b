"""Each step of a round by an operator's browser without scripts, and who may come here."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from payouts.models import PayoutRound
from payouts.services import rounds
from payouts.services.rounds import opening
from tests.factories.requests import make_request
from tests.integration.payouts import scenario
from tests.integration.payouts.browsing import browser, page, words
from valuation.core.errors import BudgetTooSmallError
from valuation.services import runs


def test_a_new_round_begins_with_what_the_buyer_announced(place):
    request = make_request(pot_minor=1_234_500, precision_target=0.015, evaluations_max=54_321)
    operator = browser(place.first)

    form = operator.get(page("round_new"), {"request": str(request.pk)}).context["form"]

    assert {name: str(form[name].value()) for name in ("request", "pot", "precision", "evaluations_max")} == {
        "request": str(request.pk), "pot": "12345.00", "precision": "1.5", "evaluations_max": "54321",
    }  # fmt: skip
    for nobody in ("", "x", str(place.first.pk)):
        assert operator.get(page("round_new"), {"request": nobody}).status_code == 200


def test_a_round_from_funding_to_paid_by_forms(place):
    first, second = browser(place.first), browser(place.second, mfa_seconds_ago=60)
    chosen = scenario.policy()

    answer = first.post(
        page("fund", place.request.pk), {"amount": "10,000.00", "bank_reference": "BUYER-1"}, follow=True
    )
    assert "10,000.00 EUR from the buyer is in the pot" in words(answer)
    answer = first.post(
        page("round_new"),
        {
            "request": place.request.pk, "pot": "10000.00", "policy": chosen.pk, "precision": "2", "seed": "7",
            "evaluations_max": "5000",
        },
        follow=True,
    )  # fmt: skip
    payout_round = PayoutRound.objects.get()
    assert (payout_round.pot_minor, payout_round.precision_target, payout_round.state) == (1_000_000, 0.02, "draft")
    assert "Start the round?" in words(answer)

    answer = first.post(page("round_trigger", payout_round.pk), follow=True)
    assert "Training the buyer" in words(answer)
    payout_round.refresh_from_db()
    scenario.finish(payout_round.run)
    rounds.conclude_valuing(run_id=str(payout_round.run_id))

    own = words(first.get(page("round_detail", payout_round.pk)))
    assert "You started this round." in own
    assert "Approve 4 lines" not in own
    review = second.get(page("round_detail", payout_round.pk))
    assert "The sum is proved." in words(review)
    assert "Approve 4 lines, 10,000.00 EUR?" in words(review)
    digest = re.search(r'name="lines_sha256" value="([0-9a-f]{64})"', review.content.decode())[1]
    answer = second.post(page("round_approve", payout_round.pk), {"lines_sha256": digest}, follow=True)
    assert "The round is approved" in words(answer)

    answer = first.post(page("round_post", payout_round.pk), follow=True)
    assert "The round is posted and exported" in words(answer)
    answer = first.post(page("round_paid", payout_round.pk), {"bank_reference": "SEPA-1"}, follow=True)
    assert "The payments are recorded" in words(answer)
    payout_round.refresh_from_db()
    assert payout_round.state == "paid"


def test_every_state_of_a_round_has_its_page(place):
    client = browser(place.second)
    draft = scenario.funded_draft(place)
    seen = [words(client.get(page("round_detail", draft.pk)))]
    valuing = rounds.trigger(payout_round=draft, by=place.first)
    seen.append(words(client.get(page("round_detail", draft.pk))))
    scenario.finish(valuing.run)
    review = rounds.conclude_valuing(run_id=str(valuing.run_id))
    seen.append(words(client.get(page("round_detail", draft.pk))))
    scenario.approve(review, place.second)
    seen.append(words(client.get(page("round_detail", draft.pk))))
    rounds.post(payout_round=review, by=place.first)
    seen.append(words(client.get(page("round_detail", draft.pk))))
    cancelled = rounds.cancel(payout_round=scenario.in_review(scenario.market()), by=place.first, reason="Mistake")
    seen.append(words(client.get(page("round_detail", cancelled.pk))))

    expected = [
        "Waits for an operator to start it",
        "Waits for the valuation",
        "Waits for another operator to approve it",
        "Waits for an operator to post it",
        "Waits for the bank",
        "Why it ended: Mistake",
    ]
    assert [sentence in text for sentence, text in zip(expected, seen, strict=True)] == [True] * 6


def test_the_screen_shows_the_projection(place):
    payout_round = scenario.posted(place, chosen=scenario.policy(fee_basis_points=150, minimum_minor=60_000))

    text = words(browser(place.first).get(page("round_detail", payout_round.pk)))

    assert "9,357.50 EUR to pay + 492.50 EUR kept for sellers + 150.00 EUR fee + 0.00 EUR back to the buyer" in text
    assert "= 10,000.00 EUR, the pot." in text
    assert "Amount, EUR" in text
    for amount in ("4,925.00", "2,955.00", "1,477.50", "492.50", "150.00"):
        assert f" {amount} " in text
    assert "pays every value that is above 0 beyond chance; nothing below 600.00 EUR is sent; 1.5 % of the pot" in text


def test_operators_download_what_the_api_serves(place):
    payout_round = scenario.posted(place)
    client = browser(place.first)

    stored = bytes(payout_round.exports.get(kind="csv").body)

    assert client.get(page("round_csv", payout_round.pk)).content == stored
    assert client.get(page("round_csv", payout_round.pk) + "?bom=1").content == b"\xef\xbb\xbf" + stored
    assert client.get(page("round_json", payout_round.pk)).json()["totals"]["proved"] is True


@pytest.mark.parametrize(("step", "form"), [("round_paid", {}), ("round_supersede", {})])
def test_a_form_that_lacks_something_says_so(place, step, form):
    payout_round = scenario.posted(place)

    answer = browser(place.first, mfa_seconds_ago=1).post(page(step, payout_round.pk), form, follow=True)

    assert "It is empty. Fill it in." in words(answer)


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("pot", "1.000", "has 3 decimals; EUR has 2"),
        ("pot", "-5", "must be above 0"),
        ("pot", "99999999999999999", "at most"),
        ("precision", "0", "must be at least"),
        ("evaluations_max", "ten", "whole number"),
        ("request", "00000000-0000-4000-8000-000000000000", "is not on the list"),
    ],
)
def test_a_new_round_says_what_is_wrong(place, field, value, complaint):
    form = {
        "request": place.request.pk, "pot": "1.00", "policy": scenario.policy().pk, "precision": "2", "seed": "7",
        "evaluations_max": "5000",
    }  # fmt: skip

    answer = browser(place.first).post(page("round_new"), form | {field: value})

    assert answer.status_code == 400
    assert complaint in words(answer)
    assert not PayoutRound.objects.exists()


@pytest.mark.parametrize(
    ("half_width", "said"),
    [
        (0.02, None),
        (0.0341, "the widest interval is ± 3.41 % of the pot, ± 2.00 % was asked for."),
        (None, "no interval of the shares is known, ± 2.00 % was asked for."),
    ],
)
@pytest.mark.parametrize("state", ["in_review", "posted"])
def test_a_round_that_missed_its_precision_says_so(place, state, half_width, said):
    payout_round = getattr(scenario, state)(place, half_width=half_width)

    text = words(browser(place.second).get(page("round_detail", payout_round.pk)))

    assert payout_round.audit_report.figures.precision_met is (said is None)
    assert ("The budget was spent before the precision was met" in text) is (said is not None)
    if said:
        assert said in text
        assert text.index(said) < text.index("Decision" if state == "in_review" else "Next step")


def test_sellers_of_whom_too_few_evaluations_told_are_named_and_told(place):
    payout_round = scenario.posted(place, half_width=None, kept={"withheld": (0,)})
    unsure = place.sellers[0].name

    text = words(browser(place.second).get(page("round_detail", payout_round.pk)))
    theirs = words(browser(place.people[0]).get(page("result", payout_round.pk)))

    assert payout_round.audit_report.figures.withheld_names == unsure
    assert f"Too few evaluations told of {unsure} to say how sure their values are" in text
    assert "Too few of the evaluations told of your rows to say how sure that is" in theirs


def test_a_budget_that_covers_no_pilot_asks_for_a_new_round(place, monkeypatch):
    payout_round = scenario.funded_draft(place)
    error = BudgetTooSmallError(10, 64)

    def refuse(**_):
        raise runs.RunRefusedError(str(error), code=error.code) from error

    monkeypatch.setattr(opening.runs, "start", refuse)
    answer = browser(place.first).post(page("round_trigger", payout_round.pk), follow=True)

    assert "at least 64 are needed. Open a new round with a larger budget." in words(answer)
    payout_round.refresh_from_db()
    assert payout_round.state == "draft"


def test_cancel_and_replace(place):
    client = browser(place.first)
    payout_round = scenario.in_review(place)

    answer = client.post(page("round_supersede", payout_round.pk), {"reason": "other terms"}, follow=True)
    draft = PayoutRound.objects.get(state="draft")
    assert answer.redirect_chain[-1][0] == page("round_detail", draft.pk)
    client.post(page("round_cancel", draft.pk), {"reason": "not needed"})

    draft.refresh_from_db()
    assert (draft.state, draft.ended_reason) == ("cancelled", "not needed")


@pytest.mark.parametrize(
    ("form", "complaint"),
    [
        ({}, "Reason: It is empty. Fill it in."),
        ({"reason": "x" * 501}, "Reason: It has 501 characters, and may have at most 500. Shorten it."),
    ],
)
@pytest.mark.parametrize("state", ["draft", "valuing", "in_review"])
def test_a_round_does_not_end_without_a_reason_that_can_be_kept(place, state, form, complaint):
    payout_round = scenario.in_review(place) if state == "in_review" else scenario.funded_draft(place)
    if state == "valuing":
        rounds.trigger(payout_round=payout_round, by=place.first)

    answer = browser(place.first).post(page("round_cancel", payout_round.pk), form, follow=True)

    assert answer.redirect_chain[-1][0] == page("round_detail", payout_round.pk)
    assert complaint in words(answer)
    payout_round.refresh_from_db()
    assert (payout_round.state, payout_round.ended_reason) == (state, "")


OPERATOR_PAGES = ["round_list", "round_new", "key_list"]
ROUND_PAGES = ["round_detail", "round_progress", "round_csv", "round_json"]
ROUND_STEPS = ["round_trigger", "round_approve", "round_post", "round_paid", "round_cancel", "round_supersede"]


def test_only_operators_come_here(place):
    payout_round = scenario.posted(place)
    pages = [page(name) for name in OPERATOR_PAGES] + [page(name, payout_round.pk) for name in ROUND_PAGES]
    steps = [page(name, payout_round.pk) for name in ROUND_STEPS]
    seller, buyer = browser(place.people[0]), browser(scenario.person("buyer", place.buyer))

    for client in (seller, buyer):
        assert {client.get(address).status_code for address in pages} == {403}
        assert {client.post(address).status_code for address in steps} == {403}
    assert {Client().get(address).status_code for address in pages} == {302}
    assert {browser(place.first).get(address).status_code for address in pages} == {200}
    assert {browser(place.first).get(address).status_code for address in steps} == {405}


def test_the_list_asks_the_database_the_same_however_many_rounds(place, django_assert_num_queries):
    for _ in range(3):
        scenario.funded_draft(place, fund=1)
    client = browser(place.first)
    client.get(page("round_list"))

    # session, user, roles twice (guard and navigation), count, rounds
    with django_assert_num_queries(6):
        client.get(page("round_list"))


def test_rounds_of_one_request_are_told_apart_and_say_how_long_they_wait(place):
    scenario.funded_draft(place, fund=1)
    second = scenario.funded_draft(place, fund=1)
    PayoutRound.objects.filter(pk=second.pk).update(state="cancelled", ended_at=timezone.now(), ended_reason="Mistake")

    text = words(browser(place.first).get(page("round_list")))

    assert re.search(r"Round 2 for Incomes 10,000.00 EUR Cancelled nobody .*Round 1 for Incomes", text)
    assert re.search(r"Round 1 for Incomes 10,000.00 EUR Draft the buyer&#x27;s payment for \d.\d s ", text)
