"""The chart of accounts: each function finds an account or opens it."""

from marketplace.models import DataRequest, Organization
from payouts.models import LedgerAccount, PayoutRound

Kind = LedgerAccount.Kind


def bank(currency: str) -> LedgerAccount:
    """Money on its way through our bank account (asset)."""
    return LedgerAccount.objects.get_or_create(kind=Kind.BANK, currency=currency)[0]


def pot(request: DataRequest) -> LedgerAccount:
    """What a buyer has paid in for a request and no round has taken yet (liability)."""
    return LedgerAccount.objects.get_or_create(kind=Kind.POT, currency=request.currency, request=request)[0]


def escrow(payout_round: PayoutRound) -> LedgerAccount:
    """What a round has taken from the pot and not yet posted (liability)."""
    return LedgerAccount.objects.get_or_create(kind=Kind.ESCROW, currency=payout_round.currency, round=payout_round)[0]


def payable(organization: Organization, currency: str) -> LedgerAccount:
    """What we owe a seller (liability)."""
    return LedgerAccount.objects.get_or_create(kind=Kind.PAYABLE, currency=currency, organization=organization)[0]


def fee(currency: str) -> LedgerAccount:
    """What the platform earns (income)."""
    return LedgerAccount.objects.get_or_create(kind=Kind.FEE, currency=currency)[0]
