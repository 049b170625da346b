"""The audit report: the page, the paper, and the command that computes the values anew."""

import io
import re

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from marketplace.services import ownership
from payouts.selectors.round.policy_preview import preview
from payouts.services import attacks
from payouts.views.pdf import PdfUnavailableError
from tests.integration.payouts import scenario
from tests.integration.valuation.market import make_market
from tests.integration.words import words_of
from valuation.selectors import runs as valuation

pytestmark = pytest.mark.real_valuation


def test_the_report_says_what_is_still_running_then_what_was_found(really_reviewed, client):
    payout_round, operator = really_reviewed
    client.force_login(operator)
    address = f"/rounds/{payout_round.pk}/audit/"

    before = client.get(address).content.decode()
    for kind in attacks.Kind.values:
        attacks.try_attack(round_id=payout_round.pk, kind=kind)
    after = client.get(address).content.decode()

    assert "12 of 12 attacks" in before
    assert "Still being tried" in before
    assert "12 of 12 still being tried" in before
    assert "Try again" not in before
    assert "Still being tried" not in after
    assert "Try again with 4 times as many evaluations" in after
    assert "500 worthless accounts need a pool of at least 2,500 rows" in after
    for heading in ("What was paid", "How sure", "How equal", "What it agrees", "Attacks tried", "checked", "Copies"):
        assert heading in after
    assert "Shells, by label" in after
    assert re.search(r"of 11 kinds of attack tried gains? (more|nothing)", after)
    assert "; 1 was not tried" in after
    assert "somebody looks" not in after
    assert f"manage.py recompute_round {payout_round.pk}" in after
    assert after.count('<figure class="chart"') == 6
    assert "style=" not in after


@pytest.mark.parametrize("sizes", [(15, 30), (15, 30, 20)])
def test_two_or_three_sellers_say_nothing_about_agreement(sizes, db, client):
    payout_round, operator = scenario.really_reviewed(make_market(sizes=sizes))
    client.force_login(operator)

    report = client.get(f"/rounds/{payout_round.pk}/audit/").content.decode()
    page = client.get(f"/rounds/{payout_round.pk}/").content.decode()

    assert "Fewer than four sellers say nothing about agreement" in report
    assert f"Gini of each rule ({len(sizes)} sellers)" in report
    assert f"How equal each rule is ({len(sizes)} sellers)" in page
    assert "Pearson" not in report + page


def test_nothing_agrees_with_rows_that_all_sellers_have_alike(db, client):
    payout_round, operator = scenario.really_reviewed(make_market(sizes=(15, 15, 15, 15)))
    client.force_login(operator)

    page = client.get(f"/rounds/{payout_round.pk}/audit/").content.decode()

    assert "Pearson, leave-one-out" in page
    assert "Pearson, rows" not in page
    assert "All sellers have the same number of rows" in page


def test_the_report_says_what_it_holds_and_lists_the_largest_first(really_reviewed, client):
    payout_round, operator = really_reviewed
    client.force_login(operator)
    address = f"/rounds/{payout_round.pk}/audit/"

    folded, unfolded = client.get(address), client.get(address, {"open": "all"})
    page = folded.content.decode()

    assert [f'<div id="{part.anchor}">' in page for part in folded.context["parts"]] == [True] * 10
    assert page.count('<details class="part" data-open-wide>') == 9
    assert '<details class="part" data-open-wide>' not in unfolded.content.decode()
    assert re.search(r"(exactly 0|0 to rounding \(\S+ \u00d7 10\S+\)) left over of ", page)
    # A number as programs write it; the groups of an identifier, as 302e-1186, are longer.
    assert not re.search(r"\b\d(\.\d+)?e-\d\d\b", page.partition("7. What the rule promises")[2])
    amounts = [record.amount_minor for record in folded.context["projection"].largest_first if record.kind == "seller"]
    assert amounts == sorted(amounts, reverse=True)


def test_the_paper_is_a_pdf_and_the_same_twice(really_reviewed, client):
    payout_round, operator = really_reviewed
    client.force_login(operator)

    one, other = (client.get(f"/rounds/{payout_round.pk}/audit.pdf") for _ in range(2))

    assert one["Content-Type"] == "application/pdf"
    assert one.content.startswith(b"%PDF-")
    assert one.content == other.content


def test_without_pango_the_page_says_what_to_install(really_reviewed, client, monkeypatch):
    payout_round, operator = really_reviewed
    client.force_login(operator)

    def missing(_html, *, stylesheet):
        raise PdfUnavailableError("The library Pango is missing.", remedy="Install it.")

    monkeypatch.setattr("payouts.views.audit.pdf_of", missing)
    answer = client.get(f"/rounds/{payout_round.pk}/audit.pdf", follow=True)

    assert "The library Pango is missing. Install it." in answer.content.decode()


def recomputed(payout_round):
    said = io.StringIO()
    try:
        call_command("recompute_round", str(payout_round.pk), stdout=said)
    except CommandError as error:
        said.write(f"failed: {error}")
    return said.getvalue()


def test_the_command_computes_the_same_bits(really_reviewed):
    said = recomputed(really_reviewed[0])

    assert "DIFFERENT" not in said
    assert "failed" not in said
    for what in (
        "hash of the inputs",
        "values by fgsv",
        "values by gsv",
        "values by leave_one_out",
        "amounts",
        "lines",
    ):
        assert what in said


def test_the_command_counts_the_owners_of_then_and_not_of_today(db):
    payout_round, operator = scenario.really_reviewed(cap_basis_points=4000)
    front, owner = (line.organization for line in payout_round.lines.order_by("-amount_minor")[:2])
    amounts = preview(payout_round).policies[0].amounts_minor
    ownership.link(organization=front, owner=owner, reason="One company.", by=operator)

    assert "DIFFERENT" not in recomputed(payout_round)
    assert preview(payout_round).policies[0].amounts_minor == amounts


def test_the_command_finds_a_value_that_was_altered_in_its_last_bit(really_reviewed, monkeypatch):
    payout_round = really_reviewed[0]
    true = valuation.outcome

    def altered(run):
        found = true(run)
        found.rules["fgsv"].values[0] = np.nextafter(found.rules["fgsv"].values[0], 1.0)
        return found

    monkeypatch.setattr(valuation, "outcome", altered)
    said = recomputed(payout_round)

    assert "DIFFERENT  values by fgsv" in said
    assert "same       values by gsv" in said
    assert "failed: The round is not what its inputs give on this machine." in said


def test_an_earlier_methods_values_are_not_run_and_its_cents_are_proved(really_reviewed, client, monkeypatch):
    payout_round, operator = really_reviewed
    method = payout_round.run.method_version
    monkeypatch.setattr("payouts.services.recomputing.METHOD_VERSION", "fgsv-auto/99")
    monkeypatch.setattr("payouts.selectors.audit.report.METHOD_VERSION", "fgsv-auto/99")
    monkeypatch.setattr("payouts.services.recomputing.run_plan", None)
    client.force_login(operator)

    said = recomputed(payout_round)
    page = words_of(client.get(f"/rounds/{payout_round.pk}/audit/"))

    assert f"not run    values: {method} computed them" in said
    assert "same       amounts, to the minor unit" in said
    assert "same       hash of the lines" in said
    assert "failed" not in said
    assert f"check out the release tagged {method}" in page


def test_the_command_needs_a_round_that_was_valued(db):
    draft = scenario.funded_draft(scenario.market())

    assert "is draft: there is no result to compare with" in recomputed(draft)
