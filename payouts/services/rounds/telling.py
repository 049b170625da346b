"""Telling sellers that a round which pays them is posted. Each learns the own amount, and nobody else's."""

from marketplace.models import Organization
from marketplace.services import notices
from marketplace.shared.site import address
from payouts.core.money import format_amount
from payouts.models import PayoutLine, PayoutRound
from payouts.selectors.profiles import without_profile


def tell_sellers(payout_round: PayoutRound) -> None:
    """Owe every seller of the round one e-mail about the line, and one more where nobody knows where to send money."""
    lines = list(payout_round.lines.select_related("organization").order_by("number"))
    for line in lines:
        _tell_amount(payout_round, line)
    for organization in without_profile(line.organization for line in lines if line.amount_minor):
        _ask_for_details(payout_round, organization)


def _tell_amount(payout_round: PayoutRound, line: PayoutLine) -> None:
    amount = format_amount(line.amount_minor, payout_round.currency)
    where = address("payouts:result", payout_round.pk)
    notices.notify(
        organization=line.organization,
        kind="round_posted",
        subject=f"{line.organization.name} earned {amount}",
        body=f"{line.organization.name} earned {amount} for the rows it submitted to "
        f"“{payout_round.request.title}”.\n\nHow that came about, with the error of the amount:\n\n{where}",
        key=f"round:{payout_round.pk}:posted:{line.organization_id}",
    )


def _ask_for_details(payout_round: PayoutRound, organization: Organization) -> None:
    notices.notify(
        organization=organization,
        kind="payout_details_missing",
        subject=f"say where the money of {organization.name} goes",
        body=f"{organization.name} has earned money that cannot be sent: its payout details are missing. The amount is "
        f"credited and stays yours. Give a payee, an address and an IBAN here:\n\n"
        f"{address('payouts:profile', organization.pk)}",
        key=f"round:{payout_round.pk}:details_missing:{organization.pk}",
    )
