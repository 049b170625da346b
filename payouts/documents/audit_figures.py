"""The audit figures of a round: what its report, the API and the console show, written once at its review."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import Field

from marketplace.basics.documents import Document
from payouts.core.rules import RuleFigures
from valuation.documents import RunSeconds
from valuation.documents.outcome import stages_by_name
from valuation.documents.sellers import OfSellers

SCHEMA: Final = "audit_figures.v2"
# 1: stages of the valuation were sentences.
_FIRST_SCHEMA: Final = "audit_figures.v1"


class RuleErrors(Document):
    """Standard errors of a rule's values, in metric units.

    None where the rule has no honest error of computation, or does not say how much the validation rows matter.
    """

    computation: tuple[float, ...] | None
    validation: tuple[float, ...] | None


class SumProof(Document):
    """Lines, fee and what goes back to the buyer are the pot, in minor units."""

    lines_minor: int
    fee_minor: int
    unallocated_minor: int
    pot_minor: int


class AuditFigures(OfSellers):
    """Rules side by side, precision, cost and the proof of the sum; every list follows the order of `sellers`.

    Attributes:
        level: Of every interval.
        rules: The rule that pays first.
        standard_errors: By rule; rules that need no valuation have none.
        share_half_widths: Of the computation intervals of shares before any policy, by rule; None where none is known.
            Empty for older rounds.
        total_validation_error: Standard error over validation rows of `utility_full` less `utility_empty`; None where
            the metric has none, and for older rounds.
        withheld: Places of the sellers of whose values too few evaluations told: what stands beside them is too narrow.
        precision_target: Largest half-width of a share's interval that was asked for.
        share_half_width: Largest that was reached; None where no interval of a share is known.
    """

    schema_name: Literal["audit_figures.v1", "audit_figures.v2"] = Field(alias="schema")
    level: float
    rules: tuple[RuleFigures, ...]
    standard_errors: dict[str, RuleErrors]
    share_half_widths: dict[str, tuple[float, ...] | None] = Field(default_factory=dict)
    utility_full: float
    utility_empty: float
    total_validation_error: float | None = None
    withheld: tuple[int, ...] = ()
    precision_target: float
    share_half_width: float | None
    precision_met: bool
    evaluations: int
    row_evaluations: int = 0
    seconds: RunSeconds
    seed: int
    inputs_sha256: str
    nothing_paid: bool
    sum_proof: SumProof

    @classmethod
    def upgraded(cls, stored: Mapping[str, Any]) -> Mapping[str, Any]:
        """Stages by their names, as version 2 has them."""
        if stored.get("schema") != _FIRST_SCHEMA:
            return stored
        return {**stored, "seconds": stages_by_name(stored["seconds"])}

    @property
    def withheld_names(self) -> str:
        """The sellers of whose values nobody can say how sure they are, as a list in words."""
        return ", ".join(self.sellers[place].name for place in self.withheld)

    @property
    def paying(self) -> RuleFigures:
        """The rule that pays."""
        return self.rules[0]

    def rule(self, name: str) -> RuleFigures:
        """One rule's figures.

        Raises:
            KeyError: The round was not compared under it.
        """
        return {rule.rule: rule for rule in self.rules}[name]

    @property
    def gain(self) -> float:
        """What all rows together add to the score."""
        return self.utility_full - self.utility_empty

    def margin_of(self, organization_id: int) -> float:
        """What the score loses without one seller's rows, in metric units.

        Raises:
            KeyError: No row of the seller was valued.
        """
        return self.rule("leave_one_out").values[self._places[organization_id]]
