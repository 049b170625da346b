"""Telling people what a round means for them: approvers that it waits, sellers and the buyer that it is posted.

Each seller learns the own amount, and nobody else's.
"""

from marketplace.basics.money import format_amount
from marketplace.models import Membership, Organization, Role
from marketplace.services import notices
from marketplace.web.site import address
from payouts.core.allocation import Reason
from payouts.models import PayoutLine, PayoutRound
from payouts.selectors.money.profiles import Hold
from payouts.selectors.round.why import nothing_shared


def tell_approvers(payout_round: PayoutRound) -> None:
    """Owe every operator who may approve the round one e-mail: everybody but the one who started it."""
    pot, title = format_amount(payout_round.pot_minor, payout_round.currency), payout_round.request.title
    operators = Membership.objects.filter(role=Role.OPERATOR, user__is_active=True).exclude(
        user=payout_round.triggered_by_id
    )
    for membership in operators.select_related("user", "organization").order_by("pk"):
        notices.write_to(
            address=membership.user.email,
            organization=membership.organization,
            kind="round_in_review",
            subject=f"a round over {pot} waits for approval",
            body=f"The round over {pot} for “{title}” is valued. Somebody who did not start it has to approve it, with "
            f"the second factor, before anything is paid:\n\n{address('payouts:round_detail', payout_round.pk)}\n\n"
            f"You receive this because you are an operator for {membership.organization.name} on Faircut.",
            key=f"round:{payout_round.pk}:in_review",
        )


def tell_buyer(payout_round: PayoutRound) -> None:
    """Owe the buyer's people one e-mail: what the data does to their model can be read now."""
    request = payout_round.request
    shared_out = format_amount(
        payout_round.pot_minor - payout_round.fee_minor - payout_round.unallocated_minor, payout_round.currency
    )
    nothing = payout_round.lines.filter(reason=Reason.NOTHING_TO_SHARE).exists()
    returned = f"{nothing_shared(payout_round)} " if nothing else ""
    notices.notify(
        organization=request.buyer,
        kind="results_posted",
        subject=f"the results of “{request.title}” are there",
        body=f"The round for “{request.title}” is posted: {shared_out} go to sellers. {returned}What their "
        f"rows do to your model, seller by seller, and how much more data would help:\n\n"
        f"{address('payouts:buyer_results', request.pk)}",
        key=f"round:{payout_round.pk}:results:{request.buyer_id}",
    )


def tell_sellers(payout_round: PayoutRound) -> None:
    """Owe every seller of the round one e-mail about the line."""
    for line in payout_round.lines.select_related("organization").order_by("number"):
        _tell_amount(payout_round, line)


def tell_held(line: PayoutLine, hold: Hold) -> None:
    """Owe one more e-mail where money cannot be sent, which says what ends that."""
    if hold.state == PayoutLine.State.ACTION_REQUIRED:
        _ask_for_details(line.round, line.organization)
        return
    amount = format_amount(line.amount_minor, line.round.currency)
    notices.notify(
        organization=line.organization,
        kind="payout_held",
        subject=f"{amount} of {line.organization.name} is held",
        body=f"{line.organization.name} earned {amount} with “{line.round.request.title}”. It is credited and stays "
        f"yours. {hold.next_step}\n\n{address('payouts:profile', line.organization_id)}",
        key=f"round:{line.round_id}:held:{line.organization_id}",
    )


def tell_released(line: PayoutLine) -> None:
    """Owe an e-mail about money that waited and is on its way now."""
    amount = format_amount(line.amount_minor, line.round.currency)
    notices.notify(
        organization=line.organization,
        kind="payout_released",
        subject=f"{amount} of {line.organization.name} is on its way",
        body=f"{amount} that {line.organization.name} earned with “{line.round.request.title}” was held and is on its "
        f"way to your bank now. There is nothing for you to do.\n\n{address('payouts:statement', line.pk)}",
        key=f"round:{line.round_id}:released:{line.organization_id}",
    )


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
