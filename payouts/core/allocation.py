"""The door between values and money: float64 values become exact shares once, shares become minor units that sum.

Values are metric units of one seller account; an *owner* is the beneficial owner behind one or more accounts. The rule
of pay, cap, floor and minimum act on owners, so that opening a second account changes no owner's total.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from payouts.core.apportionment import largest_remainder
from payouts.core.chances import Worths, fit
from payouts.core.policy import SIGNIFICANT, Policy, Rule, bounded_shares

# A chance is known to its last bits only, and these follow the unit of the values: a cent must not.
_CHANCE_DIGITS = 9
# Stands for the buyer in the apportionment when a cap leaves a part of the pot to nobody; no owner key is empty.
_UNALLOCATED = ""


class AllocationError(ValueError):
    """Values or accounts from which no amount can honestly be computed."""


class Reason(StrEnum):
    """Why an owner or an account earns what it earns; the sentence behind each is written at the edge."""

    PROPORTIONAL = "proportional"
    CAPPED = "capped"
    FLOORED = "floored"
    BELOW_MINIMUM = "below_minimum"
    NOT_SIGNIFICANT = "not_significant"
    NOT_POSITIVE = "not_positive"
    NOTHING_TO_SHARE = "nothing_to_share"
    ROUNDED_TO_NOTHING = "rounded_to_nothing"
    # Decided before anything was valued: no account of an allocation has it.
    COPIES = "copies"


@dataclass(frozen=True)
class Account:
    """One seller account: its key, the key of its beneficial owner, its value in metric units, and its valued rows."""

    key: str
    owner_key: str
    value: float
    rows: int


@dataclass(frozen=True)
class Entitlement:
    """What one owner or one account gets.

    Attributes:
        key: The owner's key or the account's key.
        owner_key: The owner's key.
        value: Exact sum of the accounts' values, in metric units.
        share: Exact share of the distributable pot, in [0, 1].
        amount_minor: Minor units earned; kept, not paid out, where the reason is ``below_minimum``.
        reason: Which rule decided the share.
        chance: What the owner's value counts: under the rule of chances the chance that its rows are not worth nothing,
            in (0, 1], whatever the sign of the value; else 1 or, below the gate, 0. Accounts have their owner's.
    """

    key: str
    owner_key: str
    value: Fraction
    share: Fraction
    amount_minor: int
    reason: Reason
    chance: float


@dataclass(frozen=True)
class Allocation:
    """A pot split without a rest: owners' amounts + ``fee_minor`` + ``unallocated_minor`` = ``pot_minor``.

    Attributes:
        pot_minor: The whole pot.
        fee_minor: The platform's part.
        unallocated_minor: What stays the buyer's because no value may be paid, or because a cap binds for everybody.
        owners: One entry per beneficial owner, ordered by key.
        accounts: One entry per account, in the order given; an owner's accounts sum to the owner's amount.
        worths: What the chances were read off, owners in the order of ``owners``; None under the other rules.
    """

    pot_minor: int
    fee_minor: int
    unallocated_minor: int
    owners: tuple[Entitlement, ...]
    accounts: tuple[Entitlement, ...]
    worths: Worths | None = None

    @property
    def distributable_minor(self) -> int:
        """What the owners' shares are shares of, in minor units."""
        return self.pot_minor - self.fee_minor

    @property
    def nothing_paid(self) -> bool:
        """True where no owner has a value that may be paid, so that the whole pot stays the buyer's."""
        return not any(owner.share for owner in self.owners)


def allocate(
    accounts: Sequence[Account],
    *,
    owner_errors: Mapping[str, float],
    pot_minor: int,
    policy: Policy,
    salt: str,
    carried_minor: Mapping[str, int] = MappingProxyType({}),
    pot_significant: bool = True,
) -> Allocation:
    """Turn values into amounts that sum to the pot.

    ``share_o = c_o max(0, v_o) / sum c max(0, v)`` over the owners the policy pays (docs/mathematics.md section 4;
    ``c`` are the chances of ADR 0011 where the policy says so, else 1), bounded by its floor and cap, then minor units
    by the largest remainder. Chances are floats; with the values they become exact fractions here, once.

    Args:
        accounts: Seller accounts with float64 values in metric units; keys are unique.
        owner_errors: Standard error of each owner's summed value, computation and validation together, metric units.
        pot_minor: The pot in minor units, at least 0.
        policy: The rules.
        salt: Names the round in the tie-break.
        carried_minor: What earlier rounds still owe an owner, in minor units: it counts towards the minimum, and is no
            part of this pot.
        pot_significant: Whether all rows together beat the constant predictor beyond the validation error. Where they
            do not, there is nothing to share and nobody is paid.

    Returns:
        Amounts of owners and accounts; if no value may be paid, all 0 and the whole pot unallocated, fee included.

    Raises:
        AllocationError: A value or error is not finite, an error or a number of rows is below 0, a key is empty or
            repeated, an owner has no error, or the pot is negative.
    """
    values = _exact_values(accounts, owner_errors, pot_minor)
    owner_values: dict[str, Fraction] = {}
    owner_rows: dict[str, int] = {}
    for account in accounts:
        owner_values[account.owner_key] = owner_values.get(account.owner_key, Fraction(0)) + values[account.key]
        owner_rows[account.owner_key] = owner_rows.get(account.owner_key, 0) + account.rows
    owner_values = dict(sorted(owner_values.items()))

    worths, chances = _chances(owner_values, owner_errors, owner_rows, policy)
    excluded = {
        key: reason
        for key, value in owner_values.items()
        if (reason := _excluded(value, chances[key], pot_significant=pot_significant))
    }
    paid = {key: Fraction(chances[key]) * value for key, value in owner_values.items() if key not in excluded}
    shares = bounded_shares(paid, floor=policy.floor, cap=policy.cap)
    fee = policy.fee_of(pot_minor) if paid else 0
    weights = shares | {_UNALLOCATED: 1 - sum(shares.values(), Fraction(0))}
    units = largest_remainder(pot_minor - fee, weights, salt=salt)

    owners = tuple(
        Entitlement(
            key=key,
            owner_key=key,
            value=value,
            share=shares.get(key, Fraction(0)),
            amount_minor=units.get(key, 0),
            reason=excluded.get(key) or _paid_reason(shares[key], units[key], carried_minor.get(key, 0), policy),
            chance=chances[key],
        )
        for key, value in owner_values.items()
    )
    allocation = Allocation(
        pot_minor=pot_minor,
        fee_minor=fee,
        unallocated_minor=units[_UNALLOCATED],
        owners=owners,
        accounts=_split_over_accounts(accounts, values, owners, salt),
        worths=worths,
    )
    _prove_sums(allocation)
    return allocation


def _exact_values(
    accounts: Sequence[Account], owner_errors: Mapping[str, float], pot_minor: int
) -> dict[str, Fraction]:
    if pot_minor < 0:
        raise AllocationError("A pot cannot be negative.")
    values: dict[str, Fraction] = {}
    for account in accounts:
        if not account.key or not account.owner_key or account.key in values:
            raise AllocationError(f"Account keys must be present and unique; {account.key!r} is not.")
        if account.owner_key not in owner_errors:
            raise AllocationError(f"The owner {account.owner_key!r} has no error of its value.")
        error = owner_errors[account.owner_key]
        if not math.isfinite(account.value) or not math.isfinite(error) or error < 0:
            raise AllocationError(
                f"The value of {account.key!r} or its error is not finite; no amount follows from it."
            )
        if account.rows < 0:
            raise AllocationError(f"The account {account.key!r} has {account.rows} rows; nobody has fewer than none.")
        values[account.key] = Fraction(account.value)
    return values


def _chances(
    values: Mapping[str, Fraction], errors: Mapping[str, float], rows: Mapping[str, int], policy: Policy
) -> tuple[Worths | None, dict[str, float]]:
    """What each owner's value counts under the policy's rule, and what that was read off."""
    if policy.rule is Rule.CHANCE:
        numbers = [float(value) for value in values.values()]
        worths = fit(numbers, [errors[key] for key in values], [rows[key] for key in values])
        chances = worths.chances(numbers).round(_CHANCE_DIGITS).tolist()
        return worths, dict(zip(values, chances, strict=True))
    if policy.rule is Rule.GATE:
        return None, {key: float(float(value) - SIGNIFICANT * errors[key] > 0) for key, value in values.items()}
    return None, dict.fromkeys(values, 1.0)


def _excluded(value: Fraction, chance: float, *, pot_significant: bool) -> Reason | None:
    if not pot_significant:
        return Reason.NOTHING_TO_SHARE
    if value <= 0:
        return Reason.NOT_POSITIVE
    return None if chance else Reason.NOT_SIGNIFICANT


def _paid_reason(share: Fraction, units: int, carried_minor: int, policy: Policy) -> Reason:
    if not units:
        return Reason.ROUNDED_TO_NOTHING
    if units + carried_minor < policy.minimum_minor:
        return Reason.BELOW_MINIMUM
    if share == policy.cap and policy.cap < 1:
        return Reason.CAPPED
    if share <= policy.floor:
        return Reason.FLOORED
    return Reason.PROPORTIONAL


def _split_over_accounts(
    accounts: Sequence[Account], values: Mapping[str, Fraction], owners: Sequence[Entitlement], salt: str
) -> tuple[Entitlement, ...]:
    """Split each owner's units over its accounts by clipped value; the owner's total is already settled."""
    amounts: dict[str, int] = {}
    shares: dict[str, Fraction] = {}
    by_key = {owner.key: owner for owner in owners}
    members: dict[str, dict[str, Fraction]] = {owner.key: {} for owner in owners}
    for account in accounts:
        members[account.owner_key][account.key] = max(Fraction(0), values[account.key])
    for owner_key, weights in members.items():
        owner = by_key[owner_key]
        amounts |= largest_remainder(owner.amount_minor, weights, salt=salt)
        whole = sum(weights.values(), Fraction(0))
        shares |= {key: owner.share * weight / whole if whole else Fraction(0) for key, weight in weights.items()}
    return tuple(
        Entitlement(
            key=account.key,
            owner_key=account.owner_key,
            value=values[account.key],
            share=shares[account.key],
            amount_minor=amounts[account.key],
            reason=_account_reason(values[account.key], amounts[account.key], by_key[account.owner_key]),
            chance=by_key[account.owner_key].chance,
        )
        for account in accounts
    )


def _account_reason(value: Fraction, units: int, owner: Entitlement) -> Reason:
    if owner.reason is Reason.NOTHING_TO_SHARE:
        return owner.reason
    if value <= 0:
        return Reason.NOT_POSITIVE
    return Reason.ROUNDED_TO_NOTHING if owner.share and not units else owner.reason


def _prove_sums(allocation: Allocation) -> None:
    """Fail before an amount leaves the core rather than after it reached a ledger."""
    for entitlements in (allocation.owners, allocation.accounts):
        paid = sum(entitlement.amount_minor for entitlement in entitlements)
        if paid + allocation.fee_minor + allocation.unallocated_minor != allocation.pot_minor:
            raise AllocationError("The amounts do not sum to the pot.")
