"""What there is to read of a round once its lines are computed."""

from typing import Any

from django.template.defaultfilters import pluralize

from marketplace.basics.money import format_amount
from payouts.core.correlation import SELLERS_COMPARED_MIN
from payouts.models import PayoutRound
from payouts.selectors.audit.attacks import attack_check
from payouts.selectors.money.projection import project
from payouts.selectors.round.findings import amounts_finding
from payouts.selectors.round.risk_checks import risk_checks, unlinked_with_one_account
from payouts.selectors.round.rounds import rule_rows, rules_in_words, shares_by_seller, times_in_words
from payouts.selectors.round.why import nothing_shared_among


def review(payout_round: PayoutRound) -> dict[str, Any]:
    """Lines, totals, rules and checks, by the names that the review's templates use."""
    projection, figures = project(payout_round), payout_round.audit_report.figures
    sellers = [record for record in projection.largest_first if record.kind == "seller"]
    amount_rows = [
        {
            "label": record.organization,
            "value": record.amount_minor,
            "low": record.amount_lower_minor,
            "high": record.amount_upper_minor,
        }
        for record in sellers
    ]
    shared_accounts = unlinked_with_one_account(payout_round)
    checks = [*risk_checks(payout_round, shared_accounts=shared_accounts), attack_check(payout_round)]
    pot = format_amount(payout_round.pot_minor, payout_round.currency)
    return {
        "what": f"{len(sellers)} line{pluralize(len(sellers))}, {pot}",
        "projection": projection,
        "totals": projection.totals,
        "figures": figures,
        "nothing_shared": nothing_shared_among(payout_round, [record.reason for record in sellers]),
        "rules": rules_in_words(figures),
        "shares": shares_by_seller(figures),
        "rule_rows": rule_rows(figures),
        "agreement_says_nothing": len(figures.sellers) < SELLERS_COMPARED_MIN,
        "times": times_in_words(figures),
        "amount_rows": amount_rows,
        "amounts_finding": amounts_finding(amount_rows),
        "shared_accounts": shared_accounts,
        "risk_checks": sorted(checks, key=lambda check: check.passed),
    }
