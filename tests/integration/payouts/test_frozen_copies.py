"""What a round says of copies is what was known when its inputs were frozen."""

import pytest

from marketplace.models import CopyFinding, Submission
from marketplace.services import copies, submissions
from payouts.selectors.round.frozen_copies import frozen_copies
from payouts.selectors.round.review import review
from payouts.services import rounds
from tests.integration.payouts import scenario
from tests.integration.payouts.browsing import browser, page, words
from tests.integration.valuation.market import make_market

pytestmark = pytest.mark.real_valuation


def find(first, second, rows, kind="exact"):
    return CopyFinding.objects.create(
        request=first.request, first=first.version, second=second.version, kind=kind, rows_matched=len(rows),
        expected_by_chance=0.0, log10_p_value=-20.0, pairs=[[row, row] for row in rows],
    )  # fmt: skip


def decide(finding, decision):
    copies.decide(finding=finding, decision=decision, reason=f"Because {decision}.", by=scenario.person("operator"))


@pytest.fixture
def market(db):
    request = make_market()
    return request, list(Submission.objects.filter(request=request).order_by("version__rows"))


def copies_check(payout_round):
    return next(check for check in review(payout_round)["risk_checks"] if check.name == "Copies")


def section(client, payout_round):
    return words(client.get(page("round_audit", payout_round.pk))).split("8. Copies")[1].split("9. Who did what")[0]


FROZEN = "No finding of copied rows was open when the inputs were frozen. 4 copied rows were left out."


def test_what_happens_after_freezing_changes_nothing(market):
    request, (small, middle, large) = market
    upheld = find(small, middle, range(4))
    decide(upheld, "disputed")
    decide(upheld, "first_keeps")
    decide(find(middle, large, range(2)), "both_keep")
    payout_round, operator = scenario.really_reviewed(request)
    client = browser(operator)
    before = section(client, payout_round)
    summary = frozen_copies(payout_round).summary

    assert (summary.first_keeps, summary.both_keep, summary.disputed, summary.open) == (1, 1, 0, 0)
    assert (summary.rows_left_out, summary.is_checked) == (4, True)
    assert [before.count(f"Because {decision}.") for decision in ("disputed", "first_keeps", "both_keep")] == [1, 1, 1]
    assert copies_check(payout_round).passed
    assert copies_check(payout_round).finding == FROZEN

    submissions.withdraw(version=middle.version, by=middle.submitted_by)
    find(small, large, [7])
    decide(find(small, large, [5], kind="rounded"), "first_keeps")

    assert section(client, payout_round) == before
    assert frozen_copies(payout_round).summary == summary
    # Whoever approves learns of it, and only until then.
    assert not copies_check(payout_round).passed
    assert copies_check(payout_round).finding == (
        "Since the inputs were frozen 2 findings of copied rows about them were made or decided; this round does not "
        "follow them."
    )
    scenario.approve(payout_round, scenario.person("operator"))
    posted = rounds.post(payout_round=payout_round, by=operator)
    assert copies_check(posted).finding == FROZEN
    assert section(client, posted) == before
