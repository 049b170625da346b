"""Statements: opening balance + movements = closing balance, and each closing balance is the next opening balance."""

import csv
import io
import sys

import pytest
from django.urls import reverse

from payouts.errors import UnbalancedError
from payouts.models import PayoutLine
from payouts.selectors.seller.statements import statement_of
from payouts.services import rounds
from tests.integration.payouts import scenario
from tests.integration.payouts.browsing import browser, words


def line_of(payout_round, organization):
    return PayoutLine.objects.select_related("round__request", "organization").get(
        round=payout_round, organization=organization
    )


def paid(payout_round, by):
    return rounds.mark_paid(payout_round=payout_round, bank_reference=f"SEPA-{payout_round.pk}", by=by)


def figures(statement):
    return statement.opening_minor, [move.amount_minor for move in statement.movements], statement.closing_minor


def address(name, line):
    return reverse(f"payouts:{name}", args=[line.pk])


def test_what_is_paid_leaves_nothing_and_what_is_kept_is_carried_over(place):
    keeping = scenario.policy(minimum_minor=120_000)
    first = paid(scenario.posted(place, chosen=keeping), place.first)
    second = scenario.posted(place, chosen=keeping)
    large, small = place.sellers[0], place.sellers[3]

    assert figures(statement_of(line_of(first, large))) == (0, [500_000, -500_000], 0)
    assert figures(statement_of(line_of(second, large))) == (0, [500_000], 500_000)
    assert figures(statement_of(line_of(first, small))) == (0, [50_000], 50_000)
    last = statement_of(line_of(second, small))
    assert figures(last) == (50_000, [50_000], 100_000)
    assert [(part.amount_minor, part.why) for part in last.owed] == [
        (50_000, "Below the minimum of 1,200.00 EUR that the policy sends")
    ] * 2
    assert last.is_open
    assert (last.number, last.previous_line_id, last.next_line_id) == (2, line_of(first, small).pk, None)


def test_a_late_payment_belongs_to_the_statement_it_falls_into(place):
    first, second = scenario.posted(place), scenario.posted(place)
    paid(first, place.first)

    before, after = (statement_of(line_of(each, place.sellers[0])) for each in (first, second))

    assert figures(before) == (0, [500_000], 500_000)
    assert figures(after) == (500_000, [500_000, -500_000], 500_000)
    assert before.owed[0].next_step.startswith("It is on its way to your bank")
    assert [move.balance_minor for move in after.movements] == [1_000_000, 500_000]


def test_a_round_that_earned_nothing_has_its_statement_too(place):
    first = scenario.posted(place, values=(-0.1, 0.5, 0.5, 0.5))
    second = scenario.posted(place)

    empty = statement_of(line_of(first, place.sellers[0]))

    assert figures(empty) == (0, [], 0)
    assert empty.nothing_earned == "Its value is not above 0"
    assert figures(statement_of(line_of(second, place.sellers[0]))) == (0, [500_000], 500_000)


def test_statements_chain_for_every_seller(place):
    keeping = scenario.policy(minimum_minor=200_000)
    posted = [scenario.posted(place, chosen=chosen) for chosen in (keeping, scenario.policy(), keeping)]
    paid(posted[1], place.first)
    paid(posted[0], place.first)

    for seller in place.sellers:
        chain = [statement_of(line_of(each, seller)) for each in posted]
        assert [each.number for each in chain] == [1, 2, 3]
        assert chain[0].opening_minor == 0
        assert [each.closing_minor for each in chain[:-1]] == [each.opening_minor for each in chain[1:]]


def test_a_statement_that_does_not_add_up_is_not_shown(place, monkeypatch):
    posted = scenario.posted(place)
    monkeypatch.setattr("payouts.selectors.seller.statements._owed", lambda *_, **__: ())

    with pytest.raises(UnbalancedError, match=r"Statement 1 of .* does not add up"):
        statement_of(line_of(posted, place.sellers[0]))


def test_the_page_the_csv_and_the_pdf_are_the_sellers_alone(place):
    posted = paid(scenario.posted(place), place.first)
    line = line_of(posted, place.sellers[1])
    client = browser(place.people[1])

    text = words(client.get(address("statement", line)))
    assert "Statement 1 in EUR" in text
    assert "Opening balance 0.00" in text
    assert "3,000.00" in text
    assert "5,000.00" not in text

    found = list(csv.DictReader(io.StringIO(client.get(address("statement_csv", line)).content.decode())))
    assert [(row["what"], row["amount"], row["balance"]) for row in found] == [
        ("Opening balance", "", "0.00"),
        ("Earned, to be sent to your bank", "3000.00", "3000.00"),
        ("Sent to your bank", "-3000.00", "0.00"),
        ("Closing balance", "", "0.00"),
    ]
    assert {row["reference"] for row in found} == {"", f"SEPA-{posted.pk}"}

    answer = client.get(address("statement_pdf", line))
    assert answer.content.startswith(b"%PDF")
    assert answer["Content-Type"] == "application/pdf"

    others = [browser(person) for person in (place.people[0], place.first, scenario.person("buyer", place.buyer))]
    for name in ("statement", "statement_csv", "statement_pdf"):
        assert {other.get(address(name, line)).status_code for other in others} == {404}


def test_there_is_no_statement_before_posting(place):
    line = line_of(scenario.approved(place), place.sellers[0])

    assert browser(place.people[0]).get(address("statement", line)).status_code == 404


class WithoutPango:
    """Refuses to import weasyprint as it refuses itself on a machine without Pango."""

    def find_spec(self, name, *_):
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")


def test_without_pango_a_sentence_says_what_to_do(place, monkeypatch):
    line = line_of(scenario.posted(place), place.sellers[0])
    for name in [name for name in sys.modules if name.split(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [WithoutPango(), *sys.meta_path])

    answer = browser(place.people[0]).get(address("statement_pdf", line), follow=True)

    assert answer.redirect_chain == [(address("statement", line), 302)]
    assert "Pango is missing. Print the page from your browser" in words(answer)
