"""A seller whose rows were all left out as copies earns 0, and reads why wherever the round is shown."""

import csv
import functools
import io
import json

import pytest
from django.urls import reverse

from marketplace.basics.figures import NARROW_SPACE, count
from marketplace.models import CopyFinding
from marketplace.services import copies
from payouts.models import Export
from payouts.selectors.buyer.results import buyer_results
from payouts.selectors.seller.explanations import class_chart, size_chart
from payouts.selectors.seller.statements import statement_of
from payouts.services.rounds import opening
from tests.integration.payouts import scenario
from tests.integration.payouts.browsing import browser, page, words

WHY = "All its rows were left out as copies"


@pytest.fixture
def copier(place, monkeypatch):
    """The first seller by number, so that the numbers of the others do not move with it."""
    start = functools.partial(scenario.fake_start, copiers=[place.sellers[0]])
    monkeypatch.setattr(opening.runs, "start", start)
    return place.sellers[0]


def test_the_line_says_nothing_was_measured_and_the_pot_is_still_split_whole(place, copier):
    review = scenario.in_review(place)

    lines = list(review.lines.order_by("number"))
    last = lines[-1]
    assert [line.organization_id for line in lines] == [seller.pk for seller in (*place.sellers[1:], copier)]
    assert (last.reason, last.rows, last.amount_minor, last.share, last.value) == ("copies", 0, 0, 0, 0.0)
    assert (last.amount_upper_minor, last.share_upper, last.value_upper) == (0, 0.0, 0.0)
    assert last.owner_key == copier.owner_key
    assert sum(line.amount_minor for line in lines) == review.pot_minor


def test_statement_result_and_exports_show_it(place, copier):
    posted = scenario.posted(place)
    line = posted.lines.select_related("round__request", "organization").get(organization=copier)
    seller = browser(place.people[0])

    assert statement_of(line).nothing_earned == WHY
    assert WHY in words(seller.get(page("statement", line.pk)))
    shown = words(seller.get(page("result", posted.pk)))
    assert "You earned 0.00 EUR, because all your rows were left out as copies. You owe nothing." in shown
    assert "None of your rows took part in this round" in shown
    rows = count(posted.started_run.manifest.left_out_sellers[copier.pk]).replace(NARROW_SPACE, " ")
    assert f"your {rows} rows are copies of rows that were there before" in shown
    assert size_chart(line) is None
    assert class_chart(line) is None
    body = bytes(Export.objects.get(round=posted, kind=Export.Kind.CSV).body).decode()
    row = next(row for row in csv.DictReader(io.StringIO(body)) if row["organization_id"] == str(copier.pk))
    assert (row["disposition"], row["reason"], row["credit"]) == ("none", "copies", "0.00")
    document = json.loads(bytes(Export.objects.get(round=posted, kind=Export.Kind.JSON).body))
    assert [entry["reason"] for entry in document["lines"]].count("copies") == 1
    assert document["totals"]["proved"] is True


def test_review_and_audit_report_name_it_and_the_buyer_sees_only_who_was_valued(place, copier):
    posted = scenario.posted(place)

    operator = browser(place.second)
    assert WHY in words(operator.get(page("round_detail", posted.pk)))
    assert WHY in words(operator.get(reverse("payouts:round_audit", args=[posted.pk])))
    assert [seller.label for seller in buyer_results(posted).sellers] == ["Seller 1", "Seller 2", "Seller 3"]


def test_the_audit_report_prints_what_was_decided_about_copies_and_why(place):
    first, second = (entry.version for entry in place.request.submissions.order_by("pk")[:2])
    finding = CopyFinding.objects.create(
        request=place.request, first=first, second=second, kind="exact", rows_matched=3, expected_by_chance=0.0,
        log10_p_value=-9.0, pairs=[[0, 0], [1, 1], [2, 2]],
    )  # fmt: skip
    copies.decide(finding=finding, decision="first_keeps", reason="Bought from a broker.", by=place.second)
    payout_round = scenario.in_review(place)

    report = words(browser(place.second).get(reverse("payouts:round_audit", args=[payout_round.pk])))

    seller = second.dataset.organization.name
    assert f"rows of {seller}, equal by {place.second.full_name} Bought from a broker." in report
    assert "First keeps: 3 of" in report


def test_a_draft_names_the_findings_that_its_start_waits_for(place):
    draft = scenario.funded_draft(place)
    operator = browser(place.second)
    assert "of copied rows wait" not in words(operator.get(page("round_detail", draft.pk)))
    first, second = (entry.version for entry in place.request.submissions.order_by("pk")[:2])
    CopyFinding.objects.create(
        request=place.request, first=first, second=second, kind="exact", rows_matched=3, expected_by_chance=0.0,
        log10_p_value=-9.0, pairs=[[0, 0], [1, 1], [2, 2]],
    )  # fmt: skip

    answer = operator.get(page("round_detail", draft.pk))

    assert "1 finding of copied rows waits for a decision." in words(answer)
    address = f"{reverse('marketplace:copy_list')}?request={place.request.pk}"
    assert f'<a href="{address}">Decide under Copies</a>' in answer.content.decode()
