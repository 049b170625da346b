"""What PostgreSQL itself refuses, by raw SQL: illegal states, edits of history, books that do not balance."""

import itertools

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from payouts.models import (
    APPEND_ONLY_TABLES,
    AttackRetry,
    AttackTest,
    LedgerAccount,
    LedgerEntry,
    LedgerTransaction,
    LineRelease,
    PayoutLine,
    PayoutPolicy,
    PayoutRound,
)
from payouts.services import accounts, rounds
from payouts.services.attack_figures import not_tried
from tests.integration.payouts import scenario

# The moves of ADR 0005 and ADR 0009, written out again: a slip in the models must not repeat itself here.
ROUND_MOVES = {
    "draft": {"valuing", "cancelled"},
    "valuing": {"in_review", "failed"},
    "in_review": {"approved", "cancelled", "superseded"},
    "approved": {"posted"},
    "posted": {"paid"},
}
LINE_MOVES = {
    "pending": {"held", "below_minimum", "action_required", "approved"},
    "approved": {"submitted", "held", "action_required"},
    "below_minimum": {"held", "action_required", "submitted"},
    "held": {"submitted"},
    "action_required": {"submitted"},
    "submitted": {"paid"},
    "paid": {"returned", "reversed"},
}


def sql(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def forced(statement, *parameters):
    """Run a statement with triggers off, as only the database's owner can; to set a stage, never to act."""
    sql("SET session_replication_role = replica")
    sql(statement, *parameters)
    sql("SET session_replication_role = DEFAULT")


def is_refused(statement, *parameters, match):
    with pytest.raises(DatabaseError, match=match), transaction.atomic():
        sql(statement, *parameters)


def change(noun, column):
    return f"UPDATE payouts_payout{noun} SET {column} = %s WHERE id = %s"  # noqa: S608


@pytest.fixture
def paid(place):
    """A round with every column filled, so that only the move itself decides."""
    payout_round = rounds.mark_paid(payout_round=scenario.posted(place), bank_reference="B", by=place.first)
    forced(
        "UPDATE payouts_payoutround SET ended_at = now(), ended_reason = 'x', ended_by_id = %s WHERE id = %s",
        place.first.pk, payout_round.pk,
    )  # fmt: skip
    return payout_round


def test_every_move_of_a_round_is_legal_or_refused(place, paid):
    successor = scenario.funded_draft(place)
    move = """
        UPDATE payouts_payoutround SET state = %s, superseded_by_id = CASE WHEN %s = 'superseded' THEN %s::uuid END
        WHERE id = %s
    """
    moved = set()
    for old, new in itertools.permutations(PayoutRound.State.values, 2):
        forced(move, old, old, successor.pk, paid.pk)
        if new in ROUND_MOVES.get(old, ()):
            sql(move, new, new, successor.pk, paid.pk)
            moved.add((old, new))
        else:
            is_refused(move, new, new, successor.pk, paid.pk, match="Invalid transition")

    assert len(moved) == 9


def test_every_move_of_a_line_is_legal_or_refused(paid):
    line = paid.lines.first()
    LineRelease.objects.create(line=line, reason=LineRelease.Reason.PAUSE_OVER)
    move = "UPDATE payouts_payoutline SET state = %s WHERE id = %s"
    moved = set()
    for old, new in itertools.permutations(PayoutLine.State.values, 2):
        forced(move, old, line.pk)
        if new in LINE_MOVES.get(old, ()):
            sql(move, new, line.pk)
            moved.add((old, new))
        else:
            is_refused(move, new, line.pk, match="Invalid transition")

    assert len(moved) == 15


@pytest.mark.parametrize("state", ["held", "action_required", "below_minimum"])
def test_what_waits_leaves_by_a_release_alone(paid, state):
    line = paid.lines.first()
    forced("UPDATE payouts_payoutline SET state = %s WHERE id = %s", state, line.pk)

    is_refused("UPDATE payouts_payoutline SET state = 'submitted' WHERE id = %s", line.pk, match="leaves by a release")
    with pytest.raises(IntegrityError, match="release_by_a_round"), transaction.atomic():
        LineRelease.objects.create(line=line, reason=LineRelease.Reason.MINIMUM_REACHED)


def test_an_unknown_state_is_refused_even_without_triggers(place, paid):
    with pytest.raises(IntegrityError, match="round_state_known"), transaction.atomic():
        forced("UPDATE payouts_payoutround SET state = 'gone' WHERE id = %s", paid.pk)


def test_rounds_start_as_drafts_and_lines_pending_in_a_valuing_round(paid):
    columns = ", ".join(
        field.column for field in PayoutRound._meta.concrete_fields if field.column not in {"id", "run_id"}
    )
    copy = (
        f"INSERT INTO payouts_payoutround (id, {columns}) SELECT gen_random_uuid(), {columns} FROM payouts_payoutround"  # noqa: S608
    )
    is_refused(copy, match="Cannot insert")

    columns = ", ".join(field.column for field in PayoutLine._meta.concrete_fields if field.column != "id")
    copy = f"INSERT INTO payouts_payoutline ({columns}) SELECT {columns} FROM payouts_payoutline"  # noqa: S608
    is_refused(copy, match="Cannot insert")
    forced("UPDATE payouts_payoutline SET state = 'pending'")
    is_refused(copy, match="only while their round is valuing")


@pytest.mark.parametrize(
    ("column", "value"),
    [("pot_minor", 1), ("currency", "USD"), ("policy_snapshot", "{}"), ("seed", 99), ("evaluations_max", 1)],
)
def test_the_terms_of_a_round_never_change(place, column, value):
    draft = scenario.funded_draft(place)

    is_refused(change("round", column), value, draft.pk, match="Cannot update")


@pytest.mark.parametrize("column", ["inputs_sha256", "triggered_at", "lines_sha256", "fee_minor", "unallocated_minor"])
def test_inputs_and_result_are_frozen_in_review(place, column):
    payout_round = scenario.in_review(place)
    value = "NULL" if column == "triggered_at" else "'1'"

    is_refused(f"UPDATE payouts_payoutround SET {column} = {value} WHERE id = %s", payout_round.pk, match="frozen")  # noqa: S608


# What a round may still be given once it is there: every other column is fixed from that state on.
FREE_COLUMNS = {
    "posted": {"state", "superseded_by_id", "paid_by_id", "paid_at", "bank_reference"},
    "paid": {"state", "superseded_by_id"},
}


@pytest.mark.parametrize("state", ["posted", "paid"])
def test_a_posted_round_is_history_column_by_column(place, state):
    payout_round = scenario.posted(place)
    if state == "paid":
        rounds.mark_paid(payout_round=payout_round, bank_reference="B", by=place.first)
    fixed = [field for field in PayoutRound._meta.concrete_fields if field.column not in FREE_COLUMNS[state]]
    by_kind = {
        "DateTimeField": "'2020-01-01T00:00:00Z'", "ForeignKey": "NULL", "OneToOneField": "NULL",
        "UUIDField": "gen_random_uuid()", "JSONField": "'{}'", "FloatField": "0.5", "PositiveBigIntegerField": "99",
        "CharField": "'XYZ'", "TextField": "'XYZ'",
    }  # fmt: skip

    for field in fixed:
        # Those who ended it are nobody so far; all others are somebody.
        value = place.first.pk if field.name == "ended_by" else by_kind[type(field).__name__]
        is_refused(
            f"UPDATE payouts_payoutround SET {field.column} = {value} WHERE id = %s",  # noqa: S608
            payout_round.pk, match=r"is history|frozen|Cannot update",
        )  # fmt: skip

    assert len(fixed) == len(PayoutRound._meta.concrete_fields) - len(FREE_COLUMNS[state])


@pytest.mark.parametrize("column", ["approved_by_id", "approved_at"])
def test_who_approved_a_round_and_when_is_history(place, column):
    payout_round = scenario.approved(place)
    value = "now()" if column == "approved_at" else str(scenario.person("operator").pk)

    is_refused(f"UPDATE payouts_payoutround SET {column} = {value} WHERE id = %s", payout_round.pk, match="is history")  # noqa: S608


@pytest.mark.parametrize("column", ["paid_by_id", "paid_at", "bank_reference"])
def test_a_payment_that_was_confirmed_is_history(place, column):
    payout_round = rounds.mark_paid(payout_round=scenario.posted(place), bank_reference="B", by=place.first)
    value = {"paid_by_id": str(place.second.pk), "paid_at": "now()", "bank_reference": "'C'"}[column]

    is_refused(f"UPDATE payouts_payoutround SET {column} = {value} WHERE id = %s", payout_round.pk, match="is history")  # noqa: S608


@pytest.mark.parametrize(
    "column", ["amount_minor", "organization_id", "owner_key", "value", "share_numerator", "reason"]
)
def test_the_figures_of_an_approved_line_never_change(place, column):
    line = scenario.approved(place).lines.first()
    other = place.sellers[-1].pk if column == "organization_id" else 1

    is_refused(change("line", column), other, line.pk, match="Cannot update")


@pytest.mark.parametrize("table", ["payouts_payoutround", "payouts_payoutline"])
def test_rounds_and_lines_are_never_deleted(place, table):
    scenario.in_review(place)

    is_refused(f"DELETE FROM {table}", match="Cannot delete")  # noqa: S608


def test_lines_that_miss_the_pot_by_a_cent_stop_the_round(place):
    payout_round = scenario.in_review(place)
    forced("UPDATE payouts_payoutline SET amount_minor = amount_minor - 1 WHERE number = 1")

    is_refused("UPDATE payouts_payoutround SET ended_reason = 'x' WHERE id = %s", payout_round.pk, match="do not sum")


def test_a_round_is_not_approved_without_an_approval(place):
    payout_round = scenario.in_review(place)

    is_refused(
        "UPDATE payouts_payoutround SET state = 'approved', approved_by_id = %s, approved_at = now() WHERE id = %s",
        place.second.pk, payout_round.pk, match="no approval",
    )  # fmt: skip


def test_the_trigger_er_signs_nothing(place):
    payout_round = scenario.in_review(place)

    is_refused(
        "INSERT INTO payouts_approval (round_id, by_id, at, inputs_sha256, lines_sha256, mfa_at) "
        "VALUES (%s, %s, now(), %s, %s, now())",
        payout_round.pk, place.first.pk, payout_round.inputs_sha256, payout_round.lines_sha256, match="cannot approve",
    )  # fmt: skip
    is_refused(
        "UPDATE payouts_payoutround SET approved_by_id = triggered_by_id WHERE id = %s",
        payout_round.pk, match="round_four_eyes",
    )  # fmt: skip


def test_an_old_second_factor_signs_nothing(place):
    payout_round = scenario.in_review(place)

    is_refused(
        "INSERT INTO payouts_approval (round_id, by_id, at, inputs_sha256, lines_sha256, mfa_at) "
        "VALUES (%s, %s, now(), %s, %s, now() - interval '11 minutes')",
        payout_round.pk, place.second.pk, payout_round.inputs_sha256, payout_round.lines_sha256,
        match="approval_after_the_second_factor",
    )  # fmt: skip


def test_a_round_with_an_open_line_is_not_paid(place):
    payout_round = scenario.posted(place)

    is_refused(
        "UPDATE payouts_payoutround SET state = 'paid', paid_by_id = %s, paid_at = now(), bank_reference = 'B' "
        "WHERE id = %s",
        place.first.pk, payout_round.pk, match="neither paid, nor waiting, nor returned",
    )  # fmt: skip


@pytest.mark.parametrize("table", APPEND_ONLY_TABLES)
def test_history_is_only_added_to(place, table):
    payout_round = scenario.posted(place)
    AttackTest.objects.create(round=payout_round, kind=AttackTest.Kind.COPIER, figures=not_tried("No worker."))
    AttackRetry.objects.create(round=payout_round, times=4, by=place.first)
    LineRelease.objects.create(line=payout_round.lines.first(), reason=LineRelease.Reason.PAUSE_OVER)

    is_refused(f"DELETE FROM {table}", match="Cannot update or delete")  # noqa: S608
    is_refused(f"UPDATE {table} SET id = id", match="Cannot update or delete")  # noqa: S608


def book(place, *legs, entry_count=2):
    """Write a ledger transaction by hand and let the deferred triggers look at it."""
    transaction_row = LedgerTransaction.objects.create(
        natural_key="by hand", reason="funding", entry_count=entry_count, by=place.first
    )
    for account, amount_minor, currency in legs:
        LedgerEntry.objects.create(
            transaction=transaction_row, account=account, amount_minor=amount_minor, currency=currency
        )
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET CONSTRAINTS ALL DEFERRED")
    return transaction_row


def is_not_booked(place, *legs, match, entry_count=2):
    with pytest.raises(DatabaseError, match=match), transaction.atomic():
        book(place, *legs, entry_count=entry_count)


def test_books_balance_per_currency(place):
    bank, pot = accounts.bank("EUR"), accounts.pot(place.request)
    dollars, fee = accounts.bank("USD"), accounts.fee("USD")

    is_not_booked(place, (bank, 100, "EUR"), (pot, -99, "EUR"), match="do not sum to 0")
    is_not_booked(place, (bank, 100, "EUR"), (dollars, -100, "USD"), match="do not sum to 0")
    is_not_booked(place, (bank, 100, "USD"), (pot, -100, "USD"), match="does not fit the currency")
    is_not_booked(place, (bank, 0, "EUR"), (pot, 0, "EUR"), match="entry_not_zero")
    book(
        place, (bank, 100, "EUR"), (pot, -100, "EUR"), (dollars, 7, "USD"), (fee, -7, "USD"), entry_count=4
    )  # fmt: skip


def test_a_transaction_has_at_least_two_entries_and_exactly_those_announced(place):
    bank, pot = accounts.bank("EUR"), accounts.pot(place.request)

    is_not_booked(place, match="does not have its 2 entries")
    is_not_booked(place, entry_count=1, match="transaction_two_entries")
    is_not_booked(place, (bank, 1, "EUR"), (pot, -1, "EUR"), entry_count=3, match=r"entries|complete")


def test_a_booked_transaction_takes_no_further_entry(place):
    bank, pot = accounts.bank("EUR"), accounts.pot(place.request)
    booked = book(place, (bank, 5, "EUR"), (pot, -5, "EUR"))

    # Two entries that balance between themselves: only the announced count gives them away.
    with transaction.atomic():
        LedgerEntry.objects.create(transaction=booked, account=bank, amount_minor=1, currency="EUR")
        LedgerEntry.objects.create(transaction=booked, account=pot, amount_minor=-1, currency="EUR")
        is_refused("SET CONSTRAINTS ALL IMMEDIATE", match="is complete")
        transaction.set_rollback(True)


def test_an_account_belongs_to_its_kind_and_exists_once(place):
    with pytest.raises(IntegrityError, match="account_belongs_to_its_kind"), transaction.atomic():
        LedgerAccount.objects.create(kind="bank", currency="EUR", request=place.request)
    accounts.bank("EUR")
    with pytest.raises(IntegrityError, match="account_unique"), transaction.atomic():
        LedgerAccount.objects.create(kind="bank", currency="EUR")


def test_a_policy_that_contradicts_itself_and_a_second_default_are_refused(db):
    with pytest.raises(IntegrityError, match="policy_floor_and_cap"), transaction.atomic():
        scenario.policy(cap_basis_points=100, floor_basis_points=200)
    PayoutPolicy.objects.all().delete()
    scenario.policy(is_default=True)
    with pytest.raises(IntegrityError, match="policy_one_default"), transaction.atomic():
        scenario.policy(is_default=True)
