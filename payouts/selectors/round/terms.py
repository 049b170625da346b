"""A round's policy in words, for those who set it and for those it pays."""

from typing import Any

from marketplace.basics.figures import NARROW_SPACE
from marketplace.basics.money import format_amount
from payouts.core.policy import BASIS_POINTS, Rule
from payouts.models.policies import rule_of

RULES_IN_WORDS = {
    Rule.CLIP: "pays every value above 0",
    Rule.GATE: "pays every value that is above 0 beyond chance",
    Rule.CHANCE: "pays every value above 0, times the chance that its rows are not worth nothing",
}
_BASIS_POINTS_OF_A_PERCENT = 100


def policy_in_words(snapshot: dict[str, Any], currency: str) -> str:
    """A policy by its name, and what it does."""
    return f"{snapshot['name']}: {clauses_in_words(snapshot, currency)}."


def clauses_in_words(snapshot: dict[str, Any], currency: str) -> str:
    """What a policy does, rules that do nothing left out."""
    clauses = [RULES_IN_WORDS[rule_of(snapshot)]]
    if snapshot["cap_basis_points"] < BASIS_POINTS:
        clauses.append(f"at most {basis_points(snapshot['cap_basis_points'])} for one owner")
    if snapshot["floor_basis_points"]:
        clauses.append(f"at least {basis_points(snapshot['floor_basis_points'])} for each paid owner")
    if snapshot["minimum_minor"]:
        clauses.append(f"nothing below {format_amount(snapshot['minimum_minor'], currency)} is sent")
    if snapshot["fee_basis_points"]:
        clauses.append(f"{basis_points(snapshot['fee_basis_points'])} of the pot is the platform's fee")
    return "; ".join(clauses)


def basis_points(number: int) -> str:
    """Write hundredths of a percent as a percentage, exactly: ``1.5 %``."""
    return f"{number / _BASIS_POINTS_OF_A_PERCENT:g}{NARROW_SPACE}%"
