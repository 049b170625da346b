"""The operators' and sellers' pages: each step of a round by a browser without scripts, and who sees what."""

import re
import time
from html import unescape

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from payouts.forms import RoundForm
from payouts.models import ApiKey, LedgerTransaction, PayoutRound
from payouts.selectors.balances import pot_available_minor, pot_history, pot_of
from payouts.services import funding, rounds
from payouts.services.rounds import opening
from tests.factories.accounts import make_organization
from tests.integration.payouts import scenario
from valuation.core.errors import BudgetTooSmallError
from valuation.services import runs

# allauth keeps whose records these are beside them.
RECORDS_OF = "account_authentication_methods_user"


def browser(person, *, mfa_seconds_ago=None):
    """A signed-in browser, with a second factor proved so long ago."""
    client = Client()
    client.force_login(person)
    if mfa_seconds_ago is not None:
        session = client.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [
            {"method": "mfa", "type": "totp", "at": time.time() - mfa_seconds_ago}
        ]
        session[RECORDS_OF] = str(person.pk)
        session.save()
    return client


def words(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def page(name, pk=None):
    return reverse(f"payouts:{name}", args=[pk] if pk else [])


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


def test_progress_is_a_fragment_while_valuing_and_a_refresh_after(place):
    client = browser(place.first)
    payout_round = rounds.trigger(payout_round=scenario.funded_draft(place), by=place.first)
    payout_round.run.progress = {
        "values": [0.5, 0.3, 0.15, 0.05], "standard_errors": [0.01] * 4, "share_half_width": 0.034,
        "evaluations_left": 900,
    }  # fmt: skip
    payout_round.run.save()

    fragment = client.get(page("round_progress", payout_round.pk), headers={"HX-Request": "true"})
    assert "<html" not in fragment.content.decode()
    assert "± 3.4" in words(fragment)
    assert fragment.content.decode().count('class="interval"') == 4

    scenario.finish(payout_round.run)
    rounds.conclude_valuing(run_id=str(payout_round.run_id))
    assert client.get(page("round_progress", payout_round.pk), headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_a_draft_has_no_progress(place):
    assert browser(place.first).get(page("round_progress", scenario.funded_draft(place).pk)).status_code == 404


def test_an_approval_asks_for_the_second_factor_again(place):
    payout_round = scenario.in_review(place)
    form = {"lines_sha256": payout_round.lines_sha256}

    for client in (browser(place.second), browser(place.second, mfa_seconds_ago=601)):
        answer = client.post(page("round_approve", payout_round.pk), form)
        assert answer.status_code == 302
        assert "/accounts/2fa/" in answer["Location"]

    payout_round.refresh_from_db()
    assert payout_round.state == "in_review"


def test_a_refusal_is_said_on_the_page_and_changes_nothing(place):
    payout_round = scenario.in_review(place)
    client = browser(place.first, mfa_seconds_ago=1)

    answer = client.post(
        page("round_approve", payout_round.pk), {"lines_sha256": payout_round.lines_sha256}, follow=True
    )

    assert "You started this round, so somebody else must approve it." in words(answer)
    payout_round.refresh_from_db()
    assert payout_round.state == "in_review"


@pytest.mark.parametrize(("step", "form"), [("round_paid", {}), ("round_supersede", {})])
def test_a_form_that_lacks_something_says_so(place, step, form):
    payout_round = scenario.posted(place)

    answer = browser(place.first, mfa_seconds_ago=1).post(page(step, payout_round.pk), form, follow=True)

    assert "This field is required" in words(answer)


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("pot", "1.000,00", "is not an amount"),
        ("pot", "-5", "must be above 0"),
        ("pot", "99999999999999999", "at most"),
        ("precision", "0", "greater than or equal"),
        ("evaluations_max", "ten", "whole number"),
        ("request", "00000000-0000-4000-8000-000000000000", "valid choice"),
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


@pytest.mark.parametrize("form", [{}, {"lines_sha256": "x"}])
def test_an_approval_comes_from_the_page_that_shows_the_lines(place, form):
    payout_round = scenario.in_review(place)

    answer = browser(place.second, mfa_seconds_ago=1).post(page("round_approve", payout_round.pk), form, follow=True)

    assert "Not approved: Open the round&#x27;s page, read it, and approve from there." in words(answer)
    payout_round.refresh_from_db()
    assert payout_round.state == "in_review"


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

    assert payout_round.audit_report.figures["precision_met"] is (said is None)
    assert ("The budget was spent before the precision was met" in text) is (said is not None)
    if said:
        assert said in text
        assert text.index(said) < text.index("Decision" if state == "in_review" else "Next step")


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


def test_a_payment_recorded_twice_is_said_to_count_once(place):
    client, address = browser(place.first), page("fund", place.request.pk)

    first = client.post(address, {"amount": "5", "bank_reference": "CONC-1"}, follow=True)
    again = client.post(address, {"amount": "5", "bank_reference": "conc-1"}, follow=True)

    assert "5.00 EUR from the buyer is in the pot." in words(first)
    assert "The payment CONC-1 was recorded already; it counts once." in words(again)
    assert "from the buyer is in the pot." not in words(again)
    assert pot_available_minor(place.request) == 500


def test_a_used_bank_reference_is_refused_on_the_page(place):
    client = browser(place.first)
    client.post(page("fund", place.request.pk), {"amount": "5", "bank_reference": "R"})

    answer = client.post(page("fund", place.request.pk), {"amount": "6", "bank_reference": "R"})

    assert answer.status_code == 400
    assert "is recorded already" in words(answer)
    assert pot_available_minor(place.request) == 500


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
    [({}, "Reason: This field is required."), ({"reason": "x" * 501}, "Reason: Ensure this value has at most 500")],
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


def test_pots_of_all_offered_requests_are_one_query(place, django_assert_num_queries):
    empty, other = scenario.market(sellers=1).request, scenario.market(sellers=1).request
    scenario.funded_draft(place, fund=1)
    other.title = "Ages"
    other.save()
    funding.record(request=other, amount_minor=250, bank_reference="TWICE-1", by=place.first)
    funding.record(request=other, amount_minor=50, bank_reference="TWICE-2", by=place.first)

    with django_assert_num_queries(1):
        choices = {str(value): label for value, label in RoundForm().fields["request"].choices}

    assert choices == {
        "": "Choose a request",
        str(place.request.pk): "Incomes (0.01 EUR in its pot)",
        str(empty.pk): "Incomes (0.00 EUR in its pot)",
        str(other.pk): "Ages (3.00 EUR in its pot)",
    }
    with django_assert_num_queries(1):
        str(RoundForm()["request"])


def test_a_key_is_shown_once(place):
    client = browser(place.first)
    form = {"name": "ERP", "client": "Books", "scopes": ["rounds:read"], "days": "30"}

    made = client.post(page("key_list"), form)
    secret = re.search(r"fck_[0-9a-f]{8}_[A-Za-z0-9_-]{43}", made.content.decode())[0]

    assert secret not in client.get(page("key_list")).content.decode()
    assert client.get("/api/v1/rounds", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    client.post(page("key_revoke", ApiKey.objects.get().pk))
    assert client.get("/api/v1/rounds", headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    assert client.post(page("key_list"), {**form, "days": "9999"}).status_code == 400


def test_a_seller_sees_the_own_result_and_no_other(place):
    payout_round = scenario.posted(place)
    own, other = place.sellers[0], place.sellers[1]
    client = browser(place.people[0])

    text = words(client.get(page("result", payout_round.pk)))

    assert "You earned 5,000.00 EUR" in text
    assert "50.00 points" in text
    assert own.name in text
    assert other.name not in text
    assert "3,000.00" not in text
    listed = words(client.get(page("my_results")))
    assert "5,000.00 EUR" in listed
    assert "3,000.00" not in listed


def test_a_result_does_not_exist_before_posting_or_for_strangers(place):
    before = scenario.approved(place)
    other_market = scenario.market()
    posted = scenario.posted(other_market)

    assert browser(place.people[0]).get(page("result", before.pk)).status_code == 404
    assert browser(place.people[0]).get(page("result", posted.pk)).status_code == 404
    assert browser(place.first).get(page("result", posted.pk)).status_code == 404


@pytest.mark.parametrize(
    "reason", ["capped", "below_minimum", "not_significant", "not_positive", "floored", "rounded_to_nothing"]
)
def test_every_reason_has_its_sentence(place, reason):
    chosen, values = {
        "capped": ({"cap_basis_points": 4000}, scenario.VALUES),
        "below_minimum": ({"minimum_minor": 900_000}, scenario.VALUES),
        "not_significant": ({}, (0.001, 0.5, 0.5, 0.5)),
        "not_positive": ({}, (-0.1, 0.5, 0.5, 0.5)),
        "floored": ({"floor_basis_points": 1000}, (0.03, 0.9, 0.9, 0.9)),
        "rounded_to_nothing": ({}, (0.03, 0.9, 0.9, 0.9)),
    }[reason]
    pot_minor = 10 if reason == "rounded_to_nothing" else scenario.POT_MINOR
    payout_round = scenario.posted(place, chosen=scenario.policy(**chosen), values=values, pot_minor=pot_minor)
    assert payout_round.lines.get(number=1).reason == reason

    text = words(browser(place.people[0]).get(page("result", payout_round.pk)))

    sentence = {
        "capped": "no owner take more than 40 %",
        "below_minimum": "It stays yours",
        "not_significant": "could be chance",
        "not_positive": "You owe nothing",
        "floored": "at least 10 %",
        "rounded_to_nothing": "less than the smallest amount there is",
    }[reason]
    assert sentence in text


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


def test_a_wave_is_announced_once(place):
    client = browser(place.first)
    payout_round = rounds.trigger(payout_round=scenario.funded_draft(place), by=place.first)
    payout_round.run.wave = 2
    payout_round.run.progress = {
        "values": [0.5, 0.3, 0.15, 0.05],
        "standard_errors": [0.01] * 4,
        "share_half_width": 0.034,
    }
    payout_round.run.save()
    address = page("round_progress", payout_round.pk)

    first = client.get(f"{address}?wave=1")
    again = client.get(f"{address}?wave=2")

    assert "2 waves merged: the widest share interval is ± 3.40 %, ± 2.00 % is wanted." in words(first)
    assert 'hx-swap-oob="innerHTML"' in first.content.decode()
    assert f'hx-get="{address}?wave=2"' in again.content.decode()
    assert "role=" not in again.content.decode().replace('role="img"', "").replace('role="region"', "")


def test_rounds_of_one_request_are_told_apart_and_say_how_long_they_wait(place):
    scenario.funded_draft(place, fund=1)
    second = scenario.funded_draft(place, fund=1)
    PayoutRound.objects.filter(pk=second.pk).update(state="cancelled", ended_at=timezone.now(), ended_reason="Mistake")

    text = words(browser(place.first).get(page("round_list")))

    assert re.search(r"Round 2 for Incomes 10,000.00 EUR Cancelled nobody .*Round 1 for Incomes", text)
    assert re.search(r"Round 1 for Incomes 10,000.00 EUR Draft an operator to start it for \d.\d s ", text)


def test_a_value_below_zero_is_explained(place):
    payout_round = scenario.posted(place, values=(-0.1, 0.5, 0.5, 0.5))
    rows = payout_round.lines.get(number=1).rows

    text = unescape(words(browser(place.people[0]).get(page("result", payout_round.pk))))

    assert "You earned 0.00 EUR, because this round pays only what raises the buyer's score. You owe nothing." in text
    assert "A value below 0 counts as 0, so nothing is taken from you." in text
    assert (
        f"Your {rows:,} rows change the buyer's balanced accuracy by \N{MINUS SIGN}10.00 points".replace(",", " ")
        in text
    )
    # Leave-one-out of the scenario is the square of the value: 0.8 - 0.01 without this seller.
    assert (
        "With everybody's rows the buyer's model scores 80.00 points of balanced accuracy, "
        "with everybody's but yours 79.00 points, with nobody's 50.00 points." in text
    )


def test_whoever_sets_a_factor_up_finds_the_way_back(place):
    payout_round = scenario.in_review(place)
    client, address = browser(place.second), page("round_detail", payout_round.pk)
    form = {"lines_sha256": payout_round.lines_sha256}

    client.post(page("round_approve", payout_round.pk), form, headers={"Referer": f"http://testserver{address}"})
    TOTP.activate(place.second, "JBSWY3DPEHPK3PXP")

    link = f'href="{address}">Back to what you were doing'
    assert link in client.get(reverse("mfa_index")).content.decode()


def test_a_buyer_watches_its_own_pot_and_records_nothing(place):
    payout_round = scenario.posted(place)
    address = page("fund", place.request.pk)
    buyer = browser(scenario.person("buyer", place.buyer))

    seen = words(buyer.get(address))
    answer = buyer.post(address, {"amount": "1.00", "bank_reference": "MINE"})

    assert "Payment of the buyer" in seen
    assert "Taken by a round that started" in seen
    assert str(payout_round.pk) not in buyer.get(address).content.decode()
    assert "Record the payment" not in seen
    assert answer.status_code == 403
    assert not LedgerTransaction.objects.filter(reference="MINE").exists()
    assert browser(place.people[0]).get(address).status_code == 403
    assert browser(scenario.person("buyer", make_organization())).get(address).status_code == 404


def test_the_history_of_a_pot_adds_up(place):
    scenario.posted(place)

    moves = pot_history(place.request)
    pot = pot_of(place.request)

    assert moves[0].after_minor == pot.available_minor == pot_available_minor(place.request)
    assert sum(move.amount_minor for move in moves) == pot.available_minor
    assert [move.words for move in moves][-2:] == ["Taken by a round that started", "Payment of the buyer"]
