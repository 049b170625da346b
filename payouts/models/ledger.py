"""Double entry: debits are positive, credits negative, and every transaction sums to 0 per currency."""

import pgtrigger
from django.db import models

from marketplace.models import DataRequest, Organization, User
from marketplace.web.request_id import ID_LENGTH
from payouts.models.rounds import PayoutRound

APPEND_ONLY = pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)


class LedgerAccount(models.Model):
    class Kind(models.TextChoices):
        BANK = "bank", "Bank clearing (asset)"
        POT = "pot", "Pot of a request (liability to the buyer)"
        ESCROW = "escrow", "Escrow of a round (liability)"
        PAYABLE = "payable", "Payable to a seller (liability)"
        FEE = "fee", "Platform fee (income)"

    kind = models.CharField(max_length=7, choices=Kind.choices)
    currency = models.CharField(max_length=3)
    request = models.ForeignKey(DataRequest, null=True, on_delete=models.PROTECT, related_name="+")
    round = models.ForeignKey(PayoutRound, null=True, on_delete=models.PROTECT, related_name="+")
    organization = models.ForeignKey(Organization, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "currency", "request", "round", "organization"],
                nulls_distinct=False,
                name="account_unique",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    kind__in=["bank", "fee"], request__isnull=True, round__isnull=True, organization__isnull=True
                )
                | models.Q(kind="pot", request__isnull=False, round__isnull=True, organization__isnull=True)
                | models.Q(kind="escrow", request__isnull=True, round__isnull=False, organization__isnull=True)
                | models.Q(kind="payable", request__isnull=True, round__isnull=True, organization__isnull=False),
                name="account_belongs_to_its_kind",
                violation_error_message="A pot has a request, an escrow a round, a payable an organisation.",
            ),
        ]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        owner = self.request_id or self.round_id or self.organization_id
        return f"{self.kind}:{owner}" if owner else self.kind


class LedgerTransaction(models.Model):
    class Reason(models.TextChoices):
        FUNDING = "funding"
        ESCROW = "escrow"
        ESCROW_RETURN = "escrow_return"
        PAYOUT = "payout"
        CARRY_OVER = "carry_over"
        HOLD = "hold"
        PLATFORM_FEE = "platform_fee"
        UNALLOCATED = "unallocated"
        PAYMENT = "payment"

    # Says what happened in the world ("line 3 of this round was posted"); the same thing happens once.
    natural_key = models.CharField(max_length=200, unique=True)
    reason = models.CharField(max_length=13, choices=Reason.choices)
    round = models.ForeignKey(PayoutRound, null=True, on_delete=models.PROTECT, related_name="ledger_transactions")
    reference = models.CharField(max_length=140, blank=True, help_text="What the bank statement says.")
    entry_count = models.PositiveSmallIntegerField(help_text="So that nobody can add entries to it later.")
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    request_id = models.CharField(
        max_length=ID_LENGTH, blank=True, help_text="The click that led here, as in the logs."
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(entry_count__gte=2),
                name="transaction_two_entries",
                violation_error_message="A ledger transaction has at least two entries.",
            ),
        ]
        triggers = [
            APPEND_ONLY,
            pgtrigger.Trigger(
                name="transaction_complete",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func="""
                    IF (SELECT COUNT(*) FROM payouts_ledgerentry WHERE transaction_id = NEW.id) <> NEW.entry_count THEN
                        RAISE EXCEPTION 'Ledger transaction % does not have its % entries.', NEW.id, NEW.entry_count;
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.natural_key


class LedgerEntry(models.Model):
    transaction = models.ForeignKey(LedgerTransaction, on_delete=models.PROTECT, related_name="entries")
    account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="entries")
    amount_minor = models.BigIntegerField(help_text="Debit positive, credit negative.")
    currency = models.CharField(max_length=3)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(amount_minor=0),
                name="entry_not_zero",
                violation_error_message="A ledger entry moves at least one minor unit.",
            ),
        ]
        triggers = [
            APPEND_ONLY,
            pgtrigger.Trigger(
                name="entry_in_the_currency_of_its_account",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NEW.currency <> (SELECT currency FROM payouts_ledgeraccount WHERE id = NEW.account_id) THEN
                        RAISE EXCEPTION 'An entry in % does not fit the currency of account %.',
                            NEW.currency, NEW.account_id;
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="entries_balance",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func="""
                    IF EXISTS (
                        SELECT 1 FROM payouts_ledgerentry WHERE transaction_id = NEW.transaction_id
                        GROUP BY currency HAVING SUM(amount_minor) <> 0
                    ) THEN
                        RAISE EXCEPTION 'The entries of ledger transaction % do not sum to 0.', NEW.transaction_id;
                    END IF;
                    IF (SELECT COUNT(*) FROM payouts_ledgerentry WHERE transaction_id = NEW.transaction_id)
                        <> (SELECT entry_count FROM payouts_ledgertransaction WHERE id = NEW.transaction_id)
                    THEN
                        RAISE EXCEPTION 'Ledger transaction % is complete; corrections are new transactions.',
                            NEW.transaction_id;
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency} on {self.account_id}"
